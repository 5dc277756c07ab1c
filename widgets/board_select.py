"""The selecting part of the board: cursor and marks, filter and density, all by keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive

from widgets.board_moves import Spot, Way, ends, moved
from widgets.board_repaint import BoardRepaint
from widgets.board_view import Cursor


class BoardSelect(BoardRepaint, can_focus=True):
    """A board with a selection that follows the VM, wherever it goes."""

    BINDINGS: ClassVar[list[BindingType]] = [
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
            "first",
            "First",
            show=False,
            id="board.first",
            tooltip="The first VM of the node",
        ),
        Binding(
            "end", "last", "Last", show=False, id="board.last", tooltip="The last VM of the node"
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
    ]

    filter_text: reactive[str] = reactive("", repaint=False)
    """Parts of a VM's name, domain, node or state; cards that lack one of them are hidden."""
    dense: reactive[bool | None] = reactive(None, repaint=False)
    """One line a VM; `None` leaves it to what fits."""

    @dataclass
    class SelectionChanged(Message, namespace="board"):
        """Another VM, or node, is selected."""

        vm: str | None
        node: str | None

    def select(self, vm: str | None, node: str | None = None) -> None:
        """Select a VM, or a node's head."""
        if vm is not None and (found := self._scene.find(vm)) is not None:
            self._select(*found)
        elif vm is None and (column := self._scene.index(node)) is not None:
            self._select(column, None)

    @property
    def selected_vm(self) -> str | None:
        return self._cursor.vm

    @property
    def selected_node(self) -> str | None:
        """The node of the selection, also when a VM on it is selected."""
        return self._cursor.node

    @property
    def marked(self) -> frozenset[str]:
        """The VMs that are picked up together."""
        return self._marked

    # Selection

    def _spot(self) -> Spot | None:
        if self._cursor.vm is not None:
            return self._scene.find(self._cursor.vm)
        column = self._scene.index(self._cursor.node)
        return (column, None) if column is not None else None

    def _select(self, column: int, index: int | None, *, scroll: bool = True) -> None:
        content = self._scene.columns[column]
        vm = None if index is None else content.cards[index].vm.id
        before, self._cursor = self._cursor, Cursor(content.name, vm)
        if self._cursor != before:
            if before.node != content.name or before.vm is None or vm is None:
                self._repaint()
            else:
                self._repaint_cards(before.vm, vm)
            self.post_message(self.SelectionChanged(vm, content.name))
        if scroll:
            self._bring_into_view(column, index)

    def _keep_cursor(self, before: Cursor, spot: Spot | None) -> None:
        """Follow the VM; where it is gone, stay as near as can be."""
        if not self._scene.columns:
            self._cursor = Cursor()
            return
        if before.vm is not None and (found := self._scene.find(before.vm)) is not None:
            self._select(*found, scroll=False)
            return
        column = self._scene.index(before.node) if spot or before.node else None
        filtered_out = (
            column is not None and self._scene.filtered and not self._scene.columns[column].cards
        )
        if column is None or filtered_out:
            first = next((i for i, c in enumerate(self._scene.columns) if c.cards), 0)
            self._select(first, ends(self._scene, first)[0], scroll=False)
            return
        index = spot[1] if spot and before.vm is not None else None
        last = ends(self._scene, column)[1]
        nearest = None if index is None or last is None else min(index, last)
        self._select(column, nearest, scroll=False)

    def _hand_of(self, vm: str) -> tuple[str, ...]:
        """What is meant by taking this VM: all the marked ones, if it is one of them."""
        if vm not in self._marked:
            return (vm,)
        return tuple(vm for vm, arriving in self._cards if vm in self._marked and not arriving)

    def action_step(self, way: str) -> None:
        """Move the selection."""
        spot = self._spot()
        if spot is not None:
            self._select(*moved(self._scene, self._layout, spot, Way[way]))

    def action_page(self, way: str) -> None:
        spot = self._spot()
        if spot is not None:
            cards = max(1, (self.size.height - self._layout.head_height) // self._layout.pitch)
            self._select(*moved(self._scene, self._layout, spot, Way[way], cards))

    def action_first(self) -> None:
        self._to_end(0)

    def action_last(self) -> None:
        self._to_end(1)

    def _to_end(self, end: int) -> None:
        spot = self._spot()
        if spot is not None:
            self._select(spot[0], ends(self._scene, spot[0])[end])

    def action_mark(self) -> None:
        """Mark the selected VM, or unmark it."""
        vm = self._cursor.vm
        if vm is not None:
            self._marked ^= {vm}
            self._repaint_cards(vm)

    def action_dense(self) -> None:
        """One line a VM, or two."""
        self.dense = self._layout.pitch > 1

    def watch_dense(self, dense: bool | None) -> None:
        self._pitch = None if dense is None else 1 if dense else 2
        self._replace()

    def watch_filter_text(self, text: str) -> None:
        spot, before = self._spot(), self._cursor
        self._compose_scene(text)
        self._keep_cursor(before, spot)

    def on_resize(self) -> None:
        self._replace()

    def _replace(self) -> None:
        if self._place():
            self._repaint()

    def on_focus(self) -> None:
        self._forget_look()
        self.refresh()

    def on_blur(self) -> None:
        self._forget_look()
        self.refresh()
