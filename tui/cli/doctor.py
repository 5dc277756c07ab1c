"""`vmferry doctor`: is the cluster fit for live migration, and what to change if not."""

from __future__ import annotations

from collections.abc import Sequence

import click

from backends.acts.prospects import by_verdicts
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Finding, Report, State
from backends.doctor.examine import examine
from backends.doctor.telling import (
    TROUBLE,
    by_what_was_seen,
    cure_lines,
    total,
    troubles,
    verdict,
)
from backends.judgement.prospect import UNKNOWN, Passage, Prospect
from tui.cli.acts import named_vm
from tui.cli.doctor_document import report_document
from tui.cli.exits import ExitCode
from tui.cli.options import Command
from tui.cli.output import Tone, emit, say
from tui.cli.session import Session, run, takes_hosts

_TONE = {
    State.WRONG: Tone.BAD,
    State.UNKNOWN: Tone.WARNING,
    State.WARNING: Tone.WARNING,
    State.OK: Tone.GOOD,
    State.NOT_USED: Tone.QUIET,
}
_MOST_CURES = 6
_WIDEST = max(len(state.value) for state in State)


@click.command(cls=Command)
@click.option("--vm", metavar="VM", help="Only what stands in the way of this VM, as a checklist.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def doctor(session: Session, vm: str | None, as_json: bool) -> int:
    """Examine whether VMs can migrate live, and say what to change.

    Looks only. Exit code 0: nothing is wrong (there may be warnings); 1: something is. With --vm,
    a move that would reboot that VM is wrong.
    """
    report, name, prospect = run(_examine(session.connect(session.prepare()), vm))
    findings = report.findings if vm is None else report.of_vm(vm)
    if as_json:
        emit(report_document(findings, cluster=name, vm=vm))
    elif vm is None:
        _show(report)
    else:
        _show_checklist(report, vm, prospect)
    wrong = any(finding.state is State.WRONG for finding in findings)
    return ExitCode.FAILED if wrong else ExitCode.DONE


async def _examine(backend: Backend, vm: str | None) -> tuple[Report, str | None, Prospect]:
    async with backend:
        if vm is not None:
            named_vm(backend, vm)
        report, picture = await examine(backend), backend.picture
        return report, picture.name, await _prospect(backend, vm, report) if vm else UNKNOWN


async def _prospect(backend: Backend, vm: str, report: Report) -> Prospect:
    """The scheduler's word and the doctor's; where the scheduler cannot be asked, it says why."""
    try:
        return by_verdicts(backend.picture, (await backend.preview([vm])).values(), report)
    except VmferryError as error:
        return Prospect(Passage.UNKNOWN, str(error))


def _show(report: Report) -> None:
    for alike in troubles(report.findings):
        _show_group(report, alike)
    for state in (State.OK, State.NOT_USED):
        checks = dict.fromkeys(
            f"{each.topic.value} ({each.check})" if state is State.NOT_USED else each.topic.value
            for each in report.findings
            if each.state is state
        )
        if checks:
            say(f"{state.value}: {', '.join(checks)}", _TONE[state])
    say(total(report.findings), Tone.STRONG)


def _show_group(report: Report, alike: Sequence[Finding]) -> None:
    first = alike[0]
    say(f"{first.state.value.upper()}  {first.topic.value}: {first.check}", _TONE[first.state])
    for seen, where in by_what_was_seen(alike).items():
        say(f"  {', '.join(where)}{': ' if where else ''}{seen}")
    if first.why:
        say(f"  why: {first.why}")
    lines = cure_lines(report, alike)
    for line in lines[:_MOST_CURES]:
        say(f"  → {line}", Tone.QUIET)
    if len(lines) > _MOST_CURES:
        say(f"  → and {len(lines) - _MOST_CURES} more like these: --json has them all", Tone.QUIET)
    say("")


def _show_checklist(report: Report, vm: str, prospect: Prospect) -> None:
    findings = report.of_vm(vm)
    say(f"{vm}: {verdict(findings, prospect)}", Tone.STRONG)
    for finding in sorted(findings, key=lambda each: each.topic.rank):
        where = f"{finding.node}: " if finding.node else ""
        state = finding.state.value.ljust(_WIDEST)
        what = f"{finding.topic.value}, {finding.check}"
        say(f"{state}  {what}: {where}{finding.seen}", _TONE[finding.state])
        if finding.state in TROUBLE:
            indent = " " * (_WIDEST + 2)
            if finding.why:
                say(f"{indent}why: {finding.why}")
            for line in cure_lines(report, [finding]):
                say(f"{indent}→ {line}", Tone.QUIET)
    say(total(findings), Tone.STRONG)
