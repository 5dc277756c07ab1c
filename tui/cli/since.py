"""`vmferry since`: what happened, worst first."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import replace

import click

from backends.data.timeline import Entry, Severity
from backends.past.moments import is_meant, moment
from backends.past.record import Record
from backends.past.story import story, worst_first
from tui.cli.output import Tone, emit, say
from tui.cli.past_documents import since_document
from tui.cli.quantities import clock
from tui.cli.session import Session, run, takes_hosts
from tui.cli.timed import TimedCommand

DIGEST_LINES = 10
DEFAULT = "-12h"
_EFFECTS = 3

TONE = {
    Severity.GOOD: Tone.GOOD,
    Severity.NEUTRAL: None,
    Severity.WARNING: Tone.WARNING,
    Severity.BAD: Tone.BAD,
}


@click.command(cls=TimedCommand)
@click.argument("time_", metavar="[TIME]", default=DEFAULT)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout, in full.")
@click.option("--all", "whole", is_flag=True, help="All of it, in the order of time.")
@takes_hosts
def since(session: Session, time_: str, as_json: bool, whole: bool) -> int:
    """Say what happened since TIME, worst first, out of what Pacemaker recorded.

    TIME: such as 02:13, 'yesterday 21:40', -3h, or 2026-11-28T02:13; by default -12h.
    """
    if not is_meant(time_):
        hosts = (time_, *session.options.hosts)
        session, time_ = replace(session, options=replace(session.options, hosts=hosts)), DEFAULT
    began = moment(time_, time.time())
    record = session.connect_past(session.prepare())
    entries = run(_look(record, began))
    if as_json:
        emit(since_document(began, record, entries))
        return 0
    missing(record, began)
    if whole:
        for entry in entries:
            _tell(entry, whole=True)
        return 0
    chosen = worst_first(entries)
    for entry in chosen[:DIGEST_LINES]:
        _tell(entry)
    if not entries:
        say("nothing happened")
    if len(chosen) > DIGEST_LINES:
        say(f"… and {len(chosen) - DIGEST_LINES} more: --all", Tone.QUIET)
    return 0


async def _look(record: Record, began: float) -> tuple[Entry, ...]:
    async with record:
        inputs, fencings = await asyncio.gather(record.span(began), record.fencings())
    return tuple(entry for entry in story(inputs, fencings) if entry.at >= began)


def missing(record: Record, began: float) -> None:
    """Say what of the span is not known."""
    for each in untold(record, began):
        say(f"! {each}", Tone.WARNING)


def untold(record: Record, began: float) -> Iterator[str]:
    """What of the span nobody can tell, and why."""
    for node, why in sorted(record.dark.items()):
        yield f"{node} could not be asked, what it decided as DC is dark: {why}"
    yield from record.damaged.values()
    if record.files and record.files[0].at > began:
        first = clock(record.files[0].at)
        yield f"nothing older than {first} is left: what was before is dark"
    if not record.files:
        yield "Pacemaker has recorded nothing that is left"


def _tell(entry: Entry, depth: int = 0, *, whole: bool = False) -> None:
    author = f" (by {entry.who})" if entry.who else ""
    say(f"{'  ' * depth}{clock(entry.at)}  {entry.text}{author}", TONE[entry.severity])
    effects = entry.effects if whole else entry.effects[:_EFFECTS]
    for effect in effects:
        _tell(effect, depth + 1, whole=whole)
    if len(effects) < len(entry.effects):
        say(f"{'  ' * (depth + 1)}… and {len(entry.effects) - len(effects)} more", Tone.QUIET)
