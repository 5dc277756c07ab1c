"""A move as a transaction: prepare, journal, move, follow, prove, clear.

It is the same over every backend: the picture says where it stands, the writer carries the plan's
commands. Nothing touches constraints while a migration is in flight.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from backends.acts.arrivals import Arrivals
from backends.acts.copies import Copies
from backends.acts.departure import begin, depart
from backends.acts.foreseen import ready
from backends.acts.journal import Act, Intent, Journal, Note
from backends.acts.planning import foresee_beside
from backends.acts.safe_order import finish_rescue
from backends.acts.transaction import (
    Report,
    Stage,
    clear_constraints,
    ticking,
    vm_in,
    writer_of,
)
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import ActFailed, Refused
from backends.data.picture import VM, Cluster, Migration, Phase
from backends.data.plan import Action, Plan
from backends.judgement.leaving import interrupted
from backends.judgement.policy import clearing, going
from backends.judgement.proof import Standing, called_off, calls, is_wanted, source_of, standing

IDLE_S = 60.0
"""A cluster that does nothing at all about a move for so long will not do it."""
SETTLED_S = 5.0
"""A VM that rests for so long where no proof says how it came there is left there: somebody cleaned
its history, or called the move off."""


async def migrate(backend: Backend, plan: Plan, journal: Journal) -> AsyncGenerator[Report]:
    """Carry out the confirmed plan of one VM to its proven end; several are for a `MoveQueue`.

    Raises `Refused` before the move was sent; `ActFailed`, saying how the VM stands, after.
    """
    if len(plan.vms) != 1:
        raise ValueError(f"{len(plan.vms)} VMs in one move")
    [act] = begin(backend, [plan], journal)
    try:
        async with aclosing(depart(backend, [act], [plan])) as reports:
            async for report in reports:
                yield report
        async with aclosing(finish_move(backend, act)) as reports:
            async for report in reports:
                yield report
    finally:
        act.leave()


async def finish_move(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Follow a move that was sent, prove its end, clear its constraint, close its act.

    Raises `ActFailed` with the state of the VM.
    """
    vm, target = act.intent.vm, act.intent.target or ""
    end = Standing.UNDERWAY
    if any(isinstance(entry, Note) and entry.stage == Stage.GUARDING for entry in act.entries):
        end = Standing.DISTURBED
    else:
        async for report, standing_now in _follow(backend, act):
            end = standing_now
            yield report
    if end in (Standing.DISTURBED, Standing.FORGOTTEN, Standing.ENDANGERED):
        # Once the copy is done Pacemaker would plan anew, stop the guest on both nodes and start
        # it where it is to be now. Found at rest, it goes there live.
        async for report in finish_rescue(backend, act):
            yield report
        if vm_in(backend.picture, vm).node != target:
            raise _failure(backend.picture, act, end)
        return
    act.note(Stage.PROVING, end.value)
    expected = Standing.REBOOTED if act.intent.reboot else Standing.MOVED
    place = vm_in(backend.picture, vm).node
    yield Report(vm, Stage.PROVING, f"{vm} is on {place}: {end.value}")
    if end is Standing.BLOCKED:
        # Open until it is recovered: its constraint goes with that, not before.
        raise _failure(backend.picture, act, end)
    if not act.intent.keep:
        try:
            async with aclosing(_clear(backend, act, act.intent.confirmed)) as reports:
                async for report in reports:
                    yield report
        except Refused as error:
            act.close(f"{end.value}; its constraint stays")
            raise ActFailed(
                f"the move ended as «{end.value}» with {vm} on {place}, and its constraint stays: "
                f"{error.what}",
                cure=f"vmferry clear {vm} shows what its removal would do",
            ) from error
    act.close(end.value)
    if end is not expected or place != target:
        raise _failure(backend.picture, act, end)
    how = "restarted, as confirmed" if act.intent.reboot else "live, nothing was restarted"
    yield Report(vm, Stage.DONE, f"{vm} is on {target} ({how})")


