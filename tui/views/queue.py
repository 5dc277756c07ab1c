"""The queue of moves."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.acts.queueing import Queueing
from tui.messages import News, QueueChanged
from tui.selection import Selection
from tui.views.view import Tab
from widgets.queue_view import QueueView

QUEUE = Tab("6", "queue", "Queue", "The queue of moves: its order, and how long it takes")


class QueuesView:
    drawn_by: tuple[type[News], ...] = (QueueChanged,)

    def __init__(self, queue: Queueing) -> None:
        self.widget = QueueView(id=QUEUE.name)
        self._queue = queue

    def draw(self, picture: Cluster) -> None:
        self.widget.show_queue(self._queue.state)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        return Selection(self.widget.selected_key)
