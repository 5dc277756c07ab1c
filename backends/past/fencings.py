"""What the fencer remembers, which no recorded input says: who fenced a node, and when. Pure.

Source: `stonith_admin --history` of 2.1.5, as XML; its moments carry their zone. It is lost where
all nodes have stopped since.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from backends.data.errors import BadAnswer
from backends.data.timeline import Entry, Severity
from backends.pacemaker.status import moment
from backends.pacemaker.xml import parse

HISTORY = ("stonith_admin", "--history", "*", "--verbose", "--output-as=xml")
_ON = frozenset({"on", "unfence"})


def parse_history(answer: bytes) -> tuple[Entry, ...]:
    """The fencings that have ended, in the order of time. Nothing where it is no answer."""
    try:
        root = parse(answer, "stonith_admin")
    except BadAnswer:
        return ()
    found: dict[tuple[str, float], Entry] = {}
    for event in root.iter("fence_event"):
        at, node, action = moment(event.get("completed")), event.get("target"), event.get("action")
        if at is None or node is None or action in _ON:
            continue
        worked = event.get("status") == "success"
        client = (event.get("client") or "somebody").partition(".")[0]
        delegate = (event.get("delegate") or "nobody") if worked else None
        found[node, at] = entry(at, node, action, delegate, client, event.get("origin"))
    return tuple(_together(sorted(found.values(), key=lambda each: each.at)))


def _together(ended: Iterable[Entry]) -> Iterator[Entry]:
    """Fencing that fails is tried again every few seconds: one entry, until it works."""
    failing: dict[str | None, list[Entry]] = {}
    for each in ended:
        if each.kind == "fencing-failed":
            failing.setdefault(each.node, []).append(each)
            continue
        yield from _tries(failing.pop(each.node, []))
        yield each
    for tries in failing.values():
        yield from _tries(tries)


def _tries(tries: Sequence[Entry]) -> Iterator[Entry]:
    if len(tries) > 1:
        text = f"{tries[0].text} ({len(tries)} times)"
        yield replace(tries[0], text=text, took_s=tries[-1].at - tries[0].at)
    else:
        yield from tries


def entry(
    at: float, node: str, action: str | None, by: str | None, client: str, origin: str | None
) -> Entry:
    """One fencing: `by` is the node that carried it out; `None` where it failed."""
    text = f"{node} was fenced ({action}) by {by}" if by else f"fencing of {node} failed"
    return Entry(
        at,
        "node-fenced" if by else "fencing-failed",
        Severity.WARNING if by else Severity.BAD,
        f"{text}, as {client} on {origin or 'a node'} asked",
        node=node,
    )