async def clear(
    backend: Backend, vm: str, journal: Journal, *, shown: Sequence[Action] | None = None
) -> AsyncGenerator[Report]:
    """Remove the leftover constraints of a VM that is not being migrated.

    `shown`: what was foreseen when the operator confirmed, with the guests that it stops.
    Raises `Refused` where there are none, the VM is in flight, or more would happen now, and
    `ActFailed` where they stay.
    """
    writer_of(backend)
    picture = backend.picture
    known = vm_in(picture, vm)
    if picture.migration(vm) is not None:
        raise Refused(
            f"{vm} is being migrated", cure="constraints can be removed when it has ended"
        )
    if picture.migrations:
        others = ", ".join(migration.vm for migration in picture.migrations)
        raise Refused(
            f"{others} is being migrated, and a change meanwhile could restart its guest",
            cure="wait until that has ended",
        )
    if not known.constraints:
        raise Refused(f"{vm} has no leftover constraints")
    if shown is not None:
        await _still_foreseen(backend, vm, shown)
    act = journal.begin(
        Intent("clear", picture.name, vm, known.node, None, False, time.time(), calls(known))
    )
    try:
        async with aclosing(finish_clear(backend, act, interrupted(picture, shown or ()))) as told:
            async for report in told:
                yield report
    finally:
        act.leave()


async def finish_clear(
    backend: Backend, act: Act, confirmed: Collection[str] = ()
) -> AsyncGenerator[Report]:
    """Remove them where they are still there.

    A restart that was confirmed is not begun by a later run: who confirmed it may be gone.
    Raises `ActFailed`.
    """
    vm = act.intent.vm
    try:
        async with aclosing(_clear(backend, act, confirmed)) as reports:
            async for report in reports:
                yield report
    except Refused as error:
        act.close("not cleared")
        raise ActFailed(
            f"the constraints of {vm} stay: {error.what}",
            cure=f"vmferry clear {vm} shows what their removal would do",
        ) from error
    act.close("cleared")
    yield Report(vm, Stage.DONE, f"{vm} has no leftover constraints")


async def _clear(backend: Backend, act: Act, confirmed: Collection[str]) -> AsyncGenerator[Report]:
    """Remove the constraints of the act's VM, where it has any; raises what `ready` raises."""
    vm, target = vm_in(backend.picture, act.intent.vm), act.intent.target
    if not going(vm, target):
        return
    command = clearing(vm, target)
    async with aclosing(ready(backend, act, command, confirmed, Stage.CLEARING)) as reports:
        async for report in reports:
            yield report
    async for report in clear_constraints(backend, act):
        yield report


async def _still_foreseen(backend: Backend, vm: str, shown: Sequence[Action]) -> None:
    """Raises `Refused` where more would happen than was shown."""
    known = {action.what for action in shown}
    foreseen = await foresee_beside(backend, [commands.clear(vm)])
    if new := [action for action in foreseen if action.what not in known]:
        raise Refused(
            f"the cluster has changed since: Pacemaker would now {' and '.join(map(str, new))}",
            cure="look at it anew",
        )


