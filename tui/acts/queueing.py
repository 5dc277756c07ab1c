"""Many moves at once: one queue, and what may be changed about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from backends.acts.queue import MoveQueue
from backends.data.errors import VmferryError
from backends.data.plan import Verdict
from backends.judgement.moves import Move, QueueState
from tui.acts.desk import Desk, names
from tui.messages import Doing, QueueChanged, Trouble


class Queueing:
    """Carries moves out, one queue at a time. `advised` puts the doctor's word on a verdict."""

    def __init__(self, desk: Desk, advised: Callable[[Verdict], Verdict]) -> None:
        self._desk = desk
        self._advised = advised
        self._queue: MoveQueue | None = None
        self._host: Doing | None = None
        """What carries the queue out."""

    @property
    def state(self) -> QueueState | None:
        """The queue as it stands, or as it ended."""
        return self._queue.state if self._queue is not None else None

    def objection(self, *, alone: bool = False) -> str | None:
        """Why moves cannot be put into the queue now; `alone`: why nothing else may begin."""
        state = self.state
        if alone and state is not None and not state.finished:
            return f"a queue of {len(state.items)} is under way: 6 shows it, and stops it"
        for doing in self._desk.under_way:
            if doing.whole_node:
                return f"{doing.what} is under way: wait for its end; 6 shows its queue"
        return None

    @property
    def _takes_more(self) -> bool:
        """Not a queue whose only move is being ended: that would stop what comes behind it."""
        state, host = self.state, self._host
        over = state is None or state.finished or state.stopped is not None
        return not over and host in self._desk.under_way and not self._desk.is_superseded(host)

    def enqueue(self, moves: Sequence[Move]) -> None:
        """Carry out confirmed moves, behind those that wait already."""
        if reason := self.objection():
            self._desk.tell(reason)
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
                self._desk.join(doing, self._host)
                self._desk.tell("It waits for those before it; 6 shows the queue.", "Queued")
                return
            queue = MoveQueue(self._desk.backend, self._desk.journal, moves, advised=self._advised)
        except VmferryError as error:
            self._desk.glass.post(Trouble("not queued", error))
            return
        if flying := ", ".join(migration.vm for migration in self._desk.backend.picture.migrations):
            self._desk.tell(f"It waits until {flying} has arrived; 6 shows the queue.", "Queued")
        self._host = doing
        self._desk.carry_out(doing, queue.run())
        self.watch(queue)

    def watch(self, queue: MoveQueue) -> None:
        """Show this queue from now on."""
        self._queue = queue
        self._desk.glass.work("queue", partial(self._watch, queue), exclusive=True)

    async def _watch(self, queue: MoveQueue) -> None:
        async for state in queue.states.read():
            self._desk.glass.post(QueueChanged(state))

    # What the operator changes about it

    def move_up(self, vm: str) -> None:
        if self._queue is not None:
            self._queue.move_up(vm)

    def remove(self, vm: str) -> None:
        if self._queue is not None:
            self._queue.remove(vm)

    def set_limit(self, limit: int) -> None:
        if self._queue is not None:
            self._queue.set_limit(limit)

    def toggle_pause(self) -> None:
        if self._queue is not None and self._queue.state.paused:
            self._queue.resume()
        elif self._queue is not None:
            self._queue.pause()

    def stop(self) -> None:
        if self._queue is not None:
            self._queue.stop()
