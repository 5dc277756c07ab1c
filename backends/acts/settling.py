"""Waiting until Pacemaker has done what it wants with some resources, and wants no more."""

from __future__ import annotations

import time
from collections.abc import Collection
from contextlib import aclosing

from backends.acts.transaction import ticking
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, VmferryError
from backends.data.picture import Cluster, VMState

SETTLED_WITHIN_S = 3600.0
"""What follows may be a live migration of a large guest."""
_UNDER_WAY = (VMState.STARTING, VMState.STOPPING, VMState.MIGRATING)


async def settled(backend: Backend, resources: Collection[str]) -> None:
    """Until the scheduler has done what it wanted with these. In the moment between a change and
    what follows from it nothing is under way: it is asked what it would still do by itself.

    Raises `ActFailed` where it is not done within an hour.
    """
    end = time.monotonic() + SETTLED_WITHIN_S
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            busy = _under_way(picture, resources)
            if not busy and picture.stale_pacemaker() is None:
                busy = await _planned(backend, resources)
                if not busy:
                    return
            if time.monotonic() > end:
                raise ActFailed(
                    f"Pacemaker is not done with {', '.join(busy)} after {SETTLED_WITHIN_S:.0f} s"
                )


def _under_way(picture: Cluster, resources: Collection[str]) -> list[str]:
    vms = [vm for vm in picture.vms if vm.id in resources]
    return [vm.id for vm in vms if vm.state in _UNDER_WAY or picture.migration(vm.id)]


async def _planned(backend: Backend, resources: Collection[str]) -> list[str]:
    """All of them, where nobody can be asked at the moment."""
    try:
        actions = await backend.foresee(())
    except VmferryError:
        return list(resources)
    return [a.resource for a in actions if a.resource in resources and not a.is_blocked]
