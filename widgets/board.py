"""The board: nodes as columns, their VMs as cards, to be picked up and dropped elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset
from textual.message import Message
from textual.reactive import reactive
from textual.timer import Timer

from backends.model import Cluster
from backends.plan import Verdict
from widgets import drag
from widgets.board_moves import Way, ends, moved
from widgets.board_scene import Card, CardKey
from widgets.board_view import BoardView, Cursor
from widgets.layout import Hit, Part

_EDGE_CELLS = 2
_EDGE_TICK_S = 0.06


class Board(BoardView, can_focus=True):
    """Shows a `Cluster`; mouse and keys pick VMs up, aim and drop through `widgets.drag`."""

    ALLOW_SELECT = False

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
            "m,space",
            "pick_up",
            "Pick up",
            id="board.pick_up",
            tooltip="Pick the selected VMs up, to drop them on another node",
        ),
        Binding(
            "x,shift+space",
            "mark",
            "Mark",
            id="board.mark",
            tooltip="Add the VM to those that are picked up together",
        ),
        Binding(
            "enter",
            "confirm",
            "Details",
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
    class PickedUp(Message):
        """VMs are in the hand: verdicts are wanted."""

        vms: tuple[str, ...]

    @dataclass
    class TargetChanged(Message):
        """The hand is over another node, or over none."""

        node: str | None

    @dataclass
    class Dropped(Message):
        """The operator wants these VMs on that node."""

        vms: tuple[str, ...]
        node: str

    @dataclass
    class PutBack(Message):
        """The hand is empty again, and nothing is wanted."""

    @dataclass
    class SelectionChanged(Message):
        """Another VM, or node, is selected."""

        vm: str | None
        node: str | None

    @dataclass
    class DetailsWanted(Message):
        """Show more of the VM, or where it is `None`, of the node."""

        vm: str | None
        node: str | None

    @dataclass
    class Unmovable(Message):
        """A VM could not be picked up; `reason` is a sentence."""

        vm: str
        reason: str

    _edge_timer: Timer | None = None
    _edge: tuple[int, int] = (0, 0)

    # What the app tells the board

    def show(self, picture: Cluster) -> None:
        """Draw another picture. Selection, marks and what is in the hand follow the VMs."""
        before = self._cursor
        spot = self._spot()
        self._picture = picture
        self._compose_scene(self.filter_text, sample=True)
        self._marked &= {vm.id for vm in picture.vms}
        movable = {
            key.vm: card.vm.node
            for key, card in self._cards.items()
            if not card.arriving and card.unmovable is None and card.vm.node is not None
        }
        self._feed(drag.Changed(movable, self._scene.nodes))
        self._keep_cursor(before, spot)

    def show_verdicts(self, verdicts: Mapping[str, Verdict]) -> None:
        """What each node says to the VMs in the hand; a node without a verdict is still asked."""
        self._verdicts = dict(verdicts)
        if self.carrying:
            self._repaint()

    def pick_up(self, vms: Iterable[str]) -> None:
        """Take VMs into the hand, as the key does."""
        cards = self._movable(vms)
        homes = frozenset(card.vm.node for card in cards if card.vm.node is not None)
        self._feed(drag.Lift(tuple(card.vm.id for card in cards), homes))

    def put_back(self) -> None:
        """Empty the hand."""
        self._feed(drag.Escape())

    def select(self, vm: str | None, node: str | None = None) -> None:
        """Select a VM, or a node's head."""
        if vm is not None and (found := self._scene.find(CardKey(vm))) is not None:
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

    @property
    def carrying(self) -> tuple[str, ...]:
        """The VMs in the hand."""
        return self._drag.vms if isinstance(self._drag, drag.Carrying) else ()

    @property
    def target(self) -> str | None:
        """The node that the hand is over."""
        return self._drag.target if isinstance(self._drag, drag.Carrying) else None

    # One intent, two hands

    def _feed(self, happened: drag.Input) -> None:
        before = self._drag
        self._drag, intents = drag.step(before, happened)
        for intent in intents:
            match intent:
                case drag.PickUp(vms):
                    self._verdicts = {}
                    self.post_message(self.PickedUp(vms))
                case drag.Target(node):
                    self.post_message(self.TargetChanged(node))
                case drag.Drop(vms, node):
                    self._marked = frozenset()
                    self.post_message(self.Dropped(vms, node))
                case drag.PutBack():
                    self.post_message(self.PutBack())
        if self._drag == before:
            return
        if not isinstance(self._drag, drag.Pressed) and not self._mouse_is_down():
            self._let_go()
        if isinstance(before, drag.Carrying) or self.carrying:
            self._repaint()
        if isinstance(before, drag.Carrying) and not self.carrying and self._place():
            self._repaint()

    def _mouse_is_down(self) -> bool:
        return isinstance(self._drag, drag.Carrying) and self._drag.by_mouse

    def _let_go(self) -> None:
        self._pointer = None
        self._stop_edge()
        if self.app.mouse_captured is self:
            self.release_mouse()

    def _movable(self, vms: Iterable[str]) -> list[Card]:
        cards = []
        for vm in vms:
            card = self._cards.get(CardKey(vm))
            if card is None:
                continue
            if card.unmovable is None:
                cards.append(card)
            else:
                self.post_message(self.Unmovable(vm, card.unmovable))
        return cards

    def _hand_of(self, vm: str) -> tuple[str, ...]:
        """What is meant by taking this VM: all the marked ones, if it is one of them."""
        if vm not in self._marked:
            return (vm,)
        return tuple(key.vm for key in self._cards if key.vm in self._marked and not key.arriving)

    # Selection

    def _spot(self) -> tuple[int, int | None] | None:
        if self._cursor.vm is not None:
            return self._scene.find(CardKey(self._cursor.vm))
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

    def _keep_cursor(self, before: Cursor, spot: tuple[int, int | None] | None) -> None:
        """Follow the VM; where it is gone, stay as near as can be."""
        if not self._scene.columns:
            self._cursor = Cursor()
            return
        if before.vm is not None and (found := self._scene.find(CardKey(before.vm))) is not None:
            self._select(*found, scroll=False)
            return
        column = self._scene.index(before.node) if spot or before.node else None
        if column is None:
            first = next((i for i, c in enumerate(self._scene.columns) if c.cards), 0)
            self._select(first, ends(self._scene, first)[0], scroll=False)
            return
        index = spot[1] if spot and before.vm is not None else None
        last = ends(self._scene, column)[1]
        nearest = None if index is None or last is None else min(index, last)
        self._select(column, nearest, scroll=False)

    def action_step(self, way: str) -> None:
        """Move the selection; or the target, while VMs are in the hand."""
        if isinstance(self._drag, drag.Carrying):
            self._aim(Way[way])
        elif (spot := self._spot()) is not None:
            self._select(*moved(self._scene, self._layout, spot, Way[way]))

    def action_page(self, way: str) -> None:
        spot = self._spot()
        if spot is not None and not self.carrying:
            cards = max(1, (self.size.height - self._layout.head_height) // self._layout.pitch)
            self._select(*moved(self._scene, self._layout, spot, Way[way], cards))

    def action_first(self) -> None:
        self._to_end(0)

    def action_last(self) -> None:
        self._to_end(1)

    def _to_end(self, end: int) -> None:
        spot = self._spot()
        if spot is not None and not self.carrying:
            self._select(spot[0], ends(self._scene, spot[0])[end])

    def _aim(self, way: Way) -> None:
        nodes = self._scene.nodes
        if not nodes or not isinstance(self._drag, drag.Carrying):
            return
        start = self._drag.target or self._cursor.node or nodes[0]
        column = self._scene.index(start) or 0
        beside, _ = moved(self._scene, self._layout, (column, None), way)
        if way is Way.DOWN and beside == column:
            beside = self._below(column)
        node = self._scene.columns[beside].name
        if node is not None:
            self._feed(drag.Aim(node))
            self._bring_into_view(beside, None)

    def _below(self, column: int) -> int:
        layout = self._layout
        band = layout.band_of(column)
        number = layout.bands.index(band) + 1
        if number >= len(layout.bands):
            return column
        other = layout.bands[number]
        return min(other.first + column - band.first, other.last - 1)

    # Keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "put_back":
            return bool(self.carrying or self._marked or isinstance(self._drag, drag.Pressed))
        return True

    def on_key(self, event: events.Key) -> None:
        """While VMs are in the hand, letters are part of a node's name."""
        if not isinstance(self._drag, drag.Carrying):
            return
        if event.key == "backspace":
            character = drag.ERASE
        elif event.is_printable and event.character is not None and event.character != " ":
            character = event.character
        else:
            return
        event.stop()
        event.prevent_default()
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

    def action_mark(self) -> None:
        """Mark the selected VM, or unmark it."""
        vm = self._cursor.vm
        if vm is not None and not self.carrying:
            self._marked ^= {vm}
            self._repaint_cards(vm)

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
        if event.button != 1 or hit is None or self.carrying:
            return
        event.stop()
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
        vms = self._hand_of(card.vm.id)
        cards = [known for vm in vms if (known := self._cards[CardKey(vm)]).unmovable is None]
        homes = frozenset(known.vm.node for known in cards if known.vm.node is not None)
        press = drag.Press(tuple(known.vm.id for known in cards), homes, *offset)
        self.capture_mouse()
        self._feed(press)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if isinstance(self._drag, drag.Resting) or self.app.mouse_captured is not self:
            return
        event.stop()
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
