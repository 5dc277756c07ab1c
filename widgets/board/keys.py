"""The keys of the board."""

from __future__ import annotations

from textual import events
from textual.binding import Binding, BindingType

from widgets import drag

KEYS: list[BindingType] = [
    Binding("up,k", "step('UP')", "Up", show=False, id="board.up", tooltip="The card above"),
    Binding(
        "down,j", "step('DOWN')", "Down", show=False, id="board.down", tooltip="The card below"
    ),
    Binding(
        "left,h",
        "step('LEFT')",
        "Left",
        show=False,
        id="board.left",
        tooltip="The column to the left; the target, while a VM is picked up",
    ),
    Binding(
        "right,l",
        "step('RIGHT')",
        "Right",
        show=False,
        id="board.right",
        tooltip="The column to the right; the target, while a VM is picked up",
    ),
    Binding(
        "pageup",
        "page('UP')",
        "Page up",
        show=False,
        id="board.page_up",
        tooltip="A screenful up",
    ),
    Binding(
        "pagedown",
        "page('DOWN')",
        "Page down",
        show=False,
        id="board.page_down",
        tooltip="A screenful down",
    ),
    Binding(
        "home",
        "to_end(0)",
        "First",
        show=False,
        id="board.first",
        tooltip="The first VM of the node",
    ),
    Binding(
        "end", "to_end(1)", "Last", show=False, id="board.last", tooltip="The last VM of the node"
    ),
    Binding(
        "x,shift+space",
        "mark",
        "Mark",
        id="board.mark",
        tooltip="Add the VM to those that are picked up together",
    ),
    Binding(
        "d",
        "dense",
        "Dense",
        show=False,
        id="board.dense",
        tooltip="One line a VM, or two",
    ),
    Binding(
        "m,space",
        "pick_up",
        "Pick up",
        id="board.pick_up",
        tooltip="Pick the selected VMs up, to drop them on another node",
    ),
    Binding(
        "enter",
        "confirm",
        "Details",
        show=False,
        id="board.confirm",
        tooltip="Details; drop, while a VM is picked up",
    ),
    Binding(
        "tab",
        "targets",
        "Targets",
        show=False,
        id="board.targets",
        tooltip="While a VM is picked up: the nodes as a list, the best first, or no list",
    ),
    Binding(
        "escape",
        "put_back",
        "Put back",
        show=False,
        id="board.put_back",
        tooltip="Put the picked-up VMs back; unmark all",
    ),
]


def typed_in(event: events.Key) -> str | None:
    """What a key adds to a node's name, or takes away from it."""
    if event.key == "backspace":
        return drag.ERASE
    return event.character if event.is_printable and event.character != " " else None


def possible(action: str, *, carrying: bool) -> bool:
    """Whether a key has anything to do, with VMs in the hand or without."""
    if action in ("page", "to_end", "mark", "dense"):
        return not carrying
    return carrying if action == "targets" else True
