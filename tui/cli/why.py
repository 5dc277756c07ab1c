"""`vmferry why`: what happened to a VM or a node, what caused it, what would have saved it."""

from __future__ import annotations

import time

import click

from backends.clusters.base import Backend
from backends.data.errors import Unknown
from backends.data.why import Whereabouts, Why
from backends.judgement import whereabouts
from backends.judgement.whereabouts import in_words
from backends.past.moments import moment
from backends.past.record import Record, Remembering
from backends.past.whys import why as explain
from tui.cli.output import Tone, emit, say
from tui.cli.past_documents import why_document
from tui.cli.quantities import clock
from tui.cli.session import Session, run, takes_hosts
from tui.cli.since import TONE, missing
from tui.cli.timed import TimedCommand

LOOKS_BACK_S = 12 * 3600.0
BEFORE_S = 1800.0
AFTER_S = 900.0
"""Around a moment that is named: its causes lie before it, what it led to after it."""


@click.command(cls=TimedCommand)
@click.argument("subject", metavar="VM|NODE")
@click.option("--at", metavar="TIME", help="When it happened, such as 02:13 or -3h.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@takes_hosts
def why(session: Session, subject: str, at: str | None, as_json: bool) -> int:
    """Say why VM or NODE is as it is, what happened to it, and what would have saved it.

    Of the last twelve hours, or around TIME alone, the gravest counts. The cluster's own
    scheduler is asked, over what it recorded; nothing is changed.
    """
    now = time.time()
    if at is None:
        return _of_now(session, subject, now - LOOKS_BACK_S, as_json=as_json)
    then = moment(at, now)
    record = session.connect_past(session.prepare())
    found = run(_explain(record, subject, then - BEFORE_S, then + AFTER_S))
    if as_json:
        emit(why_document(found, record))
        return 0
    missing(record, then - BEFORE_S)
    _tell(found)
    return 0


def _of_now(session: Session, subject: str, began: float, *, as_json: bool) -> int:
    """Why it is where it is, and what happened to it lately, as far as that was recorded."""
    backend = session.connect(session.prepare())
    now, found = run(_look(backend, subject, began))
    record = backend.record if isinstance(backend, Remembering) else None
    if as_json:
        emit(why_document(found, record, now))
        return 0
    _tell_now(now)
    if record is not None:
        missing(record, began)
    if found.event is not None:
        _tell(found)
    return 0


async def _look(backend: Backend, subject: str, began: float) -> tuple[Whereabouts, Why]:
    async with backend:
        picture = await backend.fresh()
        vm, node = picture.vm(subject), picture.node(subject)
        if vm is not None:
            now = whereabouts.of_vm(picture, vm, (await backend.scores()).get(vm.id))
        elif node is not None:
            now = whereabouts.of_node(picture, node)
        else:
            raise Unknown(f"no VM and no node {subject!r} in this cluster")
        if not isinstance(backend, Remembering):
            return now, Why(subject)
        record = backend.record
        await record.ready()
        return now, await explain(record, subject, await record.span(began))


def _tell_now(now: Whereabouts) -> None:
    say(now.text, Tone.STRONG)
    for reason in now.reasons:
        say(f"  {reason}")
    for place in now.places:
        reasons = f": {'; '.join(place.reasons)}" if place.reasons else ""
        say(f"  {place.node}  {in_words(place.score)}{reasons}", Tone.QUIET)


async def _explain(record: Record, subject: str, began: float, ended: float) -> Why:
    async with record:
        inputs = await record.span(began)
        if inputs and not any(
            subject in each.nodes or any(vm.id == subject for vm in each.cib.vms) for each in inputs
        ):
            raise Unknown(f"no VM and no node {subject!r} in what is recorded")
        kept = [each for each in inputs if each.at <= ended]
        return await explain(record, subject, kept)


def _tell(found: Why) -> None:
    if found.event is None:
        say(f"nothing happened to {found.subject}, as far as it is recorded")
        return
    for depth, entry in enumerate(found.chain):
        author = f" (by {entry.who})" if entry.who else ""
        say(f"{'  ' * depth}{clock(entry.at)}  {entry.text}{author}", TONE[entry.severity])
    for effect in found.event.effects:
        say(f"{'  ' * len(found.chain)}{clock(effect.at)}  {effect.text}", TONE[effect.severity])
    if found.decision is not None and found.decided_at is not None:
        reason = f": {found.decision.reason}" if found.decision.reason else ""
        say(f"decided {clock(found.decided_at)}: {found.decision}{reason}", Tone.STRONG)
    for saving in found.savings:
        then = "; ".join(map(str, saving.planned)) or "nothing would have been done to it"
        say(f"would have saved it: {saving.what} ({then})", Tone.GOOD)
    for doubt in found.doubts:
        say(f"! not known: {doubt}", Tone.WARNING)
