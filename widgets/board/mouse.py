"""The mouse on the board: what is pressed, dragged and dropped is fed to the grip."""

from __future__ import annotations

from collections.abc import Callable

from textual import events
from textual.geometry import Offset
from textual.scroll_view import ScrollView

from widgets import drag
from widgets.board.choosing import Choosing
from widgets.board.edge import Edge
from widgets.board.grip import Grip
from widgets.board.layout import Hit, Part
from widgets.board.moves import Spot
from widgets.board.sight import Sight
from widgets.pointing import MENU_BUTTON, MenuWanted

_NOWHERE = "«not running» is no node: vmferry moves VMs, and stops none"


class Mouse:
    """Hands of its own: it captures the mouse for the board, and lets go of it."""

    def __init__(
        self,
        board: ScrollView,
        grip: Grip,
        choosing: Choosing,
        sight: Callable[[], Sight],
        look_at: Callable[[Spot | None], None],
    ) -> None:
        self._board = board
        self._grip = grip
        self._sight = sight
        self._look_at = look_at
        self._choosing = choosing
        self.edge = Edge(board, self._dragged_on)
        self.pointer: Offset | None = None
        """Where it is, while it carries."""

    @property
    def captured(self) -> bool:
        return self._board.app.mouse_captured is self._board

    def _over(self, event: events.MouseEvent) -> tuple[Offset, Hit | None]:
        at = event.screen_offset - self._board.content_region.offset
        return at, self._sight().hit(at)

    def _node_at(self, at: Offset) -> str | None:
        return self._choosing.node_at(at, self._sight())

    def down(self, event: events.MouseDown) -> None:
        """Select what is pressed; it may become a drag."""
        if event.button == MENU_BUTTON:
            self._ask(event)
        if event.button != 1:
            return
        at, hit = self._over(event)
        there: Spot | None = None
        if self._grip.hand.carrying:
            self._grip.feed(drag.Aim(self._node_at(at)))
        elif hit is None:
            node = self._node_at(at)
            there = self._grip.select(None, node) if node is not None else None
        else:
            there = self._take(event, hit, at)
        event.stop()
        self._look_at(there)

    def _ask(self, event: events.MouseDown) -> None:
        """What can be done to what is pointed at; not while something is carried."""
        at, hit = self._over(event)
        if self._grip.hand.carrying or hit is None:
            return
        event.stop()
        if hit.part is not Part.BODY:
            self._grip.go((hit.column, hit.card))
        elif (node := self._node_at(at)) is not None:
            self._grip.select(None, node)
        self._look_at(None)
        self._board.post_message(MenuWanted())

    def _take(self, event: events.MouseDown, hit: Hit, at: Offset) -> Spot | None:
        column = self._sight().scene.columns[hit.column]
        card = column.cards[hit.card] if hit.card is not None else None
        if card is not None and card.arriving:
            return self._grip.select(card.vm.id, None)
        if card is not None:
            self._grip.go((hit.column, hit.card))
            self._press(event, card.vm.id, at)
        elif hit.part is Part.HEAD:
            self._grip.go((hit.column, None))
        return None

    def _press(self, event: events.MouseDown, vm: str, at: Offset) -> None:
        if event.ctrl:
            self._grip.mark()
            return
        homes = self._grip.homes_with(vm)
        self._board.capture_mouse()
        self._grip.feed(drag.Press(tuple(homes), frozenset(homes.values()), *at))

    def move(self, event: events.MouseMove) -> None:
        """Lift what was pressed, and aim."""
        if not self.captured:
            return
        event.stop()
        if self._grip.hand.resting:
            # The press was on a VM that cannot be picked up.
            self._grip.homes(filter(None, [self._grip.selection.vm]), complain=True)
            self.let_go()
            return
        at, _ = self._over(event)
        self._grip.feed(drag.Move(*at, self._node_at(at)))
        if self._grip.hand.carrying:
            self.pointer = at
            self.edge.point(at)
        self._look_at(None)

    def up(self, event: events.MouseUp) -> None:
        """Drop."""
        if not self.captured:
            return
        event.stop()
        at, hit = self._over(event)
        node = self._node_at(at)
        if hit is not None and self._sight().node_at(at) is None:
            self._grip.refuse(_NOWHERE)
        self._grip.feed(drag.Release(*at, node))
        self.let_go()
        self._look_at(None)

    def lost(self) -> None:
        """The mouse was taken away, by a dialog for instance."""
        if self._grip.hand.by_mouse or self._grip.hand.pressed:
            self._grip.feed(drag.Escape())
            self._look_at(None)

    def opens(self, event: events.Click) -> bool:
        """Whether something was clicked twice."""
        if event.chain != 2 or not self._grip.hand.resting:
            return False
        _, hit = self._over(event)
        return hit is not None and hit.part is not Part.BODY

    def let_go(self) -> None:
        self.edge.leave()
        self.pointer = None
        if self.captured:
            self._board.release_mouse()

    def _dragged_on(self) -> None:
        """The board moved on under the pointer: aim at what came under it."""
        if self.pointer is None or not self._grip.hand.by_mouse:
            self.edge.leave()
        else:
            self._grip.feed(drag.Move(*self.pointer, self._node_at(self.pointer)))
            self._look_at(None)
