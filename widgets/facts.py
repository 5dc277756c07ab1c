"""Facts of the picture in words, as more than one view tells them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Set

from textual.content import Content

from backends.data.picture import (
    Cluster,
    Constraint,
    ConstraintKind,
    Fencing,
)
from backends.judgement.health import Kind, Problem
from widgets.bars import (
    UNKNOWN,
    literal,
    moment_text,
)
from widgets.glyphs import (
    GRADE_MARKS,
    Tone,
)
from widgets.tones import MUTED, heading, toned

LABEL = 12


def constraint_text(constraint: Constraint) -> str:
    """What a leftover constraint does."""
    node = constraint.node or "a node that is not known"
    if constraint.kind is ConstraintKind.PREFER:
        text = f"it must run on {node} whenever that is possible"
    else:
        text = f"it may not run on {node}, even when no other node is left"
    return f"{text}; until {constraint.expires}" if constraint.expires else text


def completed_text(fencing: Fencing, now: float) -> str:
    """In the operator's zone; as crm_mon says it, where it does not say in which zone that is."""
    return (fencing.completed or UNKNOWN) if fencing.at is None else moment_text(fencing.at, now)


def failures_of(picture: Cluster, vm: str | None, node: str | None) -> Iterator[Content]:
    failures = [
        failure for failure in picture.failures if failure.resource == vm or failure.node == node
    ]
    if failures:
        yield from heading("Failures")
    for failure in failures:
        yield toned(f"✖ {failure.task} of {failure.resource} on {failure.node}", Tone.BAD)
        yield toned(f"  rc {failure.rc} {failure.reason}".rstrip(), Tone.MUTED)


def problems_of(problems: Iterable[Problem], told_elsewhere: Set[Kind]) -> Iterator[Content]:
    """Those that no other part of the details tells of."""
    told = [problem for problem in problems if problem.kind not in told_elsewhere]
    if told:
        yield from heading("What is wrong")
    for problem in told:
        mark = GRADE_MARKS[problem.grade]
        yield toned(f"{mark.glyph} {problem.text}", mark.tone)


def field(label: str, value: int | str | None) -> Content:
    text = UNKNOWN if value is None else str(value)
    return Content.assemble((f"{label:<{LABEL}} ", MUTED), literal(text))


def keyed(key: str, what: str) -> Content:
    """A key and what it offers."""
    return Content.assemble((f"{key:>3} ", "bold $primary"), toned(what))
