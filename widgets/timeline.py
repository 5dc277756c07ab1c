"""Everything that was seen to happen, oldest first."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from backends.judgement.changes import Event
from widgets.bars import moment_text
from widgets.events import MARKS, event_line
from widgets.glyphs import Tone
from widgets.table import Cell, KeyedTable, Row

NEAR_S = 60.0
"""What happened within so long of an event may have to do with it."""


class Timeline(KeyedTable):
    """What was recorded, and the events of this session; its filter finds nodes, VMs and kinds."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__("time", " ", "what", "VM", "node", "kind", follow=True, id=id)
        self._events: dict[str, Event] = {}
        self._recorded: dict[str, Event] = {}
        self._now = 0.0

    def show_events(
        self, recorded: Sequence[Event], first: int, events: Sequence[Event], now: float
    ) -> None:
        """Draw what was recorded before, and these; `first` is how many there were before them."""
        self._now = now
        self._recorded = {f"recorded {index}": event for index, event in enumerate(recorded)}
        seen = {str(first + index): event for index, event in enumerate(events)}
        self._events = {**self._recorded, **seen}
        self.show({key: _row(event, now) for key, event in self._events.items()})

    @property
    def selected_event(self) -> Event | None:
        return self._events.get(self.selected_key or "")

    def whole(self, event: Event) -> Content:
        """This event, and what else happened shortly before and after it, whatever is filtered."""
        near = (each for each in self._events.values() if abs(each.at - event.at) <= NEAR_S)
        return Content("\n").join(
            event_line(each, self._now).stylize("bold" if each is event else "") for each in near
        )

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
