"""The end of an evacuation in which nobody who would be restarted had to leave."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing

from backends.acts.emptying import clear, holds
from backends.acts.journal import Act
from backends.acts.transaction import Report, Stage
from backends.base import Backend
from backends.leaving import Leaving, on_node
from backends.model import Cluster


def still_there(picture: Cluster, node: str, staying: Iterable[Leaving]) -> tuple[Leaving, ...]:
    """Who of them keeps the node out of standby."""
    here = {vm.id for vm in on_node(picture, node)}
    return tuple(leaving for leaving in staying if leaving.vm in here)


async def leave_behind(
    backend: Backend, act: Act, staying: Sequence[Leaving]
) -> AsyncGenerator[Report]:
    """The others have gone: clear up behind them, and say who stays and why. No standby."""
    node = act.intent.source or ""
    async with aclosing(clear(backend, act, node)) as reports:
        async for report in reports:
            yield report
    picture = backend.picture
    stays = "; ".join(f"{each.vm} stays on {node}: {each.why}" for each in staying)
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
        f"{len(gone)} moved live away from {node}{known}; {stays}. No standby, as confirmed",
    )
