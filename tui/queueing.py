"""Many moves at once: one queue, its view, and the keys that change it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from textual import on, work

from backends.errors import VmferryError
from backends.moves import Move, QueueState
from backends.queue import MoveQueue
from backends.transaction import Report
from backends.tuning import protect as protect_all
from tui.acting import ActingScreen, names
from tui.messages import Doing, QueueChanged, Trouble
from widgets.queue_view import QueueView


class QueueingScreen(ActingScreen):
    """A screen with a queue of moves. There is one at a time: its limit holds for all."""

    _queue: MoveQueue | None = None

    @property
    def queue_state(self) -> QueueState | None:
        """The queue as it stands, or as it ended."""
        return self._queue.state if self._queue is not None else None

    def queue_objection(self) -> str | None:
        """Why no more can be put into a queue now; `None` where they can."""
        state = self.queue_state
        if state is None or state.finished:
            return None
        return f"a queue of {len(state.items)} is under way: 6 shows it, and stops it"

    def enqueue(self, moves: Sequence[Move], *, protect: bool = False) -> None:
        """Carry out confirmed moves, a few at a time."""
        if reason := self.queue_objection():
            self.tell(reason)
            return
        try:
            queue = MoveQueue(self.backend, self.journal, moves)
        except VmferryError as error:
            self.post_message(Trouble("no queue", error))
            return
        vms = tuple(move.vm for move in moves)
        nodes = ", ".join(dict.fromkeys(move.node for move in moves))
        doing = Doing(vms, f"moving {names(vms)} to {nodes}", "The queue stopped")
        self.carry_out(doing, self._run(queue, vms if protect else ()))
        self.watch_queue(queue)

    async def _run(self, queue: MoveQueue, unprotected: Sequence[str]) -> AsyncGenerator[Report]:
        async for report in protect_all(self.backend, unprotected):
            yield report
        async for report in queue.run():
            yield report

    def watch_queue(self, queue: MoveQueue) -> None:
        """Show this queue from now on."""
        self._queue = queue
        self._watch_queue(queue)
        self.notify("6 shows the queue, and changes it.", title="Queued", markup=False)

    @work(group="queue", exclusive=True, exit_on_error=False)
    async def _watch_queue(self, queue: MoveQueue) -> None:
        async for state in queue.states.read():
            self.post_message(QueueChanged(state))

    @on(QueueView.MoveUp)
    def _move_up(self, event: QueueView.MoveUp) -> None:
        if self._queue is not None:
            self._queue.move_up(event.vm)

    @on(QueueView.Removed)
    def _remove(self, event: QueueView.Removed) -> None:
        if self._queue is not None:
            self._queue.remove(event.vm)

    @on(QueueView.PauseToggled)
    def _toggle_pause(self) -> None:
        if self._queue is not None and self._queue.state.paused:
            self._queue.resume()
        elif self._queue is not None:
            self._queue.pause()

    @on(QueueView.Stopped)
    def _stop_queue(self) -> None:
        if self._queue is not None:
            self._queue.stop()

    @on(QueueView.Useless)
    def _useless(self, event: QueueView.Useless) -> None:
        self.tell(event.reason)
