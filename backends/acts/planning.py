"""What is foreseen of moves that are made while others are under way, or side by side."""

from __future__ import annotations

from collections.abc import Sequence

from backends.clusters.base import Backend
from backends.data.commands import moves
from backends.data.plan import Action, ActionKind, Command, Plan


async def foresee_beside(backend: Backend, commands: Sequence[Command]) -> tuple[Action, ...]:
    """What these commands would make the cluster do, less what it would do anyway.

    Raises what `Backend.foresee` raises.
    """
    foreseen = await backend.foresee(commands)
    if not foreseen:
        return ()
    anyway = {action.what for action in await backend.foresee(())}
    return tuple(action for action in foreseen if action.what not in anyway)


async def go_together(backend: Backend, plans: Sequence[Plan]) -> bool:
    """Whether they all go live when told in one write, with nothing that none of them names.

    Raises what `Backend.foresee` raises.
    """
    places = {vm: plan.node for plan in plans for vm in plan.vms}
    said = {action.what for plan in plans for action in plan.verdict.actions}
    foreseen = await foresee_beside(backend, [moves(places)])
    live = {a.resource: a.target for a in foreseen if a.kind is ActionKind.MIGRATE}
    arrive = all(live.get(vm) == node for vm, node in places.items())
    return arrive and all(a.resource in places or a.what in said for a in foreseen)
