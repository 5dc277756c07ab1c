"""The order in which a guest lives through the end of its migration.

Each step looks at the picture first, so that the order can be taken up again wherever it stopped.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from enum import StrEnum

from backends.acts.finding import ENDED_WITHIN_S, GivenBack, find, is_pending, kept_off
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
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import ActFailed, ClusterStopped, CommandFailed, TimedOut, Unreachable
from backends.data.picture import (
    VM,
    Cluster,
    ConstraintKind,
    VMState,
)
from backends.data.plan import ActionKind
from backends.judgement.proof import calls, newest, was_started

NOTICED_WITHIN_S = 15.0
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
    end = 0.0
    while True:
        began = time.monotonic()
        try:
            async with aclosing(_carry_out(backend, act)) as reports:
                async for report in reports:
                    yield report
            return
        except (Unreachable, TimedOut, ClusterStopped) as error:
            now = time.monotonic()
            if not end or now - began > SILENT_FOR_S:
                end = now + SILENT_FOR_S  # it had come a long way: silence begins here
            elif now > end:
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
    ends = intent.kind == Way.ABORT or _target_leaves(backend.picture, vm_id)
    if ends and _copying(vm, source):
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
        lambda vm: not is_pending(vm),
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
        await kept_off(backend, vm_id)
        if not _wanted_elsewhere(vm_in(backend.picture, vm_id), intent.target):
            async for report in clear_constraints(backend, act):
                yield report
        async for report in find(backend, act, ends=intent.kind in (Way.ABORT, Way.RECOVER)):
            yield report
        async for report in _release(backend, act):
            yield report
    except GivenBack:
        yield await _given_back(backend, act)


RESTARTED = "it had been restarted before it was guarded"


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


async def _release(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Give the VM back, unless Pacemaker would at once do something that ends the guest."""
    intent = act.intent
    vm, before = intent.vm, intent.maintenance
    await kept_off(backend, vm)
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
    if vm.failed or is_pending(vm):
        return False
    if vm.state is VMState.STOPPED:
        return not vm.nodes
    return vm.state in (VMState.RUNNING, VMState.PAUSED) and len(vm.nodes) == 1


def _target_leaves(picture: Cluster, vm: str) -> bool:
    """Whether it is copied to a node that leaves the cluster: there nobody would find it."""
    migration = picture.migration(vm)
    target = picture.node(migration.target or "") if migration is not None else None
    return target is not None and target.shutting_down
