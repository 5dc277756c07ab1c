"""The queue of moves."""

from __future__ import annotations

from backends.data.picture import Cluster
from backends.judgement.moves import ItemState
from tui.acts.queueing import Queueing
from tui.messages import News, QueueChanged
from tui.views.view import Count, Opened, Tab
from widgets.glyphs import Tone
from widgets.queue_view import QueueView
from widgets.selection import Selection
from widgets.tones import toned

QUEUE = Tab("7", "queue", "Queue", "Que", "The queue of moves: its order, and how long it takes")


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
        return Selection(vm=self.widget.selected_key)

    def opened(self) -> Opened:
        """Its VM; of a move that failed, all that is said of it."""
        state, vm = self._queue.state, self.widget.selected_key
        failed = state.having(ItemState.FAILED) if state is not None else ()
        said = next((item.text for item in failed if item.vm == vm), None)
        text = toned(said, Tone.BAD) if said else None
        return Opened(self.highlighted(), title=f"The move of {vm}", text=text)

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        state = self._queue.state
        if state is None or (state.finished and state.stopped is None):
            return ()
        done = len(state.having(ItemState.DONE))
        tone = Tone.BAD if state.stopped is not None else Tone.BUSY
        return ((f"{done}/{len(state.items)}", tone),)
