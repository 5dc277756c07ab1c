"""The strip of recent events at the foot of the board."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from backends.judgement.changes import Event
from widgets.bars import midnight
from widgets.events import event_line
from widgets.tones import MUTED


class EventStrip(Widget):
    """As many of the newest events as there are lines, the newest last."""

    DEFAULT_CSS = """
    EventStrip {
        height: 4;
        padding: 0 1;
    }
    """

    events: reactive[tuple[Event, ...]] = reactive(())

    today: reactive[float] = reactive(0.0)
    """The midnight of the day that it is, epoch seconds: other days are named."""

    def show(self, events: Sequence[Event], now: float) -> None:
        """Draw the end of these; equal ends draw nothing."""
        self.today = midnight(now)
        self.events = tuple(events)[-5:]

    def render(self) -> Content:
        newest = self.events[-max(1, self.content_size.height) :]
        if not newest:
            return Content.styled("nothing has happened yet", MUTED)
        return Content("\n").join(event_line(event, self.today) for event in newest)
