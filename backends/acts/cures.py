"""The doctor's cures, carried out: foresee, journal, send, wait until it shows, prove.

Every one is a change of the configuration alone. Before each of its commands the scheduler is
asked what it would do; where a guest would be stopped that the operator did not confirm, nothing is
sent. A change of a parameter restarts a VM that runs (Pacemaker compares a digest of what it was
started with), so by default it waits for the VM's next stop (`backends.acts.next_stop`).
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from contextlib import aclosing, suppress

from backends.acts.foreseen import ready
from backends.acts.journal import Act, Intent, Journal
from backends.acts.planning import foresee_beside
from backends.acts.settling import settled
from backends.acts.transaction import Report, Stage, send, ticking, vm_in, writer_of
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, CommandFailed, NotPermitted, Refused, VmferryError
from backends.data.plan import Action, Command
from backends.judgement.proof import Call, calls, was_started
from backends.judgement.remedies import Remedy, When, guests_stopped, in_short, stands
from backends.pacemaker.edit import changing

KIND = "cure"
SHOWN_WITHIN_S = 15.0


async def rests(backend: Backend, vm_id: str) -> bool:
    """Whether it stands, and the scheduler would leave it so: not between a stop and a start."""
    vm = backend.picture.vm(vm_id)
    if vm is None or not stands(backend.picture, vm):
        return False
    return all(action.resource != vm_id for action in await backend.foresee(()))


async def cure(
    backend: Backend,
    remedy: Remedy,
    journal: Journal,
    when: When = When.NOW,
    *,
    allow_reboot: bool = False,
    shown: Sequence[Action] | None = None,
) -> AsyncGenerator[Report]:
    """Carry it out now, or have it wait for the next stop of a VM that is not stopped.

    `shown`: what was foreseen when the operator confirmed. Raises `Unknown`; `Refused` before
    anything was sent; `ActFailed`, saying how the VM stands, after.
    """
    writer_of(backend)
    vm = vm_in(await backend.fresh(), remedy.vm)
    if not await _to_do(backend, remedy.commands):
        yield Report(vm.id, Stage.DONE, f"{in_short(remedy.commands)}: it is so already")
        return
    if when is When.AT_NEXT_STOP and not await rests(backend, vm.id):
        _have_it_wait(backend, remedy, journal)
        yield Report(vm.id, Stage.DONE, f"{in_short(remedy.commands)}: {when}")
        return
    confirmed = await _confirmed(backend, remedy, allow_reboot=allow_reboot, shown=shown)
    act = journal.begin(_intent(backend, remedy, When.NOW, reboot=bool(confirmed)))
    try:
        async with aclosing(finish_cure(backend, act, confirmed)) as reports:
            async for report in reports:
                yield report
    finally:
        act.leave()


async def finish_cure(
    backend: Backend, act: Act, confirmed: Collection[str] = ()
) -> AsyncGenerator[Report]:
    """Send what of it is still to do, and prove it. What waits, and does not rest yet, stays open.

    A restart that was confirmed is not begun by a later run: who confirmed it may be gone.
    Raises `ActFailed`, and what `Writer.send` raises.
    """
    intent = act.intent
    vm_id, told = intent.vm, in_short(intent.commands)
    before = {vm.id: calls(vm) for vm in backend.picture.vms}
    waited = intent.way == When.AT_NEXT_STOP
    if waited:
        del before[vm_id]  # it is stopped and started as often as its operator likes
    else:
        before[vm_id] = intent.calls
    to_do = await _to_do(backend, intent.commands)
    if waited and to_do and not await rests(backend, vm_id):
        yield Report(vm_id, Stage.DONE, f"{told}: {When.AT_NEXT_STOP}")
        return
    for command in to_do:
        try:
            async with aclosing(ready(backend, act, command, confirmed)) as reports:
                async for report in reports:
                    yield report
        except Refused as error:
            act.close("not carried out to its end")
            raise ActFailed(
                f"{told}: stopped before «{command}»: {error.what}; {_standing(backend, vm_id)}",
                cure="look at the doctor's findings again",
            ) from error
        actions = await foresee_beside(backend, [command])
        yield Report(vm_id, Stage.CURING, command.purpose)
        try:
            await send(backend, act, Stage.CURING, command)
        except (CommandFailed, NotPermitted):
            act.close("refused by the cluster")
            raise
        await _shown(backend, vm_id, command)
        if actions:
            yield Report(vm_id, Stage.FOLLOWING, " and ".join(map(str, actions)))
            await settled(backend, {action.resource for action in actions})
    if intent.reboot:
        await settled(backend, {vm_id})
    restarted = _prove(backend, act, before, {*confirmed, *([vm_id] if intent.reboot else ())})
    if waited:
        how = "while it was stopped"
    elif vm_id in restarted:
        how = "restarted, as confirmed"
    else:
        how = "not restarted yet" if intent.reboot else "nothing was restarted"
    yield Report(vm_id, Stage.DONE, f"{told} ({how})")


def _intent(backend: Backend, remedy: Remedy, when: When, *, reboot: bool) -> Intent:
    vm = vm_in(backend.picture, remedy.vm)
    return Intent(
        kind=KIND,
        cluster=backend.picture.name,
        vm=vm.id,
        source=vm.node,
        target=None,
        reboot=reboot,
        at=time.time(),
        calls=calls(vm),
        way=when.value,
        commands=remedy.commands,
    )


def _have_it_wait(backend: Backend, remedy: Remedy, journal: Journal) -> None:
    """Once, however often it is asked for."""
    intent = _intent(backend, remedy, When.AT_NEXT_STOP, reboot=False)
    if _what(intent) not in (_what(known) for _, known in journal.open()):
        journal.begin(intent).leave()


def _what(intent: Intent) -> tuple[object, ...]:
    return (intent.kind, intent.cluster, intent.way, intent.commands)


async def _confirmed(
    backend: Backend, remedy: Remedy, *, allow_reboot: bool, shown: Sequence[Action] | None
) -> tuple[str, ...]:
    """The guests that the operator accepts to be stopped. Raises `Refused`."""
    picture = backend.picture
    if silent := picture.stale_pacemaker():
        raise Refused(f"no node of the cluster answers: {silent.reason}")
    if picture.migrations:
        flying = ", ".join(migration.vm for migration in picture.migrations)
        raise Refused(
            f"{flying} is being migrated, and a change meanwhile could restart its guest",
            cure="wait until that has ended",
        )
    actions = await foresee_beside(backend, remedy.commands)
    if shown is not None and {each.what for each in shown} != {each.what for each in actions}:
        now = " and ".join(map(str, actions)) or "nothing"
        raise Refused(
            f"the cluster has changed since: Pacemaker would now {now}", cure="look at it anew"
        )
    stopped = guests_stopped(picture, remedy, actions)
    if remedy.restarts and not stopped and not await rests(backend, remedy.vm):
        stopped = (remedy.vm,)  # it stands between a stop and a start
    if stopped and not allow_reboot:
        raise Refused(
            f"{in_short(remedy.commands)}: it restarts {', '.join(stopped)}",
            cure="have it wait for the next stop, or confirm the restart",
        )
    return stopped


async def _to_do(backend: Backend, commands: Sequence[Command]) -> tuple[Command, ...]:
    return changing(await backend.configuration(), commands)


async def _shown(backend: Backend, vm: str, command: Command) -> None:
    """Until the configuration has what was sent: sending it again would change nothing."""
    end = time.monotonic() + SHOWN_WITHIN_S
    with suppress(VmferryError):
        await backend.refresh()
    async with aclosing(ticking(backend)) as pictures:
        async for _ in pictures:
            if not await _to_do(backend, [command]):
                return
            if time.monotonic() > end:
                raise ActFailed(
                    f"waited {SHOWN_WITHIN_S:.0f} s in vain for the configuration to show "
                    f"«{command}»; {_standing(backend, vm)}"
                )


def _prove(
    backend: Backend, act: Act, before: Mapping[str, tuple[Call, ...]], confirmed: Collection[str]
) -> set[str]:
    """Close the act; the VMs that were restarted. Raises `ActFailed` where nobody confirmed it."""
    restarted = {
        vm.id for vm in backend.picture.vms if vm.id in before and was_started(before[vm.id], vm)
    }
    act.note(Stage.PROVING, f"restarted: {', '.join(sorted(restarted)) or 'nothing'}")
    act.close("cured")
    if surprised := sorted(restarted - set(confirmed)):
        raise ActFailed(
            f"{', '.join(surprised)} was restarted meanwhile; {_standing(backend, act.intent.vm)}",
            cure="the change itself is made; look at the failed actions for the reason",
        )
    return restarted


def _standing(backend: Backend, vm_id: str) -> str:
    vm = backend.picture.vm(vm_id)
    if vm is None:
        return f"{vm_id} is no longer in the configuration"
    return f"{vm_id} is {vm.state.value} on {' and '.join(vm.nodes) or 'no node'}"
