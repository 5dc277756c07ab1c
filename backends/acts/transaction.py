"""What all acts on a cluster share: reports, the journaled sending, and pictures to wait on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from enum import StrEnum

from backends.acts.journal import Act
from backends.clusters.base import Backend, Writer
from backends.data.errors import ActFailed, Refused, Unknown
from backends.data.picture import VM, Cluster, Migration
from backends.data.plan import Command
from backends.judgement.policy import clearing, going

CLEARED_WITHIN_S = 15.0
WAITING = "waiting until nothing else is being migrated"


class Stage(StrEnum):
    PREPARING = "preparing"
    MOVING = "moving"
    CURING = "curing"
    FOLLOWING = "following"
    PROVING = "proving"
    CLEARING = "clearing"
    GUARDING = "guarding"
    ABORTING = "aborting"
    PROBING = "probing"
    RELEASING = "releasing"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Report:
    """What an act is doing; `migration` is there while the guest's memory is copied."""

    vm: str
    stage: Stage
    text: str
    migration: Migration | None = None


async def send(backend: Backend, act: Act, stage: Stage, command: Command) -> None:
    """Note the command on disk, then send it. Raises what `Writer.send` raises."""
    await send_for(backend, [act], stage, command)


async def send_for(backend: Backend, acts: Sequence[Act], stage: Stage, command: Command) -> None:
    """The same for one command that several acts share."""
    writer = writer_of(backend)
    for act in acts:
        act.note(stage, command.purpose, command=str(command), node=command.node)
    await writer.send(command)


async def ticking(backend: Backend, every_s: float = 1.0) -> AsyncGenerator[Cluster]:
    """Each picture as it comes, and the newest again when nothing changed for a while."""
    pictures = backend.pictures()
    coming = asyncio.ensure_future(anext(pictures))
    try:
        while True:
            done, _ = await asyncio.wait({coming}, timeout=every_s)
            if not done:
                yield backend.picture
                continue
            try:
                picture = coming.result()
            except StopAsyncIteration:
                raise ActFailed(
                    "the connection to the cluster was closed meanwhile",
                    cure="Pacemaker goes on by itself; vmferry finishes at its next start",
                ) from None
            coming = asyncio.ensure_future(anext(pictures))
            yield picture
    finally:
        coming.cancel()


async def wait_for(
    backend: Backend,
    vm: str,
    condition: Callable[[VM], bool],
    what: str,
    *,
    within_s: float,
    queued: bool = False,
) -> VM:
    """The VM as soon as the condition holds in a picture that is not old.

    Time in which no node answers does not count; nor, for what is `queued`, time in which something
    is done with any VM: Pacemaker begins nothing new before that has ended, and a guest may take
    minutes to stop. Raises `ActFailed` naming `what` was waited for.
    """
    left_s = within_s
    last = time.monotonic()
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            now = time.monotonic()
            if picture.stale_pacemaker() is None:
                known = vm_in(picture, vm)
                if condition(known):
                    return known
                if not (queued and _is_busy(picture)):
                    left_s -= now - last
            if left_s <= 0:
                break
            last = now
    known = vm_in(backend.picture, vm)
    raise ActFailed(
        f"waited {within_s:.0f} s in vain for {what}: {vm} is {known.state.value} "
        f"on {' and '.join(known.nodes) or 'no node'}"
    )


def _is_busy(picture: Cluster) -> bool:
    return any(operation.pending for vm in picture.vms for operation in vm.history)


def is_quiet(picture: Cluster) -> bool:
    """Whether nothing is being migrated, as far as anybody says so now."""
    return picture.stale_pacemaker() is None and not picture.migrations


async def quiet(backend: Backend) -> None:
    """Wait until nothing is being migrated: a change of the configuration would endanger it."""
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            if is_quiet(picture):
                return


async def at_rest(
    backend: Backend, vm: str, stage: Stage = Stage.PREPARING
) -> AsyncGenerator[Report]:
    """The same, and say so where it takes a while."""
    if backend.picture.migrations:
        yield Report(vm, stage, WAITING)
        await quiet(backend)


async def clear_constraints(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Remove what moves have left on the act's VM, where there is any. Raises `ActFailed`."""
    vm, target = act.intent.vm, act.intent.target
    known = vm_in(backend.picture, vm)
    if not going(known, target):
        return
    command = clearing(known, target)
    yield Report(vm, Stage.CLEARING, command.purpose)
    await send(backend, act, Stage.CLEARING, command)
    await wait_for(
        backend,
        vm,
        lambda vm: not going(vm, target),
        "its constraints to go",
        within_s=CLEARED_WITHIN_S,
    )


def writer_of(backend: Backend) -> Writer:
    """The writing half. Raises `Refused` where there is none."""
    if backend.writer is None:
        raise Refused("vmferry was started read-only", cure="start it without --read-only")
    return backend.writer


def vm_in(picture: Cluster, vm_id: str) -> VM:
    """Raises `Unknown`."""
    vm = picture.vm(vm_id)
    if vm is None:
        raise Unknown(f"no VM {vm_id!r} in this cluster")
    return vm
