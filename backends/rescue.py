"""Keeping a guest alive when its migration must end, or has ended badly.

Pacemaker's answer to a migration that fails or times out is to stop the guest on both nodes and to
start it again. The order that prevents this, found on real clusters: take Pacemaker's hands off the
VM (maintenance), let the migration end, remove the constraint, have Pacemaker forget all it knows
of the VM and look anew, ask its scheduler what it would do next, and only when that is nothing,
give the VM back.

Each step looks at the picture first, so that the order can be taken up again wherever it stopped.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator
from enum import StrEnum

from backends import commands
from backends.base import Backend
from backends.errors import ActFailed, CommandFailed, Refused
from backends.journal import Act, Intent, Journal
from backends.model import VM, Migration, NodeState, Operation, Phase, VMState
from backends.plan import Command
from backends.proof import Standing, calls, newest, standing
from backends.transaction import (
    Report,
    Stage,
    clear_constraints,
    send,
    vm_in,
    wait_for,
    writer_of,
)

NOTICED_WITHIN_S = 15.0
ENDED_WITHIN_S = 3600.0
"""A guarded migration may take as long as it takes."""
PROBED_WITHIN_S = 60.0
COMPLETED_WITHIN_S = 180.0
RELEASED_WITHIN_S = 60.0


class Way(StrEnum):
    ABORT = "abort"
    """End the copy now."""
    GUARD = "guard"
    """Let the copy go on, but let nothing be restarted when its timeout strikes."""
    RECOVER = "recover"
    """The migration has failed already, and the VM is blocked."""


def objection(backend: Backend, vm: VM, way: Way) -> str | None:
    """Why it cannot be done, in words; `None` where it can."""
    picture = backend.picture
    migration = picture.migration(vm.id)
    if picture.stale_pacemaker() is not None:
        return "no node of the cluster answers"
    if way is Way.RECOVER:
        failed = vm.state in (VMState.BLOCKED, VMState.FAILED)
        return None if failed and source_of(vm) else f"{vm.id} is {vm.state.value}"
    if migration is None:
        return f"{vm.id} is not being migrated"
    if migration.phase in (Phase.REQUESTED, Phase.WAITING):
        return f"the migration of {vm.id} has not begun: remove its constraint instead"
    if migration.phase is not Phase.COPYING:
        return f"the guest has switched over already ({migration.phase.value}): let it finish"
    source = picture.node(migration.source)
    if way is Way.ABORT and source is not None and source.state is NodeState.STANDBY:
        return (
            f"{source.name} is in standby: Pacemaker would migrate {vm.id} again at once; "
            f"end the standby first"
        )
    return None


def steps(vm: VM, migration: Migration | None, way: Way) -> tuple[Command, ...]:
    """Exactly what will be sent, in order, for the operator to read."""
    source = migration.source if migration is not None else source_of(vm) or ""
    abort = (commands.abort_job(vm.domain or vm.id, source),) if way is Way.ABORT else ()
    return (
        commands.hands_off(vm.id),
        *abort,
        commands.clear(vm.id),
        commands.look_anew(vm.id),
        commands.hands_on(vm.id, vm.own_maintenance),
    )


async def rescue(
    backend: Backend, vm_id: str, way: Way, journal: Journal
) -> AsyncGenerator[Report]:
    """Abort, guard or recover one VM; it ends on its source (or its target), never restarted.

    Raises `Refused` before anything was sent; `ActFailed`, saying how the VM stands, after.
    """
    writer_of(backend)
    vm = vm_in(backend.picture, vm_id)
    if reason := objection(backend, vm, way):
        raise Refused(reason)
    migration = backend.picture.migration(vm_id)
    act = journal.begin(
        Intent(
            kind=way.value,
            cluster=backend.picture.name,
            vm=vm_id,
            source=migration.source if migration is not None else source_of(vm),
            target=migration.target if migration is not None else None,
            reboot=False,
            at=time.time(),
            calls=calls(vm),
            maintenance=vm.own_maintenance,
        )
    )
    try:
        async for report in finish_rescue(backend, act):
            yield report
    finally:
        act.leave()


async def finish_rescue(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Carry out what of the order is still to do. Raises `ActFailed`."""
    intent = act.intent
    vm_id, source = intent.vm, intent.source or ""
    vm = vm_in(backend.picture, vm_id)
    before = intent.maintenance
    if not vm.maintenance:
        command = commands.hands_off(vm_id)
        yield Report(vm_id, Stage.GUARDING, command.purpose)
        await send(backend, act, Stage.GUARDING, command)
        await wait_for(
            backend, vm_id, lambda vm: vm.maintenance, "maintenance", within_s=NOTICED_WITHIN_S
        )
    if intent.kind == Way.ABORT and _copying(vm_in(backend.picture, vm_id), source):
        command = commands.abort_job(vm.domain or vm_id, source)
        yield Report(vm_id, Stage.ABORTING, command.purpose)
        try:
            await send(backend, act, Stage.ABORTING, command)
        except CommandFailed as error:
            # The job may have ended of itself an instant before; how it ended is seen next.
            act.note(Stage.ABORTING, str(error))
            yield Report(vm_id, Stage.ABORTING, f"there was no job to stop: {error.what}")
    yield Report(vm_id, Stage.FOLLOWING, "waiting until the migration has ended")
    ended = await wait_for(
        backend,
        vm_id,
        lambda vm: not _copying(vm, source),
        "the end of the migration",
        within_s=ENDED_WITHIN_S,
    )
    last = newest(ended, source)
    if last is not None and last.task == "migrate_to" and last.succeeded:
        async for report in _complete(backend, act, before):
            yield report
    else:
        async for report in _settle(backend, act, source, before):
            yield report


