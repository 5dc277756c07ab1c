"""Everything that was seen to happen."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.chronicle import Chronicle
from tui.messages import News
from tui.views.view import Count, Opened, Tab
from widgets.glyphs import Tone
from widgets.selection import Selection
from widgets.timeline import Timeline

TIMELINE = Tab(
    "4", "timeline", "Events", "Evts", "Everything that happened, as far as it was seen or recorded"
)


class TimelineView:
    """What was bad is unread until it was in sight here."""

    drawn_by: tuple[type[News], ...] = ()

    def __init__(self, chronicle: Chronicle) -> None:
        self.widget = Timeline(id=TIMELINE.name)
        self._chronicle = chronicle

    def draw(self, picture: Cluster) -> None:
        log = self._chronicle.log
        self.widget.show_events(self._chronicle.recorded, log.dropped, log.events, picture.taken_at)
        self._chronicle.read()

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        event = self.widget.selected_event
        if event is None:
            return Selection()
        return Selection(vm=event.vm, node=event.node, happening=(event.at, event.kind))

    def opened(self) -> Opened:
        """The board of its moment, where it was recorded; else what it is about, as it is now."""
        event, moment = self.widget.selected_event, self.widget.selected_moment
        if event is None:
            return Opened()
        chosen = Selection(vm=event.vm, node=event.node)
        if moment is not None:
            return Opened(chosen, moment)
        return Opened(chosen, title="What happened then", text=self.widget.whole(event))

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        unread = len(self._chronicle.alarms)
        return ((f"•{unread}", Tone.BAD),) if unread else ()
