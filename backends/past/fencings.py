"""What the fencer remembers, which no recorded input says: who fenced a node, and when. Pure.

Source: `stonith_admin --history` of 2.1.5, as XML; its moments carry their zone. It is lost where
all nodes have stopped since.
"""

from __future__ import annotations

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
        by = event.get("delegate") or "nobody"
        text = f"{node} was fenced ({action}) by {by}" if worked else f"fencing of {node} failed"
        found[node, at] = Entry(
            at,
            "node-fenced" if worked else "fencing-failed",
            Severity.WARNING if worked else Severity.BAD,
            f"{text}, as {client} on {event.get('origin') or 'a node'} asked",
            node=node,
        )
    return tuple(sorted(found.values(), key=lambda entry: entry.at))
