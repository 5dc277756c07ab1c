"""The past as JSON: schema 1, a contract. `null` means "not known"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from backends.data.timeline import Entry
from backends.data.why import Whereabouts, Why
from backends.past.record import Record
from tui.cli.documents import SCHEMA, Document, action_document


def since_document(began: float, record: Record, entries: Iterable[Entry]) -> Document:
    """What `since --json` prints: everything, in the order of time."""
    return {
        "schema": SCHEMA,
        "since": began,
        **record_document(record),
        "entries": [entry_document(entry) for entry in entries],
    }


def record_document(record: Record) -> Document:
    """What there is to look at, and what is missing of it."""
    return {
        "recorded": len(record.files),
        "oldest": record.files[0].at if record.files else None,
        "dark": [{"node": node, "reason": why} for node, why in sorted(record.dark.items())],
        "damaged": list(record.damaged.values()),
    }


def entry_document(entry: Entry) -> Document:
    """One thing that happened, with what it brought about."""
    return {
        "at": entry.at,
        "kind": entry.kind,
        "severity": entry.severity.value,
        "text": entry.text,
        "vm": entry.vm,
        "node": entry.node,
        "target": entry.target,
        "who": entry.who,
        "took_s": entry.took_s,
        "reason": entry.reason,
        "effects": [entry_document(effect) for effect in entry.effects],
    }


NOTHING_RECORDED: Document = {"recorded": None, "oldest": None, "dark": [], "damaged": []}


def whereabouts_document(now: Whereabouts) -> Document:
    """What decides where it is: scores are Pacemaker's, 1000000 being INFINITY."""
    return {
        "text": now.text,
        "reasons": list(now.reasons),
        "places": [
            {"node": each.node, "score": each.score, "reasons": list(each.reasons)}
            for each in now.places
        ],
    }


def why_document(why: Why, record: Record | None, now: Whereabouts | None = None) -> Document:
    """What `why --json` prints; the chain begins with the first cause. `now` is `null` where a
    moment of the past was asked for."""
    cause = why.chain[0] if why.chain else None
    return {
        "schema": SCHEMA,
        "subject": why.subject,
        "now": whereabouts_document(now) if now else None,
        **(record_document(record) if record else NOTHING_RECORDED),
        "event": entry_document(why.event) if why.event else None,
        "cause": cause.kind if cause else None,
        "who": next((entry.who for entry in why.chain if entry.who), None),
        "chain": [entry_document(replace(entry, effects=())) for entry in why.chain],
        "decided_at": why.decided_at,
        "decision": action_document(why.decision) if why.decision else None,
        "would_have_saved_it": [
            {"what": each.what, "planned": [action_document(action) for action in each.planned]}
            for each in why.savings
        ],
        "not_known": list(why.doubts),
    }
