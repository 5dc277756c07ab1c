"""Copies in flight that Pacemaker would no longer let arrive."""

from __future__ import annotations

from collections.abc import Collection

from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.picture import CibVersion, Cluster, Phase
from backends.data.plan import ActionKind


class Arrivals:
    """Asks the scheduler anew whenever anything in the cluster has changed.

    A ban, a standby or a shutdown of the target, an attribute of its health, a resource that failed
    there: once the copy is done, Pacemaker stops the guest on both nodes and starts it elsewhere.
    """

    def __init__(self, backend: Backend) -> None:
        self._backend = backend
        self._asked: CibVersion | None = None

    async def in_vain(self, vms: Collection[str]) -> frozenset[str]:
        """Those of these VMs that are being copied in vain. Where nobody answers, none for now."""
        picture = self._backend.picture
        copied = _copied(picture, vms)
        if not copied or picture.version == self._asked:
            return frozenset()
        try:
            foreseen = await self._backend.foresee(())
        except VmferryError:
            return frozenset()  # the next picture asks again
        self._asked = picture.version
        arrive = {(a.resource, a.target) for a in foreseen if a.kind is ActionKind.MIGRATE}
        still = copied & _copied(self._backend.picture, vms)
        return frozenset(vm for vm, _ in still - arrive)


def _copied(picture: Cluster, vms: Collection[str]) -> set[tuple[str, str | None]]:
    """With their targets. In maintenance somebody cares for it already."""
    return {
        (migration.vm, migration.target)
        for migration in picture.migrations
        if migration.vm in vms
        and migration.phase is Phase.COPYING
        and (vm := picture.vm(migration.vm)) is not None
        and not vm.maintenance
    }
