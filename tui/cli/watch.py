"""`vmferry watch`: a line for each event."""

from __future__ import annotations

from collections import Counter

import click

from backends.clusters.base import Backend
from backends.data.picture import Cluster
from backends.data.timeline import Severity
from backends.judgement.changes import Event, changes
from tui.cli.documents import event_document, summary_document
from tui.cli.options import Command
from tui.cli.output import Tone, emit, say
from tui.cli.quantities import clock
from tui.cli.session import Session, run, takes_hosts
from tui.cli.status import headline, staleness

_TONE = {
    Severity.GOOD: Tone.GOOD,
    Severity.NEUTRAL: None,
    Severity.WARNING: Tone.WARNING,
    Severity.BAD: Tone.BAD,
}


@click.command(cls=Command)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@takes_hosts
def watch(session: Session, as_json: bool) -> int:
    """Print a line for each event, until Ctrl-C."""
    run(_watch(session.connect(session.prepare()), as_json))
    return 0


async def _watch(backend: Backend, as_json: bool) -> None:
    async with backend:
        before: Cluster | None = None
        async for picture in backend.pictures():
            if before is None:
                _summarise(picture, as_json)
            else:
                for event in changes(before, picture):
                    _tell(event, as_json)
            before = picture


def _summarise(picture: Cluster, as_json: bool) -> None:
    if as_json:
        emit(summary_document(picture))
        return
    counts = [
        _tally("node", [node.state.value for node in picture.nodes]),
        _tally("VM", [vm.state.value for vm in picture.vms]),
    ]
    say(f"{clock(picture.taken_at)}  {headline(picture)}; {'; '.join(counts)}", Tone.STRONG)
    for sentence in staleness(picture):
        say(sentence, Tone.WARNING)


def _tally(what: str, states: list[str]) -> str:
    counts = ", ".join(f"{number} {state}" for state, number in Counter(states).most_common())
    plural = "" if len(states) == 1 else "s"
    return f"{len(states)} {what}{plural}" + (f" ({counts})" if counts else "")


def _tell(event: Event, as_json: bool) -> None:
    if as_json:
        emit(event_document(event))
    else:
        say(f"{clock(event.at)}  {event.text}", _TONE[event.severity])
