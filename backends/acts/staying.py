"""The end of an evacuation in which not all had to leave, as the operator wanted it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from backends.acts.emptying import clear, holds
from backends.acts.journal import Act
from backends.acts.queue import STOPPED
from backends.acts.transaction import Report, Stage
from backends.clusters.base import Backend
from backends.data.picture import Cluster
from backends.judgement.leaving import Leaving, on_node


def still_there(picture: Cluster, node: str, staying: Iterable[Leaving]) -> tuple[Leaving, ...]:
    """Who of them keeps the node out of standby."""
    here = {vm.id for vm in on_node(picture, node)}
    return tuple(leaving for leaving in staying if leaving.vm in here)


def who_stays(node: str, staying: Sequence[Leaving]) -> str:
    """And why."""
    return "; ".join(f"{each.vm} stays on {node}: {each.why}" for each in staying)


def stopped_there(picture: Cluster, node: str) -> str:
    """Who is there when the operator stops the queue."""
    here = ", ".join(vm.id for vm in on_node(picture, node))
    return f"{STOPPED}, with {here or 'nothing'} on {node}"


async def leave_behind(backend: Backend, act: Act, stays: str) -> AsyncGenerator[Report]:
    """The others have gone: clear up behind them, and say who stays. No standby."""
    node = act.intent.source or ""
    async with aclosing(clear(backend, act, node)) as reports:
        async for report in reports:
            yield report
    picture = backend.picture
    gone, held = [], []
    for evacuee in act.intent.evacuees:
        vm = picture.vm(evacuee.vm)
        if vm is not None and vm.node != node and node not in vm.nodes:
            gone.append(vm.id)
            held += [vm.id] if holds(vm, evacuee.target) else []
    known = f"; the constraint of {', '.join(held)} stays, or it would go back" if held else ""
    act.close(f"left behind: {stays}")
    yield Report(
        "",
        Stage.DONE,
        f"{len(gone)} moved live away from {node}{known}; {stays}. No standby, as you wanted",
    )
