"""The order in which a guest lives through the end of its migration.

Each step looks at the picture first, so that the order can be taken up again wherever it stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from enum import StrEnum

from backends import commands
from backends.acts.group import clear_group, sent_by_its_group
from backends.acts.journal import Act, Note
from backends.acts.transaction import (
    Report,
    Stage,
    clear_constraints,
    send,
    vm_in,
    wait_for,
)
from backends.base import Backend
from backends.errors import ActFailed, ClusterStopped, CommandFailed, TimedOut, Unreachable
from backends.model import (
    LOST,
    VM,
    ConstraintKind,
    VMState,
)
from backends.plan import ActionKind, Command
from backends.proof import call, calls, newest, was_started

NOTICED_WITHIN_S = 15.0
ENDED_WITHIN_S = 3600.0
"""A guarded migration may take as long as it takes."""
PROBED_WITHIN_S = 60.0
LOOK_AGAIN_S = 1.0
RELEASED_WITHIN_S = 60.0
SILENT_FOR_S = 60.0
"""A node that dies is replaced as voice by then."""
GIVEN_BACK_WITHIN_S = 60.0
"""Whoever took Pacemaker's hands off it is done with it by then, or gone."""


class Way(StrEnum):
    ABORT = "abort"
    """End the copy now."""
    GUARD = "guard"
    """Let the copy go on, but let nothing be restarted when its timeout strikes."""
    RECOVER = "recover"
    """The migration has failed already, and the VM is blocked."""
    CUT = "cut"
    """End the copy of a VM that is guarded: the guard brings it to its end."""


