"""Many moves: in an order that can be changed, one after the other, stopping at a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise

from backends.base import Backend
from backends.errors import Refused, VmferryError
from backends.journal import Journal
from backends.latest import Latest
from backends.migration import migrate
from backends.model import VM
from backends.moves import Item, ItemState, Move, QueueState, eta_s
from backends.planning import plan_beside
from backends.tasks import cancel
from backends.transaction import Report, quiet, vm_in, writer_of
from backends.tuning import protect

STOPPED = "stopped by the operator"
QUIET = "waits until nothing else is in flight"


class MoveQueue:
    """Carries out moves, each planned again right before it is sent.

    They go one after the other, and only while nothing else is in flight (see `moves.AT_ONCE`).
    `keep`: the moves leave their constraints, for an evacuation to remove. What it does is to be
    read from `states`; `run` does it. The other methods may be called at any time.
    Raises `Refused` where a VM is given twice, and `Unknown`.
    """

    def __init__(
        self,
        backend: Backend,
        journal: Journal,
        moves: Sequence[Move],
        *,
        keep: bool = False,
    ) -> None:
        self._backend = backend
        self._journal = journal
        self._keep = keep
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._news: asyncio.Queue[Report | None] = asyncio.Queue()
        self._error: VmferryError | None = None
        self._state = QueueState(self._items(moves))
        self.states: Latest[QueueState] = Latest()
        self._publish()

    @property
    def state(self) -> QueueState:
        return self._state

    def add(self, moves: Sequence[Move]) -> None:
        """Let more wait at the end. Raises `Refused` when it has ended or has the VM already."""
        if self._state.finished or self._state.stopped is not None:
            raise Refused("the queue has ended")
        new = self._items(moves)
        names = {item.vm for item in new}
        for item in self._state.having(ItemState.QUEUED, ItemState.RUNNING):
            if item.vm in names:
                raise Refused(f"{item.vm} is in the queue already", cure="take it out first")
        kept = tuple(item for item in self._state.items if item.vm not in names)
        self._change(replace(self._state, items=(*kept, *new)))

    def _items(self, moves: Sequence[Move]) -> tuple[Item, ...]:
        items = tuple(_item(vm_in(self._backend.picture, move.vm), move) for move in moves)
        if len({item.vm for item in items}) < len(items):
            raise Refused("a VM cannot be moved to two nodes at once", cure="name it once")
        return items

    def pause(self) -> None:
        """Begin no more for now; what runs goes on."""
        self._change(replace(self._state, paused=True))

    def resume(self) -> None:
        """Go on after a pause."""
        self._change(replace(self._state, paused=False))

    def stop(self) -> None:
        """Begin no more at all; what runs goes on to its end."""
        if not self._state.finished:
            self._halt(STOPPED)

    def move_up(self, vm: str) -> None:
        """Let a VM that waits begin before the one that waits above it."""
        items = list(self._state.items)
        waiting = [n for n, item in enumerate(items) if item.state is ItemState.QUEUED]
        for above, below in pairwise(waiting):
            if items[below].vm == vm:
                items[above], items[below] = items[below], items[above]
        self._change(replace(self._state, items=tuple(items)))

    def remove(self, vm: str) -> None:
        """Take out a VM that waits."""
        items = tuple(
            item
            for item in self._state.items
            if item.vm != vm or item.state is not ItemState.QUEUED
        )
        self._change(replace(self._state, items=items))

    async def run(self) -> AsyncGenerator[Report]:
        """Carry them out; what runs when it is left goes on.

        Raises `Refused` before anything was sent, and the error of the one that failed.
        """
        writer_of(self._backend)
        try:
            while True:
                self._begin_next()
                if not self._tasks and self._over and self._news.empty():
                    break
                news = await self._news.get()
                if news is not None:
                    yield news
                self._reap()
        finally:
            await cancel(*self._tasks.values())
            self.states.close()
        if self._error is not None:
            raise self._error

    @property
    def _over(self) -> bool:
        waits = self._state.having(ItemState.QUEUED)
        return not waits or self._state.stopped is not None

    def _begin_next(self) -> None:
        item = self._state.next()
        if item is None:
            return
        began_at = self._backend.picture.taken_at
        running = replace(item, state=ItemState.RUNNING, text=QUIET, began_at=began_at)
        self._put(running)
        task = asyncio.create_task(self._carry_out(running), name=f"move {item.vm}")
        task.add_done_callback(lambda _: self._news.put_nowait(None))
        self._tasks[item.vm] = task

    def _reap(self) -> None:
        for vm in [vm for vm, task in self._tasks.items() if task.done()]:
            self._tasks.pop(vm).result()

    async def _carry_out(self, item: Item) -> None:
        vm = item.vm
        try:
            skipped = await self._no_longer_due(item)
            if skipped is None:
                await self._move(item)
        except VmferryError as error:
            self._error = self._error or error
            self._end(vm, ItemState.FAILED, str(error))
            self._halt(f"{vm} failed")
        else:
            state = ItemState.DONE if skipped is None else ItemState.SKIPPED
            self._end(vm, state, skipped or "")

    async def _move(self, item: Item) -> None:
        if item.move.protect:
            async for report in protect(self._backend, [item.vm]):
                self._news.put_nowait(report)
        await self._backend.refresh()
        plan = await plan_beside(self._backend, [item.vm], item.move.node, keep=self._keep)
        if not item.move.allows(plan.verdict):
            reason = f" ({plan.verdict.reasons[0]})" if plan.verdict.reasons else ""
            raise Refused(
                f"moving {item.vm} to {item.move.node} is {plan.verdict.kind.value} now{reason}, "
                f"and {item.move.confirmed.value} was confirmed",
                cure="look at the new plan",
            )
        reports = migrate(self._backend, plan, self._journal, keep=self._keep)
        async with aclosing(reports):
            async for report in reports:
                now = self._item(item.vm)
                migration = report.migration or now.migration
                self._put(replace(now, text=report.text, migration=migration))
                self._news.put_nowait(report)

    async def _no_longer_due(self, item: Item) -> str | None:
        """Why it need not be moved: somebody, or a VM that it goes with, took it along."""
        await quiet(self._backend)
        node = vm_in(self._backend.picture, item.vm).node
        if node == item.source:
            return None
        return f"it is on {node or 'no node'} already, not on {item.source or 'any node'}"

    def _halt(self, why: str) -> None:
        items = tuple(
            replace(item, state=ItemState.SKIPPED, text=why)
            if item.state is ItemState.QUEUED
            else item
            for item in self._state.items
        )
        self._change(replace(self._state, items=items, stopped=self._state.stopped or why))

    def _item(self, vm: str) -> Item:
        return next(item for item in self._state.items if item.vm == vm)

    def _end(self, vm: str, state: ItemState, text: str) -> None:
        ended_at = self._backend.picture.taken_at
        item = replace(self._item(vm), state=state, text=text, migration=None, ended_at=ended_at)
        self._put(item)

    def _put(self, item: Item) -> None:
        items = tuple(item if old.vm == item.vm else old for old in self._state.items)
        self._state = replace(self._state, items=items)
        self._publish()

    def _change(self, state: QueueState) -> None:
        self._state = state
        self._publish()
        self._news.put_nowait(None)

    def _publish(self) -> None:
        self._state = replace(self._state, eta_s=eta_s(self._state.items))
        self.states.publish(self._state)


def _item(vm: VM, move: Move) -> Item:
    return Item(move, vm.node, memory_bytes=vm.memory_bytes)
