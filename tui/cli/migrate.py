"""`vmferry migrate`: move a VM, from the plan to the proven end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass

import click

from backends.acts.journal import Journal
from backends.acts.migration import migrate as carry_out
from backends.acts.transaction import Report, Stage, quiet
from backends.acts.tuning import protect as protect_vms
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, Refused, VmferryError
from backends.data.plan import Plan, VerdictKind
from tui.cli.acts import named_vm, need_writing, state_of, state_words
from tui.cli.consent import consent
from tui.cli.documents import plan_document
from tui.cli.follow import Follower
from tui.cli.left_open import finish_left_open
from tui.cli.options import Command
from tui.cli.preview import plan_with_advice, show_plan
from tui.cli.session import Session, run, takes_hosts


@dataclass(frozen=True, slots=True)
class _How:
    """What the options say."""

    yes: bool
    allow_reboot: bool
    protect: bool
    keep: bool


@click.command(cls=Command)
@click.argument("vm")
@click.argument("node")
@click.option("--yes", is_flag=True, help="Do not ask; a plan that reboots a guest is refused.")
@click.option("--allow-reboot", is_flag=True, help="With --yes: accept that guests are rebooted.")
@click.option("--protect", is_flag=True, help="Set on-fail=block first: no failure reboots.")
@click.option("--keep", is_flag=True, help="Leave the constraint of the move: VM prefers NODE.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@takes_hosts
def migrate(
    session: Session,
    vm: str,
    node: str,
    yes: bool,
    allow_reboot: bool,
    protect: bool,
    keep: bool,
    as_json: bool,
) -> int:
    """Move VM to NODE and wait for the proven end.

    Shows the plan and asks first. Ctrl-C lets go; a migration that runs goes on.
    """
    target = session.prepare()
    need_writing(target, "migrate")
    backend = session.connect(target)
    follower = Follower(as_json=as_json)
    how = _How(yes, allow_reboot, protect, keep)
    run(_migrate(backend, vm, node, follower, how))
    return 0


async def _migrate(
    backend: Backend,
    vm: str,
    node: str,
    follower: Follower,
    how: _How,
) -> None:
    async with backend:
        named_vm(backend, vm)
        journal = Journal.default()
        await finish_left_open(backend, journal, follower, yes=how.yes)
        plan, advised = await plan_with_advice(
            backend, vm, node, protect=how.protect, keep=how.keep
        )
        show_plan(advised, err=True)
        document = plan_document(advised)
        follower.tell("plan", {key: document[key] for key in document if key != "schema"})
        if plan.verdict.kind is VerdictKind.REFUSED:
            raise Refused("; ".join(plan.verdict.reasons), where=vm, cure="nothing was changed")
        await consent(
            vm,
            advised.verdict.reboots,
            yes=how.yes,
            allow_reboot=how.allow_reboot,
            question=f"Move {vm} to {node}?",
        )
        await _carry_out(backend, plan, journal, follower, how)


async def _reports(
    backend: Backend, plan: Plan, journal: Journal, how: _How
) -> AsyncGenerator[Report]:
    if how.protect:
        await quiet(backend)
        async for report in protect_vms(backend, plan.vms):
            yield report
    async with aclosing(carry_out(backend, plan, journal)) as reports:
        async for report in reports:
            yield report


async def _carry_out(
    backend: Backend, plan: Plan, journal: Journal, follower: Follower, how: _How
) -> None:
    vm = ", ".join(plan.vms)
    try:
        await follower.follow(_reports(backend, plan, journal, how))
    except VmferryError as error:
        follower.tell("failed", {"vm": vm, "reason": str(error), **state_of(backend, vm)})
        if not isinstance(error, ActFailed):
            follower.words(state_words(backend, vm))
        raise
    except asyncio.CancelledError:
        follower.tell("interrupted", {"vm": vm, **state_of(backend, vm)})
        follower.words(_left_behind(plan, follower))
        raise
    follower.tell("done", {"vm": vm, **state_of(backend, vm)})


def _left_behind(plan: Plan, follower: Follower) -> str:
    vm = ", ".join(plan.vms)
    stage = follower.last.stage if follower.last else Stage.PREPARING
    if stage is Stage.PREPARING:
        return f"let go before {vm} was told to move; `vmferry status` shows how it stands"
    if stage in (Stage.CLEARING, Stage.DONE):
        return (
            f"let go: {vm} has arrived; `vmferry clear {vm}` removes the constraint of the move "
            "if it is still there"
        )
    if stage is Stage.MOVING:
        return (
            f"let go just when {vm} was told to move: `vmferry status` shows whether it does. "
            f"Once it rests, `vmferry clear {vm}` removes the constraint of the move; not before"
        )
    return (
        f"let go: Pacemaker goes on moving {vm} to {plan.node}, and the constraint of the move "
        f"stays. When it has arrived, the board removes it as soon as it is opened, or "
        f"`vmferry clear {vm}` does; not before"
    )
