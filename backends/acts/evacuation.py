"""Emptying a node: every guest that can moves live, and the node ends in standby."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from contextlib import aclosing

from backends.acts.emptying import (
    clear,
    conclude,
    follow,
    give_up,
    holds,
    moved_by,
    to_standby,
)
from backends.acts.evacuation_plan import objection
from backends.acts.journal import Act, Evacuee, Intent, Journal
from backends.acts.queue import MoveQueue
from backends.acts.staying import leave_behind, still_there, stopped_there, who_stays
from backends.acts.transaction import Report, Stage, quiet, vm_in, writer_of
from backends.acts.tuning import protect
from backends.clusters.base import Backend
from backends.data.errors import Refused, VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Verdict
from backends.judgement.leaving import (
    EvacuationPlan,
    EvacuationWay,
    Leaving,
)
from backends.judgement.proof import calls

KIND = "evacuate"
BACK = "bring back"
"""Of their journal entries."""


class Evacuation:
    """One evacuation. `queue` is there VM by VM: to be watched, paused and stopped.

    `allow_reboot`: the operator confirmed that the guests which cannot move live are stopped.
    `advised`: as for a `MoveQueue`.
    """

    def __init__(
        self,
        backend: Backend,
        plan: EvacuationPlan,
        way: EvacuationWay,
        journal: Journal,
        *,
        allow_reboot: bool = False,
        advised: Callable[[Verdict], Verdict] | None = None,
    ) -> None:
        self._backend = backend
        self._plan = plan
        self._way = way
        self._journal = journal
        self._allow_reboot = allow_reboot
        self.queue: MoveQueue | None = None
        if way is EvacuationWay.VM_BY_VM:
            self.queue = MoveQueue(
                backend, journal, plan.moves, limit=plan.at_once, advised=advised
            )

    async def run(self) -> AsyncGenerator[Report]:
        """Empty the node. Reports of the node itself have an empty `vm`.

        Raises `Refused` before anything was sent, `ActFailed`, naming who is where, after.
        """
        writer_of(self._backend)
        plan, way, picture = self._plan, self._way, await self._backend.fresh()
        if reason := objection(picture, plan.node):
            raise Refused(reason, where=plan.node)
        stopped = plan.interrupted(way)
        if stopped and way is EvacuationWay.STANDBY and not self._allow_reboot:
            raise Refused(f"a standby would stop {', '.join(stopped)}", where=plan.node)
        confirmed = stopped if self._allow_reboot else ()
        if plan.protections:
            await quiet(self._backend)
            async for report in protect(self._backend, [leaving.vm for leaving in plan.vms]):
                yield report
            picture = self._backend.picture
        known = [(leaving, vm_in(picture, leaving.vm)) for leaving in plan.vms]
        act = self._journal.begin(
            Intent(
                kind=KIND,
                cluster=picture.name,
                vm="",
                source=plan.node,
                target=None,
                reboot=bool(confirmed),
                at=time.time(),
                way=way.value,
                evacuees=(
                    *(
                        Evacuee(vm.id, leaving.goes_to(way), vm.id in confirmed, calls(vm))
                        for leaving, vm in known
                    ),
                    *_left_of_the_last(picture, self._journal, plan),
                ),
            )
        )
        try:
            staying = [each for each in plan.vms if each.vm in set(stopped) - set(confirmed)]
            carried_out = _carry_out(self._backend, act, self.queue, staying)
            async with aclosing(carried_out) as reports:
                async for report in reports:
                    yield report
        finally:
            act.leave()


def last_evacuees(journal: Journal, cluster: str | None, node: str) -> tuple[Evacuee, ...]:
    """Who was on the node when it was last emptied, were it in several goes; none if forgotten."""
    found: list[Evacuee] = []
    for intent in journal.closed():
        if (intent.cluster, intent.source) != (cluster, node):
            continue
        if intent.kind == KIND:
            found.extend(intent.evacuees)
        elif intent.kind == BACK and found:
            break
    return tuple({evacuee.vm: evacuee for evacuee in reversed(found)}.values())


def _left_of_the_last(
    picture: Cluster, journal: Journal, plan: EvacuationPlan
) -> Iterator[Evacuee]:
    """Whom an evacuation that ended early still holds away from the node by a constraint."""
    here = {leaving.vm for leaving in plan.vms}
    for evacuee in last_evacuees(journal, picture.name, plan.node):
        vm = picture.vm(evacuee.vm)
        if vm is not None and vm.id not in here and holds(vm, evacuee.target):
            yield Evacuee(vm.id, evacuee.target, False, calls(vm))


def evacuate(
    backend: Backend,
    plan: EvacuationPlan,
    way: EvacuationWay,
    journal: Journal,
    *,
    allow_reboot: bool = False,
) -> AsyncGenerator[Report]:
    """`Evacuation.run` for those who need no queue."""
    return Evacuation(backend, plan, way, journal, allow_reboot=allow_reboot).run()


async def finish_evacuation(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Take up one that was cut short: to its end once the node is in standby, else back.

    No VM that had not begun to move is moved: whoever let go may not want that any more.
    Raises `ActFailed`, naming who is still on the node.
    """
    node = act.intent.source or ""
    await quiet(backend)
    known = backend.picture.node(node)
    if known is None or known.standby:
        async with aclosing(_finish(backend, act, node)) as reports:
            async for report in reports:
                yield report
    elif not moved_by(backend.picture, act):
        act.close("nothing had moved")
        yield Report("", Stage.DONE, f"{node}: nothing had moved, nothing is left")
    else:
        async with aclosing(give_up(backend, act, "it was cut short", None)) as reports:
            async for report in reports:
                yield report


async def _carry_out(
    backend: Backend, act: Act, queue: MoveQueue | None, staying: Sequence[Leaving]
) -> AsyncGenerator[Report]:
    if queue is not None:
        failure: VmferryError | None = None
        try:
            async with aclosing(queue.run()) as reports:
                async for report in reports:
                    yield report
        except VmferryError as error:
            failure = error
        if failure is not None:
            async with aclosing(
                give_up(backend, act, queue.state.stopped or "", failure)
            ) as reports:
                async for report in reports:
                    yield report
    node = act.intent.source or ""
    stays = who_stays(node, still_there(backend.picture, node, staying))
    if queue is not None and queue.state.stopped is not None:
        stays = stopped_there(backend.picture, node)
    if stays:
        async with aclosing(leave_behind(backend, act, stays)) as reports:
            async for report in reports:
                yield report
        return
    async with aclosing(to_standby(backend, act, node)) as reports:
        async for report in reports:
            yield report
    async with aclosing(_finish(backend, act, node)) as reports:
        async for report in reports:
            yield report


async def _finish(backend: Backend, act: Act, node: str) -> AsyncGenerator[Report]:
    async with aclosing(follow(backend, act, node)) as reports:
        async for report in reports:
            yield report
    async with aclosing(clear(backend, act, node)) as reports:
        async for report in reports:
            yield report
    yield conclude(backend, act, node)
