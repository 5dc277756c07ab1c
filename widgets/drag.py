"""Picking VMs up and dropping them: one state machine, fed by mouse and keys alike. Pure.

::

    Resting ──Press──▶ Pressed ──Move (≥ 2 cells)──▶ Carrying ──Release/Confirm──▶ Resting
       └────────────────Lift────────────────────────▶   └──Escape/Lost────────────▶ Resting

Every `PickUp` is followed by exactly one `Drop` or `PutBack`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

THRESHOLD = 2
"""Cells that the mouse moves before a press is a drag."""


@dataclass(frozen=True, slots=True)
class Resting:
    """Nothing is picked up."""


@dataclass(frozen=True, slots=True)
class Pressed:
    """The button is down on a card; it may become a drag or a click."""

    vms: tuple[str, ...]
    homes: frozenset[str]
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Carrying:
    """VMs are in the hand; `target` is where they would be dropped."""

    vms: tuple[str, ...]
    homes: frozenset[str]
    target: str | None = None
    typed: str = ""
    by_mouse: bool = False


State: TypeAlias = Resting | Pressed | Carrying


@dataclass(frozen=True, slots=True)
class Press:
    vms: tuple[str, ...]
    homes: frozenset[str]
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Move:
    x: int
    y: int
    node: str | None


@dataclass(frozen=True, slots=True)
class Release:
    x: int
    y: int
    node: str | None


@dataclass(frozen=True, slots=True)
class Lift:
    """Pick up with a key."""

    vms: tuple[str, ...]
    homes: frozenset[str]


@dataclass(frozen=True, slots=True)
class Aim:
    """Choose the target with a key."""

    node: str | None


@dataclass(frozen=True, slots=True)
class Type:
    """Type one more character of the target's name; or take the last away."""

    character: str
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Confirm:
    """Drop with a key."""


@dataclass(frozen=True, slots=True)
class Escape:
    """Put back, or lose the mouse."""


@dataclass(frozen=True, slots=True)
class Changed:
    """Another picture: what can still be carried, and to where."""

    homes: dict[str, str]
    """Each VM that can be moved, and where it runs."""
    nodes: tuple[str, ...]


Input: TypeAlias = Press | Move | Release | Lift | Aim | Type | Confirm | Escape | Changed


@dataclass(frozen=True, slots=True)
class PickUp:
    vms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Target:
    node: str | None


@dataclass(frozen=True, slots=True)
class Drop:
    vms: tuple[str, ...]
    node: str


@dataclass(frozen=True, slots=True)
class PutBack:
    vms: tuple[str, ...]


Intent: TypeAlias = PickUp | Target | Drop | PutBack

ERASE = ""


def step(state: State, happened: Input) -> tuple[State, tuple[Intent, ...]]:
    """The state after it happened, and what the operator meant by it."""
    match state, happened:
        case Resting() | Pressed(), Press(vms, homes, x, y) if vms:
            return Pressed(vms, homes, x, y), ()
        case Resting() | Pressed(), Lift(vms, homes) if vms:
            return Carrying(vms, homes), (PickUp(vms),)
        case Pressed(), Move(x, y, node) if _far(state, x, y):
            carrying = Carrying(state.vms, state.homes, by_mouse=True)
            return _aimed(carrying, node, PickUp(state.vms))
        case Pressed(vms, homes), Release(x, y, str(node)) if _far(state, x, y):
            # A terminal that reports no motion.
            return _dropped(Carrying(vms, homes, node), PickUp(vms))
        case Pressed(), Release() | Escape():
            return Resting(), ()
        case Carrying(), Move(node=node):
            return _aimed(replace(state, by_mouse=True), node)
        case Carrying(), Aim(node):
            return _aimed(replace(state, typed=""), node)
        case Carrying(), Type(character, nodes):
            typed = state.typed + character if character != ERASE else state.typed[:-1]
            node = named(typed, nodes) if typed else state.target
            return _aimed(replace(state, typed=typed), node)
        case Carrying(by_mouse=True), Release(node=node):
            return _dropped(replace(state, target=node))
        case Carrying(target=str()), Confirm():
            return _dropped(state)
        case Carrying(vms), Escape():
            return Resting(), (PutBack(vms),)
        case _, Changed():
            return _changed(state, happened)
    return state, ()


def named(typed: str, nodes: tuple[str, ...]) -> str | None:
    """The node meant by a part of its name: one that begins with it before one that holds it."""
    part = typed.casefold()
    beginning = (node for node in nodes if node.casefold().startswith(part))
    holding = (node for node in nodes if part in node.casefold())
    return next(beginning, None) or next(holding, None)


def _far(pressed: Pressed, x: int, y: int) -> bool:
    return max(abs(x - pressed.x), abs(y - pressed.y)) >= THRESHOLD


def _aimed(state: Carrying, node: str | None, *before: Intent) -> tuple[State, tuple[Intent, ...]]:
    if node == state.target:
        return state, before
    return replace(state, target=node), (*before, Target(node))


def _dropped(state: Carrying, *before: Intent) -> tuple[State, tuple[Intent, ...]]:
    if state.target is None or state.homes == {state.target}:
        return Resting(), (*before, PutBack(state.vms))
    return Resting(), (*before, Drop(state.vms, state.target))


def _changed(state: State, now: Changed) -> tuple[State, tuple[Intent, ...]]:
    if isinstance(state, Resting):
        return state, ()
    vms = tuple(vm for vm in state.vms if vm in now.homes)
    if not vms:
        return Resting(), (PutBack(state.vms),) if isinstance(state, Carrying) else ()
    homes = frozenset(now.homes[vm] for vm in vms)
    if isinstance(state, Pressed):
        return replace(state, vms=vms, homes=homes), ()
    intents: tuple[Intent, ...] = ()
    if vms != state.vms:
        # The verdicts were for another set: it counts as put back and picked up anew.
        intents = (PutBack(state.vms), PickUp(vms))
    state = replace(state, vms=vms, homes=homes)
    if state.target is not None and state.target not in now.nodes:
        return _aimed(state, None, *intents)
    return state, intents
