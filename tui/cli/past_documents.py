"""The past as JSON: schema 1, a contract. `null` means "not known"."""

from __future__ import annotations

from collections.abc import Iterable

from backends.data.timeline import Entry
from backends.past.archive import Archive
from tui.cli.documents import SCHEMA, Document


def since_document(began: float, archive: Archive, entries: Iterable[Entry]) -> Document:
    """What `since --json` prints: everything, in the order of time."""
    return {
        "schema": SCHEMA,
        "since": began,
        **record_document(archive),
        "entries": [entry_document(entry) for entry in entries],
    }


def record_document(archive: Archive) -> Document:
    """What there is to look at, and what is missing of it."""
    return {
        "recorded": len(archive.files),
        "oldest": archive.files[0].at if archive.files else None,
        "dark": [{"node": node, "reason": why} for node, why in sorted(archive.dark.items())],
        "damaged": list(archive.damaged.values()),
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
