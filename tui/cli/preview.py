"""`vmferry preview`: what Pacemaker would do."""

from __future__ import annotations

import asyncio
import time
from dataclasses import replace

import click

from backends.acts.tuning import protected, protections
from backends.aio.tasks import cancel
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Report
from backends.data.picture import Cluster
from backends.data.plan import Plan, VerdictKind
from backends.doctor.advice import advise_plan
from backends.doctor.examine import examine
from backends.judgement.judge import make_plan
from tui.cli.documents import plan_document
from tui.cli.exits import ExitCode
from tui.cli.options import Command
from tui.cli.output import Tone, emit, say
from tui.cli.quantities import seconds
from tui.cli.session import Session, run, takes_hosts

_TONE = {
    VerdictKind.LIVE: Tone.GOOD,
    VerdictKind.SIDE_EFFECTS: Tone.WARNING,
    VerdictKind.NO_ROOM: Tone.WARNING,
    VerdictKind.REBOOT: Tone.BAD,
    VerdictKind.REFUSED: Tone.BAD,
}


@click.command(cls=Command)
@click.argument("vm")
@click.argument("node")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def preview(session: Session, vm: str, node: str, as_json: bool) -> int:
    """Say what moving VM to NODE would do, and what the doctor expects; nothing is changed."""
    plan = run(_preview(session.connect(session.prepare()), vm, node))
    if as_json:
        emit(plan_document(plan))
    else:
        show_plan(plan)
    return ExitCode.REFUSED if plan.verdict.kind is VerdictKind.REFUSED else ExitCode.DONE


async def _preview(backend: Backend, vm: str, node: str) -> Plan:
    async with backend:
        _, advised = await plan_with_advice(backend, vm, node)
        return advised


async def plan_with_advice(
    backend: Backend, vm: str, node: str, *, protect: bool = False, keep: bool = False
) -> tuple[Plan, Plan]:
    """The scheduler's plan, and the same with the doctor's word on it; both are asked at once.

    `protect`: with `on-fail=block` set first, where it is not set; `keep`: the constraint stays.
    Raises what `Backend.plan` raises.
    """
    examination = asyncio.create_task(examined(backend))
    try:
        plan = await backend.plan([vm], node, keep=keep)
        if plan.verdict.kind is VerdictKind.REFUSED:
            return plan, plan
        picture = backend.picture
        if protect:
            plan, picture = _protected(plan, picture)
        report = await examination
    finally:
        await cancel(examination)
    if isinstance(report, VmferryError):
        return plan, replace(plan, warnings=(*plan.warnings, in_vain(report)))
    return plan, advise_plan(picture, plan, report, time.time())


def _protected(plan: Plan, picture: Cluster) -> tuple[Plan, Cluster]:
    """As it will be when what keeps a failure from stopping the guest is set first."""
    sent = protections([vm for vm in map(picture.vm, plan.vms) if vm is not None])
    picture = protected(picture, plan.vms)
    plan = make_plan(picture, plan.verdict, keep=plan.keep)
    steps = (*(command.purpose for command in sent), *plan.steps)
    return replace(plan, steps=steps, commands=(*sent, *plan.commands)), picture


async def examined(backend: Backend) -> Report | VmferryError:
    """What the doctor finds, or why it cannot look: nothing depends on that alone."""
    try:
        return await examine(backend)
    except VmferryError as error:
        return error


def in_vain(error: VmferryError) -> str:
    """That the doctor's word is missing, and why."""
    return f"the doctor could not look: {error}"


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
