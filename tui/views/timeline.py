"""Everything that was seen to happen."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.event_log import EventLog
from tui.messages import News
from tui.selection import Selection
from tui.views.view import Tab
from widgets.timeline import Timeline

TIMELINE = Tab("3", "timeline", "Timeline", "Everything that was seen to happen")


class TimelineView:
    drawn_by: tuple[type[News], ...] = ()

    def __init__(self, log: EventLog) -> None:
        self.widget = Timeline(id=TIMELINE.name)
        self._log = log

    def draw(self, picture: Cluster) -> None:
        self.widget.show_events(self._log.dropped, self._log.events)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        key = self.widget.selected_key
        if key is None:
            return Selection()
        event = self._log.events[max(0, int(key) - self._log.dropped)]
        return Selection(event.vm, event.node)
