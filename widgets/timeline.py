"""Everything that was seen to happen, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from backends.judgement.changes import Event
from widgets.bars import clock_text
from widgets.events import MARKS
from widgets.glyphs import Tone
from widgets.table import Cell, KeyedTable, Row


class Timeline(KeyedTable):
    """The events of this session."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("time", " ", "what", "VM", "node", follow=True, id=id)

    def show_events(self, first: int, events: Sequence[Event]) -> None:
        """Draw these; `first` is how many there were before them."""
        self.show({str(first + index): _row(event) for index, event in enumerate(events)})


def _row(event: Event) -> Row:
    glyph, tone = MARKS[event.severity]
    return (
        Cell(clock_text(event.at), Tone.MUTED),
        Cell(glyph, tone),
        Cell(event.text, tone),
        Cell(event.vm or "", Tone.MUTED),
        Cell(event.node or "", Tone.MUTED),
    )
