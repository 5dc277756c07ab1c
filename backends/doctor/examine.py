"""The examination: collect, judge, put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from backends.base import Backend
from backends.doctor import shared
from backends.doctor.case import Case
from backends.doctor.configuration import parse_configuration
from backends.doctor.model import Finding, Probe, Report

Asks = Callable[[Case, str], Iterable[Probe]]
"""What a topic wants to know of a node, given what is known so far."""
Judges = Callable[[Case], Iterator[Finding]]

FIRST: tuple[Asks, ...] = (shared.probes,)
SECOND: tuple[Asks, ...] = ()
"""What can only be asked when the first round is in."""
TOPICS: tuple[Judges, ...] = ()


async def examine(backend: Backend) -> Report:
    """Examine an open cluster. Nothing on it is changed. Raises what `predict` raises."""
    case = Case(backend.picture, parse_configuration(await backend.configuration()))
    for asks in (FIRST, SECOND):
        case = case.with_facts(await backend.examine(questions(case, asks)))
    return judge(case)


def questions(case: Case, asks: Sequence[Asks]) -> Mapping[str, tuple[Probe, ...]]:
    """The probes for each node, each once, and no node that there is nothing to ask."""
    asked = {
        node: tuple({probe.name: probe for ask in asks for probe in ask(case, node)}.values())
        for node in case.nodes
        if not case.facts or case.answered(node)
    }
    return {node: probes for node, probes in asked.items() if probes}


def judge(case: Case) -> Report:
    """Every topic's findings, the worst first, otherwise in the order of topics. Pure."""
    findings = [finding for topic in TOPICS for finding in topic(case)]
    findings.sort(key=lambda finding: finding.state.rank)
    families = {node: family for node in case.nodes if (family := case.family(node))}
    return Report(tuple(findings), families)
