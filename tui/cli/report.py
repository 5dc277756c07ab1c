"""`vmferry report FILE`: what is, what happened and why, in one file for a ticket."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import click

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.errors import BadConfiguration, VmferryError
from backends.data.examination import Report
from backends.data.timeline import Entry, Severity
from backends.data.why import Why
from backends.doctor.examine import examine
from backends.pacemaker import secrets
from backends.past.inputs import Input
from backends.past.moments import moment
from backends.past.record import Record, Remembering
from backends.past.story import story, worst_first
from backends.past.whys import why
from tui.cli.markdown import Material, Sent
from tui.cli.markdown import report as in_markdown
from tui.cli.options import Command
from tui.cli.output import say
from tui.cli.session import Session, run, takes_hosts
from tui.cli.since import untold

DEFAULT = "-12h"
MOST_WHYS = 5


@click.command(cls=Command)
@click.argument("file", metavar="FILE", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--since", "since", metavar="TIME", default=DEFAULT, show_default=True,
              help="From when on, such as 02:13 or -3h.")  # fmt: skip
@takes_hosts
def report(session: Session, file: Path, since: str) -> int:
    """Write FILE, in Markdown: the picture, what happened and why, the doctor, the commands sent.

    Looks only. Passwords of the cluster's configuration are struck out of all of it. A FILE that
    is there is not overwritten.
    """
    began = moment(since, time.time())
    text = run(_gather(session.connect(session.prepare()), began))
    try:
        with open(file, "x", opener=_private) as out:
            out.write(text)
    except OSError as error:
        raise BadConfiguration(f"{file} cannot be written: {error.strerror}") from error
    say(f"written: {file}")
    return 0


def _private(path: str, flags: int) -> int:
    """For its owner alone: names and addresses of a cluster are nobody else's business."""
    return os.open(path, flags, 0o600)


async def _gather(backend: Backend, began: float) -> str:
    async with backend:
        picture = await backend.settled()
        entries, whys, missing = await _past(backend, began)
        material = Material(
            picture=picture,
            since=began,
            entries=entries,
            whys=whys,
            doctor=await _examined(backend),
            sent=_sent(Journal.default(), picture.name, began),
            missing=missing,
        )
        return secrets.struck(in_markdown(material), await backend.configuration())


async def _past(
    backend: Backend, began: float
) -> tuple[Sequence[Entry], Sequence[Why], Sequence[str]]:
    if not isinstance(backend, Remembering):
        return (), (), ("nothing is recorded of this cluster",)
    record = backend.record
    await record.ready()
    inputs = await record.span(began)
    told = story(inputs, await record.fencings())
    entries = [entry for entry in told if entry.at >= began]
    return entries, await _whys(record, inputs, entries), tuple(untold(record, began))


async def _whys(record: Record, inputs: Sequence[Input], entries: Sequence[Entry]) -> Sequence[Why]:
    """Of what went wrong, the worst first, each VM or node once."""
    bad = [
        each
        for entry in worst_first(entries)
        for each in entry.all()
        if each.severity is Severity.BAD
    ]
    subjects = dict.fromkeys(name for each in bad if (name := each.vm or each.node))
    return [await why(record, name, inputs) for name in list(subjects)[:MOST_WHYS]]


async def _examined(backend: Backend) -> Report | None:
    with suppress(VmferryError):
        return await examine(backend)
    return None


def _sent(journal: Journal, cluster: str | None, began: float) -> Sequence[Sent]:
    return [
        Sent(note.at, note.node, note.command)
        for intent, note in journal.notes()
        if note.command is not None and note.at >= began and intent.cluster == cluster
    ]
