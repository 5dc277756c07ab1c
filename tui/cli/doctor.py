"""`vmferry doctor`: is the cluster fit for live migration, and what to change if not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby

import click

from backends.base import Backend
from backends.doctor.examine import examine
from backends.doctor.model import Cure, Finding, Report, State
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
_TROUBLE = (State.WRONG, State.UNKNOWN, State.WARNING)
_REBOOTING = frozenset({"allow-migrate", "dependencies"})
"""Checks that, where they are not ok, mean that a move is a stop and a start."""
_MOST_CURES = 6
_WIDEST = max(len(state.value) for state in State)


@click.command(cls=Command)
@click.option("--vm", metavar="VM", help="Only what stands in the way of this VM, as a checklist.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def doctor(session: Session, vm: str | None, as_json: bool) -> int:
    """Examine whether VMs can migrate live, and say what to change.

    Looks only. Exit code 0: nothing is wrong (there may be warnings); 1: something is.
    """
    report, name = run(_examine(session.connect(session.prepare()), vm))
    findings = report.findings if vm is None else report.of_vm(vm)
    if as_json:
        emit(report_document(findings, cluster=name, vm=vm))
    elif vm is None:
        _show(report)
    else:
        _show_checklist(report, vm)
    wrong = any(finding.state is State.WRONG for finding in findings)
    return ExitCode.FAILED if wrong else ExitCode.DONE


async def _examine(backend: Backend, vm: str | None) -> tuple[Report, str | None]:
    async with backend:
        await backend.settled()
        if vm is not None:
            named_vm(backend, vm)
        return await examine(backend), backend.picture.name


def _show(report: Report) -> None:
    trouble = [finding for finding in report.findings if finding.state in _TROUBLE]
    for _, alike in groupby(
        sorted(trouble, key=_rank), key=lambda each: (each.state, each.topic, each.check, each.why)
    ):
        _show_group(report, list(alike))
    for state in (State.OK, State.NOT_USED):
        checks = dict.fromkeys(
            f"{each.topic.value} ({each.check})" if state is State.NOT_USED else each.topic.value
            for each in report.findings
            if each.state is state
        )
        if checks:
            say(f"{state.value}: {', '.join(checks)}", _TONE[state])
    say(_sum(report.findings), Tone.STRONG)


def _rank(finding: Finding) -> tuple[int, int, str, str]:
    return finding.state.rank, finding.topic.rank, finding.check, finding.why


def _show_group(report: Report, alike: list[Finding]) -> None:
    first = alike[0]
    say(f"{first.state.value.upper()}  {first.topic.value}: {first.check}", _TONE[first.state])
    for seen, places in _by_what_was_seen(alike):
        say(f"  {f'{places}: ' if places else ''}{seen}")
    if first.why:
        say(f"  why: {first.why}")
    lines = _cures(report, alike)
    for line in lines[:_MOST_CURES]:
        say(f"  → {line}", Tone.QUIET)
    if len(lines) > _MOST_CURES:
        say(f"  → and {len(lines) - _MOST_CURES} more like these: --json has them all", Tone.QUIET)
    say("")


def _by_what_was_seen(alike: list[Finding]) -> Iterator[tuple[str, str]]:
    places: dict[str, list[str]] = {}
    for finding in alike:
        places.setdefault(finding.seen, []).append(_place(finding))
    for seen, where in places.items():
        yield seen, ", ".join(place for place in dict.fromkeys(where) if place)


def _place(finding: Finding) -> str:
    if finding.vm and finding.node:
        return f"{finding.vm} on {finding.node}"
    return finding.vm or finding.node or ""


def _cures(report: Report, alike: Iterable[Finding]) -> list[str]:
    """What to do, a line each: `on NODE, NODE: in FILE: LINE`."""
    places: dict[str, list[str]] = {}
    for finding in alike:
        for cure in report.cures(finding):
            for line in cure.lines:
                nodes = places.setdefault(_label(report, cure, finding) + line + _restart(cure), [])
                nodes.extend(filter(None, [cure.node or finding.node]))
    return [
        f"on {', '.join(dict.fromkeys(nodes))}: {line}" if nodes else line
        for line, nodes in places.items()
    ]


def _label(report: Report, cure: Cure, finding: Finding) -> str:
    file = f"in {cure.file}: " if cure.file else ""
    known = (cure.node or finding.node or "") in report.families
    return file if known or not cure.family.label else f"({cure.family.label}) {file}"


def _restart(cure: Cure) -> str:
    return "    (restarts the VM: best when it is stopped anyway)" if cure.restarts else ""


def _show_checklist(report: Report, vm: str) -> None:
    findings = report.of_vm(vm)
    say(f"{vm}: {_verdict(findings)}", Tone.STRONG)
    for finding in sorted(findings, key=lambda each: each.topic.rank):
        place = f"{finding.node}: " if finding.node else ""
        state = finding.state.value.ljust(_WIDEST)
        what = f"{finding.topic.value}, {finding.check}"
        say(f"{state}  {what}: {place}{finding.seen}", _TONE[finding.state])
        if finding.state in _TROUBLE:
            indent = " " * (_WIDEST + 2)
            if finding.why:
                say(f"{indent}why: {finding.why}")
            for line in _cures(report, [finding]):
                say(f"{indent}→ {line}", Tone.QUIET)
    say(_sum(findings), Tone.STRONG)


def _verdict(findings: Iterable[Finding]) -> str:
    states = {finding.state for finding in findings}
    reboots = [
        finding.check
        for finding in findings
        if finding.check in _REBOOTING and finding.state in (State.WRONG, State.WARNING)
    ]
    if State.WRONG in states:
        return "not fit for live migration"
    if reboots:
        return f"a move would reboot it ({', '.join(reboots)})"
    return "fit for live migration" + (", as far as is known" if State.UNKNOWN in states else "")


def _sum(findings: Iterable[Finding]) -> str:
    counts = {state: sum(each.state is state for each in findings) for state in _TROUBLE}
    words = [f"{counts[State.WRONG] or 'nothing'} wrong"]
    if counts[State.UNKNOWN]:
        words.append(f"{counts[State.UNKNOWN]} unknown")
    if counts[State.WARNING]:
        words.append(f"{counts[State.WARNING]} warning{'s' if counts[State.WARNING] > 1 else ''}")
    return ", ".join(words)
