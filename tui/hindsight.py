"""What happened before the board was opened, out of what the cluster recorded."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial

from backends.data.errors import VmferryError
from backends.data.timeline import Entry, Severity
from backends.judgement.changes import Event
from backends.past.inputs import Input
from backends.past.record import Record, Remembering
from backends.past.story import story
from tui.acts.desk import Desk
from tui.messages import HistoryKnown

GROUP = "hindsight"
LOOKS_BACK_S = 12 * 3600.0
MOST_FILES = 200
"""Of a cluster that decides every second, what is older is not read by itself."""


class Hindsight:
    """Reads the record once, beside everything else; where there is none, it knows nothing."""

    def __init__(self, desk: Desk, clock: Callable[[], float]) -> None:
        self._desk = desk
        self._clock = clock
        self.inputs: Sequence[Input] = ()
        self.entries: tuple[Entry, ...] = ()

    @property
    def record(self) -> Record | None:
        """What the cluster of this screen recorded; `None` where nobody can tell."""
        backend = self._desk.backend
        return backend.record if isinstance(backend, Remembering) else None

    def look(self, since: float | None = None) -> None:
        """Begin to read what happened, at least since this moment, epoch seconds."""
        record = self.record
        if record is not None:
            usual = self._clock() - LOOKS_BACK_S
            began = usual if since is None else min(usual, since)
            self._desk.glass.work(GROUP, partial(self._look, record, began), exclusive=True)

    async def _look(self, record: Record, began: float) -> None:
        try:
            await record.ready()
            if len(record.files) > MOST_FILES:
                began = max(began, record.files[-MOST_FILES].at)
            inputs, fencings = await asyncio.gather(record.span(began), record.fencings())
        except VmferryError:
            return  # the board says itself that the cluster does not answer
        entries = tuple(each for each in story(inputs, fencings) if each.at >= began)
        self._desk.glass.post(HistoryKnown(began, inputs, (*_dark(record, began), *entries)))

    def known(self, event: HistoryKnown) -> None:
        """Take what was read."""
        self.inputs, self.entries = event.inputs, event.entries


def _dark(record: Record, began: float) -> Iterator[Entry]:
    """What of the span nobody can tell."""
    for node, why in sorted(record.dark.items()):
        text = f"{node} could not be asked: what it decided as DC is dark ({why})"
        yield Entry(began, "dark", Severity.WARNING, text, node=node)
    for why in record.damaged.values():
        yield Entry(began, "damaged", Severity.WARNING, f"not read: {why}")


def as_events(entries: Iterable[Entry], depth: int = 0) -> Iterator[Event]:
    """Line by line, each effect below its cause."""
    for entry in entries:
        author = f" (by {entry.who})" if entry.who else ""
        text = f"{'  ' * depth}{'└ ' if depth else ''}{entry.text}{author}"
        yield Event(entry.at, entry.kind, entry.severity, text, entry.vm, entry.node)
        yield from as_events(entry.effects, depth + 1)