async def _follow(backend: Backend, act: Act) -> AsyncGenerator[tuple[Report, Standing]]:
    """Until the VM has settled one way or the other; the last standing is how."""
    vm_id, target = act.intent.vm, act.intent.target or ""
    said: Report | None = None
    seen: object = None
    copies, arrivals = Copies(), Arrivals(backend)
    quiet_since = time.monotonic()
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            vm, migration = picture.vm(vm_id), picture.migration(vm_id)
            if vm is None:
                raise ActFailed(f"{vm_id} is no longer in the configuration")
            held = migration is not None or vm.maintenance
            now = standing(act.intent.calls, vm, target, in_flight=held)
            silent = picture.stale_pacemaker()
            # Pacemaker begins nothing new before what is under way has ended.
            busy = silent or picture.migrations
            if seen != (seen := (vm.state, vm.nodes, vm.history)) or busy:
                quiet_since = time.monotonic()
            quiet_s = time.monotonic() - quiet_since
            text = f"no node answers: {silent.reason}" if silent else _words(vm, migration, target)
            report = Report(vm_id, Stage.FOLLOWING, text, migration)
            if report != said:
                said = report
                yield report, now
            if silent or (now is Standing.UNPROVEN and quiet_s < SETTLED_S):
                continue
            if _copying(migration, target) and not is_wanted(vm, target) and not vm.maintenance:
                now = Standing.DISTURBED
            if copies.is_lost(picture, vm) and now is Standing.UNDERWAY:
                now = Standing.FORGOTTEN
            copying = _copying(migration, target) and not act.intent.reboot
            if now is Standing.UNDERWAY and copying and await arrivals.in_vain([vm_id]):
                now = Standing.ENDANGERED
            if now is Standing.UNDERWAY and quiet_s > SETTLED_S and called_off(vm, target):
                now = Standing.CALLED_OFF
            if now is not Standing.UNDERWAY:
                yield report, now
                return
            if quiet_s > IDLE_S:
                raise ActFailed(
                    f"Pacemaker did nothing for {IDLE_S:.0f} s: {vm_id} is {vm.state.value} "
                    f"on {vm.node or 'no node'}",
                    cure=_why_idle(vm, target),
                )


def _why_idle(vm: VM, target: str) -> str | None:
    if vm.maintenance:
        return "it is in maintenance: Pacemaker goes on when that is taken back"
    if is_wanted(vm, target):
        return f"the constraint cli-prefer-{vm.id} is still set: vmferry clear {vm.id}"
    return None


def _copying(migration: Migration | None, target: str) -> bool:
    return migration is not None and migration.phase is Phase.COPYING and migration.target == target


def _words(vm: VM, migration: Migration | None, target: str) -> str:
    if migration is None:
        return f"{vm.id} is {vm.state.value} on {vm.node or 'no node'}"
    percent = f" {migration.percent:.0f} %" if migration.percent is not None else ""
    return f"{vm.id} {migration.source} → {migration.target or target}: {migration.phase}{percent}"


def _failure(picture: Cluster, act: Act, end: Standing) -> ActFailed:
    intent = act.intent
    vm = picture.vm(intent.vm)
    place = vm.node if vm is not None else None
    state = vm.state.value if vm is not None else "unknown"
    match end:
        case Standing.REBOOTED:
            what = f"the guest was restarted: {intent.vm} is {state} on {place}"
            cure = "its constraint was removed; look at the failed actions for the reason"
        case Standing.MOVED:
            what = f"{intent.vm} moved live to {place}, though a restart was expected"
            cure = "nothing is left to do"
        case Standing.UNPROVEN:
            what = (
                f"{intent.vm} is {state} on {place}, but its history was cleaned meanwhile: "
                "whether it was restarted is not known"
            )
            cure = "ask the guest for its uptime"
        case Standing.BLOCKED:
            source = (source_of(vm) if vm is not None else None) or intent.source
            what = f"the move ended as «{end.value}»: {intent.vm} is {state} on {place}"
            cure = (
                f"its guest goes on running on {source}: recover it, and nothing is restarted; "
                f"until then cli-prefer-{intent.vm} stays"
            )
        case Standing.DISTURBED:
            what = f"{end.value}: {intent.vm} is {state} on {place}, and was not restarted"
            cure = "see who else moves it"
        case Standing.FORGOTTEN | Standing.ENDANGERED:
            what = f"{end.value}: {intent.vm} is {state} on {place}, and was not restarted"
            cure = "nothing is left to do; move it again"
        case Standing.CALLED_OFF:
            what = f"the move was called off: {intent.vm} is {state} on {place}"
            cure = "nothing is left to do"
        case _:
            what = f"the move ended as «{end.value}»: {intent.vm} is {state} on {place}"
            cure = "its constraint was removed; look at the failed actions for the reason"
    return ActFailed(what, cure=cure)
