"""The plan of one move that is made while others are under way."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from backends.base import Backend
from backends.errors import Refused
from backends.judge import judge, make_plan, refusal
from backends.plan import Action, ActionKind, Plan, Prediction
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


def _without(prediction: Prediction, anyway: Sequence[Action], own: frozenset[str]) -> Prediction:
    known = {_what(action) for action in anyway if action.resource not in own}
    moved = tuple(action for action in prediction.moved if _what(action) not in known)
    cleared = prediction.cleared
    if cleared is not None:
        cleared = tuple(action for action in cleared if _what(action) not in known)
    return replace(prediction, moved=moved, cleared=cleared)


def _what(action: Action) -> tuple[ActionKind, str, str | None, str | None]:
    """An action without its reason, which may be worded otherwise each time."""
    return (action.kind, action.resource, action.source, action.target)
