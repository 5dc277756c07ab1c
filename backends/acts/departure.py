"""The first half of a move: journaled, judged once more, and told to the cluster in one write."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing, suppress

from backends.acts.foreseen import forget_stay
from backends.acts.journal import Act, Intent, Journal
from backends.acts.planning import go_together
from backends.acts.transaction import Report, Stage, at_rest, is_quiet, send_for, vm_in, writer_of
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import Refused, VmferryError
from backends.data.plan import Plan, VerdictKind
from backends.judgement.proof import calls


def begin(backend: Backend, plans: Sequence[Plan], journal: Journal) -> list[Act]:
    """Open an act for each VM of these plans; nothing is sent yet.

    Raises `Refused`, and `BadConfiguration` where the journal cannot be written.
    """
    writer_of(backend)
    for plan in plans:
        if plan.verdict.kind is VerdictKind.REFUSED:
            raise Refused("; ".join(plan.verdict.reasons))
    moves = [(vm_in(backend.picture, vm), plan) for plan in plans for vm in plan.vms]
    acts: list[Act] = []
    try:
        for vm, plan in moves:
            intent = Intent(
                kind="move",
                cluster=backend.picture.name,
                vm=vm.id,
                source=vm.node,
                target=plan.node,
                reboot=plan.verdict.restarts(vm.id),
                at=time.time(),
                confirmed=plan.verdict.reboots,
                calls=calls(vm),
                keep=plan.keep,
            )
            acts.append(journal.begin(intent))
    except VmferryError:
        for act in acts:
            act.leave()
        raise
    return acts


async def depart(
    backend: Backend, acts: Sequence[Act], plans: Sequence[Plan]
) -> AsyncGenerator[Report]:
    """Tell the cluster of these moves, in one write, once nothing else is in flight.

    Raises `Refused` where they are no longer what was confirmed: then the acts are closed.
    """
    vms = tuple(act.intent.vm for act in acts)
    for act in acts:
        vm, target = act.intent.vm, act.intent.target
        yield Report(vm, Stage.PREPARING, f"moving {vm} to {target}")
    try:
        for act in acts:
            stays = forget_stay(backend, act, act.intent.vm, act.intent.target or "")
            async with aclosing(stays) as reports:
                async for report in reports:
                    yield report
        judged = False
        while not (judged and is_quiet(backend.picture)):  # to judge may take a while
            async for report in at_rest(backend, vms[0]):
                yield report
            await backend.refresh()
            await _still_true(backend, plans)
            judged = True
    except VmferryError as error:
        for act in acts:
            act.close(f"not sent: {error.what}")
        raise
    command = commands.moves({act.intent.vm: act.intent.target or "" for act in acts})
    for vm in vms:
        yield Report(vm, Stage.MOVING, command.purpose)
    await send_for(backend, acts, Stage.MOVING, command)
    # An older picture has no constraint yet, as if the move had been called off.
    with suppress(VmferryError):
        await backend.refresh()


async def _still_true(backend: Backend, plans: Sequence[Plan]) -> None:
    """Judge them anew where the cluster has changed since. Raises `Refused` if it is worse."""
    picture = await backend.fresh()
    if silence := picture.stale_pacemaker():
        raise Refused(f"no node of the cluster answers: {silence.reason}", cure="try again")
    if all(plan.verdict.version == picture.version for plan in plans):
        return
    for plan in plans:
        fresh = await backend.plan(plan.vms, plan.node, keep=plan.keep)
        new = fresh.verdict
        if not new.no_worse_than(plan.verdict):
            raise Refused(
                f"the cluster has changed since the plan was made: it is {new.kind.value} now"
                + (f" ({new.reasons[0]})" if new.reasons else ""),
                cure="look at the new plan",
            )
    if len(plans) > 1 and not await go_together(backend, plans):
        names = " and ".join(vm for plan in plans for vm in plan.vms)
        raise Refused(
            f"the cluster has changed since: {names} no longer go live side by side",
            cure="move them one after the other",
        )
