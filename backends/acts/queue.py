"""Many moves: in an order that can be changed, a few at once, stopping at a failure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import replace

from backends.acts.departure import begin, depart
from backends.acts.journal import Act, Journal
from backends.acts.migration import finish_move
from backends.acts.planning import go_together
from backends.acts.transaction import Report, quiet, vm_in, writer_of
from backends.acts.tuning import protect
from backends.aio.latest import Latest
from backends.aio.tasks import cancel
from backends.clusters.base import Backend
from backends.data.errors import Refused, VmferryError
from backends.data.picture import VM
from backends.data.plan import Plan, Verdict
from backends.judgement.moves import Item, ItemState, Move, QueueState, eta_s
from backends.judgement.waves import at_once, goes_alone

STOPPED = "stopped by the operator"
QUIET = "waits until nothing else is in flight"


class MoveQueue:
    """Carries out moves, each planned again right before it is sent.

    As many go side by side as the limit allows, as no failure would restart, and as the scheduler
    migrates live in one go; all others alone. The next begin when all those have come to their end:
    Pacemaker begins nothing new before. `advised`: a verdict with the doctor's word on it. What it
    does is to be read from `states`; `run` does it. The other methods may be called at any time.
    Raises `Refused` where a VM is given twice, and `Unknown`.
    """

    def __init__(
        self,
        backend: Backend,
        journal: Journal,
        moves: Sequence[Move],
        *,
        limit: int | None = None,
        advised: Callable[[Verdict], Verdict] | None = None,
    ) -> None:
        self._backend = backend
        self._advised = advised
        self._journal = journal
        self._wave: asyncio.Task[None] | None = None
        self._news: asyncio.Queue[Report | None] = asyncio.Queue()
        self._error: VmferryError | None = None
        self._state = QueueState(self._items(moves), limit or at_once(backend.picture))
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
        self._change(self._state.with_earlier(vm))

    def set_limit(self, limit: int) -> None:
        """How many at once leave a node, or enter it, from the next that begin on."""
        self._change(replace(self._state, limit=max(1, limit)))

    def remove(self, vm: str) -> None:
        """Take out a VM that waits."""
        self._change(self._state.without(vm))

    async def run(self) -> AsyncGenerator[Report]:
        """Carry them out; what runs when it is left goes on.

        Raises `Refused` before anything was sent, and the error of the one that failed.
        """
        writer_of(self._backend)
        try:
            while True:
                self._begin()
                if self._wave is None and self._over and self._news.empty():
                    break
                news = await self._news.get()
                if news is not None:
                    yield news
                self._reap()
        finally:
            if self._wave is not None:
                await cancel(self._wave)
            self.states.close()
        if self._error is not None:
            raise self._error

    @property
    def _over(self) -> bool:
        waits = self._state.having(ItemState.QUEUED)
        return not waits or self._state.stopped is not None

    def _begin(self) -> None:
        wave = self._state.wave()
        if not wave or self._wave is not None:
            return
        self._put(replace(wave[0], state=ItemState.RUNNING, text=QUIET))
        self._wave = asyncio.create_task(self._carry_out(wave), name="wave of moves")
        self._wave.add_done_callback(lambda _: self._news.put_nowait(None))

    def _reap(self) -> None:
        if self._wave is not None and self._wave.done():
            wave, self._wave = self._wave, None
            wave.result()

    async def _carry_out(self, wave: Sequence[Item]) -> None:
        """The first of these for sure, and of the others those that may go beside it."""
        try:
            await quiet(self._backend)
            if self._state.paused or self._state.stopped is not None:
                self._put(wave[0])
                if self._state.stopped is not None:
                    self._change(self._state.with_none_waiting(self._state.stopped))
                return
            plans = await self._plans(wave)
            going = [plan for plan in plans if self._waits(*plan.vms)]
            if going:
                await self._move(going)
        except VmferryError as error:
            for item in self._state.having(ItemState.RUNNING):
                self._fail(item.vm, error)

    def _waits(self, vm: str) -> bool:
        """Whether it was not taken out meanwhile."""
        ahead = self._state.having(ItemState.RUNNING, ItemState.QUEUED)
        return any(item.vm == vm for item in ahead)

    async def _move(self, plans: Sequence[Plan]) -> None:
        acts = begin(self._backend, plans, self._journal)
        try:
            for act in acts:
                item, now = self._state.item(act.intent.vm), self._backend.picture.taken_at
                self._put(replace(item, state=ItemState.RUNNING, began_at=now))
            async with aclosing(depart(self._backend, acts, plans)) as reports:
                async for report in reports:
                    self._tell(report)
            await asyncio.gather(*map(self._follow, acts))
        finally:
            for act in acts:
                act.leave()

    async def _follow(self, act: Act) -> None:
        vm = act.intent.vm
        try:
            async with aclosing(finish_move(self._backend, act)) as reports:
                async for report in reports:
                    self._tell(report)
        except VmferryError as error:
            self._fail(vm, error)
        else:
            self._end(vm, ItemState.DONE, "")

    async def _plans(self, items: Sequence[Item]) -> list[Plan]:
        """The plans of those that go now, from the first on. Raises why the first cannot go."""
        plans: list[Plan] = []
        for item in items:
            try:
                if not self._is_due(item):
                    continue
                plan = await self._plan(item)
            except VmferryError:
                if plans:
                    break  # its turn comes when these have arrived
                raise
            vm = vm_in(self._backend.picture, item.vm)
            alone = plan.reboots or goes_alone(vm)
            if plans and alone:
                break
            plans.append(plan)
            if alone:
                break
        if len(plans) > 1 and not await go_together(self._backend, plans):
            del plans[1:]
        return plans

    async def _plan(self, item: Item) -> Plan:
        if item.move.protect:
            async for report in protect(self._backend, [item.vm]):
                self._news.put_nowait(report)
        await self._backend.refresh()
        plan = await self._backend.plan([item.vm], item.move.node, keep=item.move.keep)
        if self._advised is not None:
            plan = replace(plan, verdict=self._advised(plan.verdict))
        if not item.move.allows(plan.verdict):
            reason = f" ({plan.verdict.reasons[0]})" if plan.verdict.reasons else ""
            raise Refused(
                f"moving {item.vm} to {item.move.node} is {plan.verdict.kind.value} now{reason}, "
                f"and {item.move.confirmed.value} was confirmed",
                cure="look at the new plan",
            )
        return plan

    def _is_due(self, item: Item) -> bool:
        """Whether it is still where it was: else somebody, or a VM it goes with, took it along."""
        if not self._waits(item.vm):
            return False
        node = vm_in(self._backend.picture, item.vm).node
        if node != item.source:
            why = f"it is on {node or 'no node'} already, not on {item.source or 'any node'}"
            self._end(item.vm, ItemState.SKIPPED, why)
        return node == item.source

    def _tell(self, report: Report) -> None:
        now = self._state.item(report.vm)
        migration = report.migration or now.migration
        self._put(replace(now, text=report.text, migration=migration))
        self._news.put_nowait(report)

    def _fail(self, vm: str, error: VmferryError) -> None:
        self._error = self._error or error
        self._end(vm, ItemState.FAILED, str(error))
        self._halt(f"{vm} failed")

    def _halt(self, why: str) -> None:
        stopped = replace(self._state, stopped=self._state.stopped or why)
        self._change(stopped.with_none_waiting(why))

    def _end(self, vm: str, state: ItemState, text: str) -> None:
        ended_at = self._backend.picture.taken_at
        item = replace(
            self._state.item(vm), state=state, text=text, migration=None, ended_at=ended_at
        )
        self._put(item)

    def _put(self, item: Item) -> None:
        self._state = self._state.with_item(item)
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