async def finish_rescue(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Carry out what of the order is still to do, from the top where a node fell silent in it.

    Raises `ActFailed`, and `Unreachable` and its like where nobody takes over.
    """
    end = time.monotonic() + SILENT_FOR_S
    while True:
        try:
            async with aclosing(_carry_out(backend, act)) as reports:
                async for report in reports:
                    yield report
            return
        except (Unreachable, TimedOut, ClusterStopped) as error:
            if time.monotonic() > end:
                raise
            yield Report(act.intent.vm, Stage.FOLLOWING, f"taken up again, because {error}")
        await asyncio.sleep(LOOK_AGAIN_S)
        await backend.fresh()


async def _carry_out(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    intent = act.intent
    vm_id, source = intent.vm, intent.source or ""
    vm = vm_in(backend.picture, vm_id)
    somebody_elses = vm.maintenance and not _took_hands_off(act)
    if not vm.maintenance:
        command = commands.hands_off(vm_id)
        yield Report(vm_id, Stage.GUARDING, command.purpose)
        await send(backend, act, Stage.GUARDING, command)
        vm = await wait_for(
            backend, vm_id, lambda vm: vm.maintenance, "maintenance", within_s=NOTICED_WITHIN_S
        )
    if intent.kind == Way.ABORT and _copying(vm, source):
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
        lambda vm: not _pending(vm),
        "the end of the migration",
        within_s=ENDED_WITHIN_S,
    )
    if was_started(intent.calls, ended):
        act.note(Stage.FOLLOWING, RESTARTED)
    if somebody_elses:
        yield Report(vm_id, Stage.FOLLOWING, f"waiting until {vm_id} is given back")
        with suppress(ActFailed):  # then nobody is at it, and it is brought to its end here
            await wait_for(
                backend,
                vm_id,
                lambda vm: not vm.maintenance,
                "it to be given back",
                within_s=GIVEN_BACK_WITHIN_S,
            )
    try:
        await _kept_off(backend, vm_id)
        if not _wanted_elsewhere(vm_in(backend.picture, vm_id), intent.target):
            async for report in clear_constraints(backend, act):
                yield report
        async for report in _find(backend, act):
            yield report
        async for report in _release(backend, act):
            yield report
    except _GivenBack:
        yield await _given_back(backend, act)


RESTARTED = "it had been restarted before it was guarded"


class _GivenBack(Exception):
    """Somebody else has given the VM back: whatever is wiped now could have it restarted."""


async def _kept_off(backend: Backend, vm: str) -> None:
    """Raises `_GivenBack` where Pacemaker's hands are no longer off it."""
    await backend.refresh()
    if not vm_in(backend.picture, vm).maintenance:
        raise _GivenBack


async def _given_back(backend: Backend, act: Act) -> Report:
    """How it stands then. Raises `ActFailed` where its guest was restarted."""
    vm = act.intent.vm
    now = await wait_for(backend, vm, rests, "it at rest", within_s=RELEASED_WITHIN_S)
    act.close("given back by somebody else")
    text = f"somebody else gave {vm} back to Pacemaker: it is {now.state.value} on {now.node}"
    if was_started(act.intent.calls, now):
        raise ActFailed(f"{text}, and was restarted")
    return Report(vm, Stage.DONE, f"{text}, and was not restarted")


def _took_hands_off(act: Act) -> bool:
    return any(isinstance(e, Note) and e.stage == Stage.GUARDING for e in act.entries)


async def _find(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Have Pacemaker find out where the guest runs. What it believes may be wrong.

    After a failed migrate_to it holds the VM for active on both nodes; after one that succeeded
    while its hands were off, for stopped, where the VM was on the target before (2.1.5). And
    libvirt's job may outlive the operation that timed out: until it has ended, the domain is there
    on both nodes, and only then is it known where the guest stays.
    """
    intent = act.intent
    vm = intent.vm
    look = commands.look_anew(vm)
    end = time.monotonic() + ENDED_WITHIN_S
    places: tuple[str, ...] | None = None
    while time.monotonic() < end:
        await _kept_off(backend, vm)
        yield Report(vm, Stage.PROBING, look.purpose)
        found = await _look_anew(backend, act, look)
        before, places = places, found.nodes
        # Whoever starts what runs somewhere after all corrupts its disks: nowhere counts twice.
        if len(places) == 1 or (not places and before == ()):
            return
        if len(places) > 1 and intent.kind in (Way.ABORT, Way.RECOVER):
            command = commands.abort_job(found.domain or vm, intent.source or "")
            yield Report(vm, Stage.ABORTING, command.purpose)
            with suppress(CommandFailed):
                await send(backend, act, Stage.ABORTING, command)
        await asyncio.sleep(LOOK_AGAIN_S)
    raise ActFailed(
        f"{vm} is in maintenance and still active on {' and '.join(places or ()) or 'no node'}",
        cure="see with virsh where it runs",
    )


async def _look_anew(backend: Backend, act: Act, look: Command) -> VM:
    """The VM once every node that knew of it was asked.

    Which those are the intent says, too: whoever takes up a rescue may find an empty history.
    """
    known = vm_in(backend.picture, act.intent.vm)
    old = set(calls(known))
    nodes = {node for node, *_ in (*old, *act.intent.calls)}
    await send(backend, act, Stage.PROBING, look)

    def probed(vm: VM) -> bool:
        alive = {node.name for node in backend.picture.nodes if node.state not in LOST}
        fresh = {op.node for op in vm.history if call(op) not in old}
        forgotten = not any(call(op) in old for op in vm.history if op.node in alive)
        return forgotten and bool(fresh) and nodes & alive <= fresh and not _pending(vm)

    what = "Pacemaker to find out where it runs"
    return await wait_for(backend, known.id, probed, what, within_s=PROBED_WITHIN_S)


async def _release(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Give the VM back, unless Pacemaker would at once do something that ends the guest."""
    intent = act.intent
    vm, before = intent.vm, intent.maintenance
    await _kept_off(backend, vm)
    found = vm_in(backend.picture, vm)
    place = found.node
    command = commands.hands_on(vm, before)
    planned = [a for a in await backend.foresee([command]) if a.resource == vm]
    if planned and await sent_by_its_group(backend, found, command):
        async for report in clear_group(backend, act, found.group or ""):
            yield report
        planned = []
    live = all(action.kind is ActionKind.MIGRATE for action in planned)
    # What a move or a standby was guarded against has passed: from here it goes on, live.
    goes_on = intent.kind not in tuple(Way) or intent.way is not None
    wished = live and (goes_on or _wanted_elsewhere(found, intent.target))
    # Nobody runs it: then a start is just what is wanted.
    if planned and place is not None and not wished:
        act.note(Stage.RELEASING, "; ".join(map(str, planned)))
        act.close("left in maintenance")
        raise ActFailed(
            f"{vm} runs on {place} and stays in maintenance, because Pacemaker would at once "
            f"{' and '.join(map(str, planned))}",
            cure=f"take away the reason, then: {command}",
        )
    yield Report(vm, Stage.RELEASING, command.purpose)
    known = calls(vm_in(backend.picture, vm))
    await send(backend, act, Stage.RELEASING, command)
    now = await wait_for(
        backend,
        vm,
        lambda vm: vm.own_maintenance == before and rests(vm),
        "it at rest without maintenance",
        within_s=ENDED_WITHIN_S if planned else RELEASED_WITHIN_S,
    )
    restarted = any(isinstance(e, Note) and e.text == RESTARTED for e in act.entries)
    if restarted or was_started(known, now) or now.node is None:
        act.close("restarted")
        where = f"{now.state.value} on {now.node}" if now.node else "given back to Pacemaker"
        raise ActFailed(f"the guest did not live through it: {vm} is {where}")
    act.close(f"on {now.node}")
    if intent.kind == Way.ABORT and now.node != intent.source:
        text = f"too late to abort: {vm} moved live to {now.node}, not restarted"
    else:
        text = f"{vm} is on {now.node}; its guest was not restarted"
    yield Report(vm, Stage.DONE, text)


def _wanted_elsewhere(vm: VM, target: str | None) -> bool:
    """Whether somebody has told it since to move somewhere else: that is theirs to clear."""
    prefers = [c.node for c in vm.constraints if c.kind is ConstraintKind.PREFER]
    return target is not None and any(node != target for node in prefers)


def _copying(vm: VM, source: str) -> bool:
    last = newest(vm, source)
    return last is not None and last.task == "migrate_to" and last.pending


def rests(vm: VM) -> bool:
    """On one node, or proven to be on none."""
    if vm.failed or _pending(vm):
        return False
    if vm.state is VMState.STOPPED:
        return not vm.nodes
    return vm.state in (VMState.RUNNING, VMState.PAUSED) and len(vm.nodes) == 1


def _pending(vm: VM) -> bool:
    return any(operation.pending for operation in vm.history)