async def _complete(backend: Backend, act: Act, before: str | None) -> AsyncGenerator[Report]:
    """The guest had switched over: give the VM back, and Pacemaker completes the migration."""
    vm, target = act.intent.vm, act.intent.target or ""
    command = commands.hands_on(vm, before)
    yield Report(vm, Stage.RELEASING, f"the copy had ended already; {command.purpose}")
    await send(backend, act, Stage.RELEASING, command)
    known = act.intent.calls

    def settled(vm: VM) -> bool:
        in_flight = backend.picture.migration(vm.id) is not None
        return standing(known, vm, target, in_flight=in_flight) is not Standing.UNDERWAY

    vm_now = await wait_for(
        backend, vm, settled, "the end of the migration", within_s=COMPLETED_WITHIN_S
    )
    async for report in clear_constraints(backend, act):
        yield report
    end = standing(known, vm_now, target, in_flight=False)
    act.close(end.value)
    if end is not Standing.MOVED:
        raise ActFailed(f"the migration ended as «{end.value}»: {vm} is on {vm_now.node}")
    yield Report(vm, Stage.DONE, f"too late to abort: {vm} moved live to {target}, not restarted")


async def _settle(
    backend: Backend, act: Act, source: str, before: str | None
) -> AsyncGenerator[Report]:
    """The copy ended without the guest: it runs on the source, and Pacemaker has to learn it."""
    vm = act.intent.vm
    async for report in clear_constraints(backend, act):
        yield report
    command = commands.look_anew(vm)
    yield Report(vm, Stage.PROBING, command.purpose)
    await send(backend, act, Stage.PROBING, command)
    await wait_for(
        backend,
        vm,
        lambda vm: _at_rest(vm, source),
        f"Pacemaker to find it on {source} alone",
        within_s=PROBED_WITHIN_S,
    )
    command = commands.hands_on(vm, before)
    await backend.refresh()
    planned = [a for a in await backend.foresee([command]) if a.resource == vm]
    if planned:
        act.note(Stage.RELEASING, "; ".join(map(str, planned)))
        act.close("left in maintenance")
        raise ActFailed(
            f"{vm} runs on {source} and stays in maintenance, because Pacemaker would at once "
            f"{' and '.join(map(str, planned))}",
            cure=f"take away the reason, then: {command}",
        )
    yield Report(vm, Stage.RELEASING, command.purpose)
    await send(backend, act, Stage.RELEASING, command)
    now = await wait_for(
        backend,
        vm,
        lambda vm: vm.own_maintenance == before and _at_rest(vm, source),
        f"it at rest on {source} without maintenance",
        within_s=RELEASED_WITHIN_S,
    )
    if _started(now):
        act.close("restarted")
        raise ActFailed(f"the guest was restarted: {vm} is {now.state.value} on {now.node}")
    act.close("on its source")
    yield Report(vm, Stage.DONE, f"{vm} is on {source}, as before; its guest was not restarted")


def source_of(vm: VM) -> str | None:
    """The node of the newest failed migrate_to: there the guest still runs."""
    for node in vm.nodes:
        last = newest(vm, node)
        if last is not None and last.task == "migrate_to" and not last.pending:
            return None if last.succeeded else node
    return None


def _copying(vm: VM, source: str) -> bool:
    last = newest(vm, source)
    return last is not None and last.task == "migrate_to" and last.pending


def _at_rest(vm: VM, source: str) -> bool:
    running = vm.state in (VMState.RUNNING, VMState.PAUSED)
    return running and vm.nodes == (source,) and not vm.failed and not _pending(vm.history)


def _pending(history: tuple[Operation, ...]) -> bool:
    return any(operation.pending for operation in history)


def _started(vm: VM) -> bool:
    """Whether the history, which was emptied, has a start in it again."""
    return any(operation.task == "start" for operation in vm.history)
