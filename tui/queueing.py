"""Many moves at once: one queue, its view, and the keys that change it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on, work

from backends.acts.queue import MoveQueue
from backends.data.errors import VmferryError
from backends.data.examination import Report
from backends.data.plan import Verdict
from backends.doctor.advice import advise
from backends.judgement.moves import Move, QueueState
from tui.acting import ActingScreen, names
from tui.messages import Doing, QueueChanged, Trouble
from widgets.queue_view import QueueView


class QueueingScreen(ActingScreen):
    """A screen with a queue of moves."""

    report: Report | None = None
    """What the doctor found when it looked last; nobody waits for it."""
    _queue: MoveQueue | None = None
    _host: Doing | None = None
    """What carries the queue out."""

    def advised(self, verdict: Verdict) -> Verdict:
        """With the doctor's word on it."""
        if self.report is None:
            return verdict
        return advise(self.backend.picture, verdict, self.report)

    @property
    def queue_state(self) -> QueueState | None:
        """The queue as it stands, or as it ended."""
        return self._queue.state if self._queue is not None else None

    def queue_objection(self, *, alone: bool = False) -> str | None:
        """Why moves cannot be put into the queue now; `alone`: why nothing else may begin."""
        state = self.queue_state
        if alone and state is not None and not state.finished:
            return f"a queue of {len(state.items)} is under way: 6 shows it, and stops it"
        for doing in self.under_way:
            if doing.whole_node:
                return f"{doing.what} is under way: wait for its end; 6 shows its queue"
        return None

    @property
    def _takes_more(self) -> bool:
        """Not a queue whose only move is being ended: that would stop what comes behind it."""
        state, host = self.queue_state, self._host
        over = state is None or state.finished or state.stopped is not None
        return not over and host in self.under_way and not self.is_superseded(host)

    def enqueue(self, moves: Sequence[Move]) -> None:
        """Carry out confirmed moves, behind those that wait already."""
        if reason := self.queue_objection():
            self.tell(reason)
            return
        vms = tuple(move.vm for move in moves)
        nodes = ", ".join(dict.fromkeys(move.node for move in moves))
        failed = f"{vms[0]}: the move did not come to its end"
        if len(vms) > 1:
            failed = "The queue stopped"
        doing = Doing(vms, f"moving {names(vms)} to {nodes}", failed)
        try:
            if self._takes_more and self._queue is not None and self._host is not None:
                self._queue.add(moves)
                self.join(doing, self._host)
                self.tell("It waits for those before it; 6 shows the queue.", "Queued")
                return
            queue = MoveQueue(self.backend, self.journal, moves, advised=self.advised)
        except VmferryError as error:
            self.post_message(Trouble("not queued", error))
            return
        if flying := ", ".join(migration.vm for migration in self.backend.picture.migrations):
            self.tell(f"It waits until {flying} has arrived; 6 shows the queue.", "Queued")
        self._host = doing
        self.carry_out(doing, queue.run())
        self.watch_queue(queue)

    def watch_queue(self, queue: MoveQueue) -> None:
        """Show this queue from now on."""
        self._queue = queue
        self._watch_queue(queue)

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

    @on(QueueView.LimitWanted)
    def _limit(self, event: QueueView.LimitWanted) -> None:
        if self._queue is not None:
            self._queue.set_limit(event.limit)

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
