"""The board: nodes as columns, their VMs as cards, to be picked up and dropped elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.timer import Timer

from widgets import drag
from widgets.board_carry import BoardCarry
from widgets.board_moves import Way, neighbour
from widgets.board_view import Cursor
from widgets.layout import Hit, Part

_EDGE_CELLS = 2
_EDGE_TICK_S = 0.06


class Board(BoardCarry):
    """Shows a `Cluster`; mouse and keys pick VMs up, aim and drop through `widgets.drag`."""

    ALLOW_SELECT = False

    BINDINGS: ClassVar[list[BindingType]] = [
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
            "escape",
            "put_back",
            "Put back",
            show=False,
            id="board.put_back",
            tooltip="Put the picked-up VMs back; unmark all",
        ),
    ]

    @dataclass
    class DetailsWanted(Message):
        """Show more of the VM, or where it is `None`, of the node."""

        vm: str | None
        node: str | None

    _edge_timer: Timer | None = None
    _edge: tuple[int, int] = (0, 0)

    # Keys

    def action_step(self, way: str) -> None:
        """Move the selection; or the target, while VMs are in the hand."""
        if isinstance(self._drag, drag.Carrying):
            self._aim(Way[way])
        else:
            super().action_step(way)

    def _aim(self, way: Way) -> None:
        start = self._scene.index(self.target or self._cursor.node)
        if start is None:
            return
        beside = neighbour(self._layout, start, way)
        node = self._scene.columns[beside].name
        if node is not None:
            self._feed(drag.Aim(node))
            self._bring_into_view(beside, None)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "put_back":
            return bool(self.carrying or self._marked or isinstance(self._drag, drag.Pressed))
        if action in ("page", "first", "last", "mark", "dense"):
            return not self.carrying
        return True

    async def on_key(self, event: events.Key) -> None:
        """While VMs are in the hand, letters are part of a node's name.

        The board's own keys act here, too: on their way up to the app, where Textual looks for
        bindings, they would be overtaken by what is typed next.
        """
        typed = _typed(event)
        if isinstance(self._drag, drag.Carrying) and typed is not None:
            self._type(typed)
        elif (bound := self.screen.active_bindings.get(event.key)) and bound.node is self:
            await self.run_action(bound.binding.action)
        else:
            return
        event.stop()
        event.prevent_default()

    def _type(self, character: str) -> None:
        self._feed(drag.Type(character, self._scene.nodes))
        if self.target is not None and (column := self._scene.index(self.target)) is not None:
            self._bring_into_view(column, None)

    def action_pick_up(self) -> None:
        """Take what is marked, or the selected VM."""
        vm = self._cursor.vm
        if self.carrying:
            return
        if self._marked and (vm is None or vm in self._marked):
            vm = min(self._marked)
        if vm is not None:
            self.pick_up(self._hand_of(vm))

    def action_confirm(self) -> None:
        """Drop; with an empty hand, ask for details."""
        if self.carrying:
            self._feed(drag.Confirm())
        elif self._cursor != Cursor():
            self.post_message(self.DetailsWanted(self._cursor.vm, self._cursor.node))

    def action_put_back(self) -> None:
        """Empty the hand; with an empty hand, unmark all."""
        if isinstance(self._drag, drag.Resting):
            self._marked = frozenset()
            self._repaint()
        else:
            self.put_back()

    # The mouse

    def _over(self, event: events.MouseEvent) -> tuple[Offset, Hit | None]:
        offset = event.screen_offset - self.content_region.offset
        return offset, self._hit(*offset)

    def _node_at(self, offset: Offset) -> str | None:
        """The node under the pointer; the line between two columns belongs to the left one."""
        hit = self._hit(*offset) or self._hit(offset.x - 1, offset.y)
        return self._scene.columns[hit.column].name if hit is not None else None

    def on_mouse_down(self, event: events.MouseDown) -> None:
        offset, hit = self._over(event)
        if event.button != 1 or hit is None:
            return
        event.stop()
        if self.carrying:
            self._feed(drag.Aim(self._scene.columns[hit.column].name))
            return
        if hit.card is None:
            if hit.part is Part.HEAD:
                self._select(hit.column, None, scroll=False)
            return
        card = self._scene.columns[hit.column].cards[hit.card]
        if card.arriving:
            self.select(card.vm.id)
            return
        self._select(hit.column, hit.card, scroll=False)
        if event.ctrl:
            self.action_mark()
            return
        homes = self._homes(self._hand_of(card.vm.id))
        self.capture_mouse()
        self._feed(drag.Press(tuple(homes), frozenset(homes.values()), *offset))

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is not self:
            return
        event.stop()
        if isinstance(self._drag, drag.Resting):
            # The press was on a VM that cannot be picked up.
            self._homes(filter(None, [self._cursor.vm]), complain=True)
            self._let_go()
            return
        offset, _ = self._over(event)
        self._feed(drag.Move(*offset, self._node_at(offset)))
        if self.carrying:
            self._point_at(offset)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        if self.app.mouse_captured is not self:
            return
        event.stop()
        offset, _ = self._over(event)
        self._feed(drag.Release(*offset, self._node_at(offset)))
        self._let_go()

    def on_mouse_release(self) -> None:
        """The mouse was taken away, by a dialog for instance."""
        if self._mouse_is_down() or isinstance(self._drag, drag.Pressed):
            self.put_back()

    def on_click(self, event: events.Click) -> None:
        if event.chain == 2 and isinstance(self._drag, drag.Resting):
            _, hit = self._over(event)
            if hit is not None and hit.part is not Part.BODY:
                event.stop()
                self.post_message(self.DetailsWanted(self._cursor.vm, self._cursor.node))

    def _let_go(self) -> None:
        self._stop_edge()
        super()._let_go()

    def _point_at(self, offset: Offset) -> None:
        before = self._label_region()
        self._pointer = offset
        after = self._label_region()
        if before != after:
            self.refresh(*(region for region in (before, after) if region is not None))
        width, height = self.size
        self._edge = (
            (offset.x >= width - _EDGE_CELLS) - (offset.x < _EDGE_CELLS),
            (offset.y >= height - 1) - (offset.y < 1),
        )
        if self._edge == (0, 0):
            self._stop_edge()
        elif self._edge_timer is None:
            self._edge_timer = self.set_interval(_EDGE_TICK_S, self._scroll_at_edge)

    def _stop_edge(self) -> None:
        if self._edge_timer is not None:
            self._edge_timer.stop()
            self._edge_timer = None

    def _scroll_at_edge(self) -> None:
        """Scroll on while the pointer stays at the edge, and aim at what comes under it."""
        if self._pointer is None or not self._mouse_is_down():
            self._stop_edge()
            return
        x, y = self._edge
        self.scroll_relative(3 * x, y, animate=False, immediate=True)
        self._feed(drag.Move(*self._pointer, self._node_at(self._pointer)))


def _typed(event: events.Key) -> str | None:
    """What a key adds to a node's name, or takes away from it."""
    if event.key == "backspace":
        return drag.ERASE
    return event.character if event.is_printable and event.character != " " else None
