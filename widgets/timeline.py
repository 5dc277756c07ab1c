"""Everything that was seen to happen, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from backends.judgement.changes import Event
from widgets.bars import moment_text
from widgets.events import MARKS
from widgets.glyphs import Tone
from widgets.table import Cell, KeyedTable, Row


class Timeline(KeyedTable):
    """What was recorded, and the events of this session; its filter finds nodes, VMs and kinds."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("time", " ", "what", "VM", "node", "kind", follow=True, id=id)
        self._events: dict[str, Event] = {}
        self._recorded: dict[str, Event] = {}

    def show_events(
        self, recorded: Sequence[Event], first: int, events: Sequence[Event], now: float
    ) -> None:
        """Draw what was recorded before, and these; `first` is how many there were before them."""
        self._recorded = {f"recorded {index}": event for index, event in enumerate(recorded)}
        seen = {str(first + index): event for index, event in enumerate(events)}
        self._events = {**self._recorded, **seen}
        self.show({key: _row(event, now) for key, event in self._events.items()})

    @property
    def selected_event(self) -> Event | None:
        return self._events.get(self.selected_key or "")

    @property
    def selected_moment(self) -> float | None:
        """When that was recorded which is under the cursor; `None` for what was seen here."""
        event = self._recorded.get(self.selected_key or "")
        return event.at if event is not None else None


def _row(event: Event, now: float) -> Row:
    glyph, tone = MARKS[event.severity]
    return (
        Cell(moment_text(event.at, now), Tone.MUTED),
        Cell(glyph, tone),
        Cell(event.text, tone),
        Cell(event.vm or "", Tone.MUTED),
        Cell(event.node or "", Tone.MUTED),
        Cell(event.kind, Tone.MUTED),
    )
