"""How a report is told, on whatever glass: what belongs together, where, in which words. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import groupby

from backends.data.examination import Cure, Finding, Report, State
from backends.judgement.prospect import Passage, Prospect

TROUBLE = (State.WRONG, State.UNKNOWN, State.WARNING)


@dataclass(frozen=True, slots=True)
class CureLine:
    """One line of a cure, once for all places where it is to be done."""

    text: str
    nodes: tuple[str, ...]
    cure: Cure

    def __str__(self) -> str:
        return f"on {', '.join(self.nodes)}: {self.text}" if self.nodes else self.text


def troubles(findings: Iterable[Finding]) -> list[tuple[Finding, ...]]:
    """What is not as it should be, the worst first; what is the same in many places together."""
    ranked = sorted((each for each in findings if each.state in TROUBLE), key=_rank)
    return [tuple(alike) for _, alike in groupby(ranked, key=_rank)]


def _rank(finding: Finding) -> tuple[int, int, str, str]:
    return finding.state.rank, finding.topic.rank, finding.check, finding.why


def place(finding: Finding) -> str:
    """Where it was seen; empty when it is the whole cluster's."""
    if finding.vm and finding.node:
        return f"{finding.vm} on {finding.node}"
    return finding.vm or finding.node or ""


def places(findings: Iterable[Finding]) -> tuple[str, ...]:
    """All of them, each once."""
    return tuple(dict.fromkeys(filter(None, map(place, findings))))


def by_what_was_seen(findings: Iterable[Finding]) -> dict[str, tuple[str, ...]]:
    """The places of everything that was seen."""
    seen: dict[str, list[Finding]] = {}
    for finding in findings:
        seen.setdefault(finding.seen, []).append(finding)
    return {what: places(where) for what, where in seen.items()}


def cure_lines(report: Report, findings: Iterable[Finding]) -> list[CureLine]:
    """What to do, for the distributions that the nodes have."""
    lines: dict[str, tuple[Cure, list[str]]] = {}
    for finding in findings:
        for cure in report.cures(finding):
            for line in cure.lines:
                text = _label(report, cure, finding) + line + _restart(cure)
                _, nodes = lines.setdefault(text, (cure, []))
                nodes.extend(filter(None, [cure.node or finding.node]))
    return [
        CureLine(text, tuple(dict.fromkeys(nodes)), cure) for text, (cure, nodes) in lines.items()
    ]


def _label(report: Report, cure: Cure, finding: Finding) -> str:
    file = f"in {cure.file}: " if cure.file else ""
    known = (cure.node or finding.node or "") in report.families
    return file if known or not cure.family.label else f"({cure.family.label}) {file}"


def _restart(cure: Cure) -> str:
    return "    (restarts the VM: best when it is stopped anyway)" if cure.restarts else ""


_FITNESS = {
    Passage.LIVE: "fit for live migration",
    Passage.SIDE_EFFECTS: "fit for live migration, with side effects",
    Passage.FAILS: "not fit for live migration: it would fail",
    Passage.REBOOT: "not fit for live migration: a move would reboot it",
    Passage.STAYS: "cannot be moved now",
    Passage.UNKNOWN: "not known yet whether it can be migrated live",
}


def verdict(findings: Iterable[Finding], prospect: Prospect) -> str:
    """What one VM's findings come to, in the word of its badge.

    They alone do not say it: a node that nobody may reach closes one way, and others are open.
    """
    findings, passage = tuple(findings), prospect.passage
    hindering = [each for each in findings if each.effect is not None and each.state in TROUBLE]
    said = _FITNESS[passage]
    checks = ", ".join(dict.fromkeys(each.check for each in hindering))
    if checks and passage is not Passage.UNKNOWN:
        said += f", but not everywhere ({checks})" if passage.is_live else f" ({checks})"
    elif not checks and prospect.why is not None:
        said += f"{', as' if passage is Passage.SIDE_EFFECTS else ':'} {prospect.why}"
    elif passage is Passage.LIVE and any(each.state is State.UNKNOWN for each in findings):
        said += ", as far as is known"
    return said


def total(findings: Iterable[Finding]) -> str:
    """Such as `nothing wrong, 3 warnings`: what is the same in many places counts once."""
    states = [alike[0].state for alike in troubles(findings)]
    wrong, unknown, warnings = map(states.count, TROUBLE)
    words = [f"{wrong or 'nothing'} wrong"]
    if unknown:
        words.append(f"{unknown} unknown")
    if warnings:
        words.append(f"{warnings} warning{'s' if warnings > 1 else ''}")
    return ", ".join(words)
