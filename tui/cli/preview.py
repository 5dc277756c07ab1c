"""`vmferry preview`: what Pacemaker would do."""

from __future__ import annotations

import click

from backends.base import Backend
from backends.plan import Plan, VerdictKind
from tui.cli.documents import plan_document
from tui.cli.exits import ExitCode
from tui.cli.options import Command
from tui.cli.output import Tone, emit, say
from tui.cli.quantities import seconds
from tui.cli.session import Session, run, takes_hosts

_TONE = {
    VerdictKind.LIVE: Tone.GOOD,
    VerdictKind.SIDE_EFFECTS: Tone.WARNING,
    VerdictKind.REBOOT: Tone.BAD,
    VerdictKind.REFUSED: Tone.BAD,
}


@click.command(cls=Command)
@click.argument("vm")
@click.argument("node")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def preview(session: Session, vm: str, node: str, as_json: bool) -> int:
    """Say what moving VM to NODE would do; nothing is changed."""
    plan = run(_plan(session.connect(session.prepare()), vm, node))
    if as_json:
        emit(plan_document(plan))
    else:
        show_plan(plan)
    return ExitCode.REFUSED if plan.verdict.kind is VerdictKind.REFUSED else ExitCode.DONE


async def _plan(backend: Backend, vm: str, node: str) -> Plan:
    async with backend:
        return await backend.plan([vm], node)


def show_plan(plan: Plan, *, err: bool = False) -> None:
    """The plan in words, with the exact commands."""
    kind = plan.verdict.kind
    say(f"{', '.join(plan.vms)} → {plan.node}: {kind.value}", _TONE[kind], err=err)
    for reason in plan.verdict.reasons:
        say(f"  because: {reason}" if kind is VerdictKind.REFUSED else f"  {reason}", err=err)
    for number, step in enumerate(plan.steps, start=1):
        say(f"  {number}. {step}", err=err)
    for warning in plan.warnings:
        say(f"  warning: {warning}", Tone.WARNING, err=err)
    if plan.reboots:
        say(f"  REBOOTS: {', '.join(plan.verdict.reboots)}", Tone.BAD, err=err)
    if plan.commands and plan.deadline_s is not None:
        say(f"  deadline of the migration: {seconds(plan.deadline_s)}", err=err)
    for command in plan.commands:
        where = f" (on {command.node})" if command.node else ""
        say(f"  $ {command}{where}", Tone.QUIET, err=err)
