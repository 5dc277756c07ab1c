"""What is foreseen of moves that are made while others are under way, or side by side."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backends.base import Backend
from backends.commands import moves
from backends.errors import Refused
from backends.judge import judge, make_plan, refusal
from backends.plan import Action, ActionKind, Command, Plan, Prediction
from backends.transaction import vm_in


async def plan_beside(
    backend: Backend, vms: Sequence[str], node: str, *, keep: bool = False
) -> Plan:
    """The plan of a move, less what the cluster would do without it just as well.

    `keep`: its constraint stays for now, and what its removal would do is not judged.
    Raises `Unknown`, `Refused`, and what `Backend.predict` raises.
    """
    picture = backend.picture
    for vm in vms:
        vm_in(picture, vm)
    refused = refusal(picture, tuple(vms), node)
    if refused is not None:
        return make_plan(picture, refused)
    prediction = (await backend.predict(vms, [node])).get(node)
    if prediction is None:
        raise Refused(f"the scheduler said nothing about {node}", cure="try again")
    if keep:
        prediction = replace(prediction, cleared=None)
    actions = (*prediction.moved, *(prediction.cleared or ()))
    if any(action.resource not in vms for action in actions):
        prediction = _without(prediction, await backend.foresee(()), frozenset(vms))
    return make_plan(picture, judge(picture, tuple(vms), node, prediction))


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


def _without(prediction: Prediction, anyway: Sequence[Action], own: frozenset[str]) -> Prediction:
    known = {action.what for action in anyway if action.resource not in own}
    moved = tuple(action for action in prediction.moved if action.what not in known)
    cleared = prediction.cleared
    if cleared is not None:
        cleared = tuple(action for action in cleared if action.what not in known)
    return replace(prediction, moved=moved, cleared=cleared)
