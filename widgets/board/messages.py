"""What the board says. To be had as `Board.PickedUp` and so on."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from widgets import drag


@dataclass
class SelectionChanged(Message, namespace="board"):
    """Another VM, or node, is selected."""

    vm: str | None
    node: str | None


@dataclass
class DetailsWanted(Message, namespace="board"):
    """Show more of the VM, or where it is `None`, of the node."""

    vm: str | None
    node: str | None


@dataclass
class PickedUp(Message, namespace="board"):
    """VMs are in the hand: verdicts are wanted."""

    vms: tuple[str, ...]


@dataclass
class TargetChanged(Message, namespace="board"):
    """The hand is over another node, or over none."""

    node: str | None


@dataclass
class Dropped(Message, namespace="board"):
    """The operator wants these VMs on that node."""

    vms: tuple[str, ...]
    node: str


@dataclass
class PutBack(Message, namespace="board"):
    """The hand is empty again, and nothing is wanted."""


@dataclass
class Unmovable(Message, namespace="board"):
    """A VM could not be picked up; `reason` is a sentence."""

    vm: str
    reason: str


def said(intent: drag.Intent) -> Message:
    """What an intent of the hand is to the app."""
    match intent:
        case drag.PickUp(vms):
            return PickedUp(vms)
        case drag.Target(node):
            return TargetChanged(node)
        case drag.Drop(vms, node):
            return Dropped(vms, node)
        case drag.PutBack():
            return PutBack()
