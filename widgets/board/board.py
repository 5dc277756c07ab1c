"""The board: nodes as columns, their VMs as cards, to be picked up and dropped elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import ClassVar, TypeAlias

from textual import events
from textual.binding import BindingType
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backends.data.picture import Cluster
from backends.data.plan import Verdict
from backends.judgement.health import Judged
from widgets import drag
from widgets.board import messages
from widgets.board.choosing import Choosing
from widgets.board.css import BOARD_CSS
from widgets.board.glass import Glass, changed
from widgets.board.grip import Grip
from widgets.board.keys import KEYS, possible, typed_in
from widgets.board.mouse import Mouse
from widgets.board.moves import Spot, Way
from widgets.board.painter import Painter, Shown
from widgets.board.sight import Sight
from widgets.board.stage import Stage
from widgets.look import Theme, components
from widgets.selection import Selection


class Board(ScrollView, can_focus=True):
    """Shows a `Cluster`; mouse and keys pick VMs up, aim and drop through `widgets.drag`.

    What is on the glass follows from one frozen value, `Shown`. Whatever happens makes another of
    it: `_renew` paints that, and asks Textual for no more than what came out different.
    """

    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = KEYS
    COMPONENT_CLASSES: ClassVar[set[str]] = components("board")
    DEFAULT_CSS = BOARD_CSS

    SelectionChanged: TypeAlias = messages.SelectionChanged
    DetailsWanted: TypeAlias = messages.DetailsWanted
    PickedUp: TypeAlias = messages.PickedUp
    TargetChanged: TypeAlias = messages.TargetChanged
    Dropped: TypeAlias = messages.Dropped
    PutBack: TypeAlias = messages.PutBack
    Unmovable: TypeAlias = messages.Unmovable

    filter_text: reactive[str] = reactive("", repaint=False)
    """Parts of a VM's name, domain, node or state; cards that lack one of them are hidden."""
    dense: reactive[bool | None] = reactive(None, repaint=False)
    """One line a VM; `None` leaves it to what fits."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._stage = Stage()
        self._grip = Grip(self._stage, self.post_message)
        self._choosing = Choosing(self._stage, self._grip)
        self._mouse = Mouse(self, self._grip, self._choosing, lambda: self.sight, self._look_at)
        self._theme = Theme(self, "board", own_labels=True)
        self._painter = Painter(self._theme.style)
        self._glass: Glass | None = None
        self._shown = Shown()

    # What the app tells the board, and asks it

    def show(self, picture: Cluster, judged: Judged | None = None) -> None:
        """Draw another picture, and what is judged of it; selection, marks and hand follow."""
        if not self._stage.fits(self.size):
            self.on_resize()
        self._grip.show(picture, judged or Judged())
        self._place()
        self._renew()

    def show_verdicts(self, verdicts: Mapping[str, Verdict], best: str | None = None) -> None:
        """What each node says to the VMs in the hand, and which suits them best, where one does."""
        self._grip.told(verdicts, best)
        self._renew()

    def select(self, vm: str | None, node: str | None = None) -> None:
        """Select a VM, or a node's head."""
        self._look_at(self._grip.select(vm, node))

    def toggle(self, vm: str) -> None:
        """Mark a VM, or unmark it."""
        self._grip.toggle(vm)
        self._renew()

    def pick_up(self, vms: Iterable[str]) -> None:
        """Take VMs into the hand, as the key does."""
        self._grip.lift(self._grip.homes(vms, complain=True))
        self._renew()

    def hold(self, held: bool) -> None:
        """Keep pitch and columns as they are, whatever else takes room; or give them up again."""
        self._stage.hold(held)

    @property
    def picture(self) -> Cluster:
        """What is shown."""
        return self._stage.picture

    @property
    def sight(self) -> Sight:
        """What of it stands where."""
        return Sight(self._stage.scene, self._stage.layout, self._stage.view, self.scroll_offset)

    def in_sight(self) -> tuple[str, ...]:
        """The nodes whose columns are seen."""
        return self.sight.nodes()

    @property
    def selection(self) -> Selection:
        return self._grip.selection

    @property
    def selected_vm(self) -> str | None:
        return self._grip.selection.vm

    @property
    def marked(self) -> frozenset[str]:
        """The VMs that are picked up together."""
        return self._grip.selection.marked

    @property
    def carrying(self) -> tuple[str, ...]:
        """The VMs in the hand."""
        return self._grip.hand.vms

    @property
    def target(self) -> str | None:
        """The node that the hand is over."""
        return self._grip.hand.target

    # Painting

    def render_line(self, y: int) -> Strip:
        return self._painter.strip(self._shown, y, self.size.width)

    def _renew(self) -> None:
        """Draw what is another than what is on the glass, and tell where the cursor went."""
        before, hand, selection = self._shown, self._grip.hand, self._grip.selection
        if hand.state != before.hand.state:
            if not hand.pressed and not hand.by_mouse:
                self._mouse.let_go()
            if before.hand.carrying and not hand.carrying:
                self._place()
        sight = self.sight
        ranking = self._choosing.update(sight)
        self._shown = Shown(sight, selection, hand, self._mouse.pointer, ranking)
        self._draw(before.sight)
        if not selection.same_place(before.selection):
            self.post_message(self.SelectionChanged(selection.vm, selection.node))
        if lost := self._grip.lost():
            self._look_at(lost)

    def _draw(self, before: Sight) -> None:
        """Ask Textual for what came out different."""
        sight, glass = self._shown.sight, self._glass
        self._glass = self._painter.glass(self._shown)
        if glass is None or not sight.same_places(before):
            self.refresh()
            return
        regions = changed(glass, self._glass, sight)
        if regions is None:
            self.refresh()
        elif regions:
            self.refresh(*regions)

    def _look_at(self, spot: Spot | None) -> None:
        """Bring it into view, and draw what came of it."""
        if spot is not None:
            there = self.sight.to_see(*spot)
            if there != self.scroll_offset:
                self.scroll_to(*there, animate=False, immediate=True)
        self._renew()

    def _place(self) -> None:
        """Lay everything out anew; not closer than it is, while VMs are in the hand."""
        self._painter.keep(self._stage.scene)
        here = self.scroll_offset
        there = self._stage.place(self.size, here, keep_pitch=bool(self.carrying))
        self.virtual_size = self._stage.extent
        if there != here:
            self.scroll_to(*there, animate=False, immediate=True)

    def _moved(self) -> None:
        """Nothing is where it was. It is painted when Textual asks for it."""
        sight = self.sight
        self._shown = replace(self._shown, sight=sight, ranking=self._choosing.update(sight))
        self._glass = None
        self.refresh()

    def _looks_anew(self) -> None:
        """Another theme, or the cursor on another ground; styles are asked when they are used."""
        self._theme.forget()
        self._painter.forget()
        self._glass = None
        self.refresh()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._looks_anew()

    def watch_has_focus(self, _has_focus: bool) -> None:
        super().watch_has_focus(_has_focus)
        self._looks_anew()

    def on_resize(self) -> None:
        seen = self._grip.seen_in(self.sight)
        self._place()
        self._moved()
        self._look_at(seen)

    def watch_scroll_x(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_x(old_value, new_value)
        self._moved()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        super().watch_scroll_y(old_value, new_value)
        self._moved()

    def watch_dense(self, dense: bool | None) -> None:
        self._stage.pitch = None if dense is None else 1 if dense else 2
        self._place()
        self._renew()

    def watch_filter_text(self, text: str) -> None:
        self._grip.filter(text)
        self._place()
        self._renew()

    # Keys

    def action_step(self, way: str) -> None:
        """Move the selection; or the target, while VMs are in the hand."""
        self._look_at(self._choosing.aim(Way[way]) if self.carrying else self._grip.step(Way[way]))

    def action_page(self, way: str) -> None:
        self._look_at(self._grip.step(Way[way], self._stage.cards_in_view))

    def action_to_end(self, end: int) -> None:
        self._look_at(self._grip.to_end(end))

    def action_mark(self) -> None:
        """Mark the selected VM, or unmark it."""
        self._grip.mark()
        self._renew()

    def action_dense(self) -> None:
        """One line a VM, or two."""
        self.dense = self._stage.layout.pitch > 1

    def action_targets(self) -> None:
        """The list of targets, or none."""
        self._choosing.toggle()
        self._renew()

    def action_pick_up(self) -> None:
        """Take what is marked, or the selected VM."""
        self._grip.lift_selected()
        self._renew()

    def action_confirm(self) -> None:
        """Drop; with an empty hand, ask for details."""
        if self.carrying:
            self._grip.feed(drag.Confirm())
            self._renew()
        elif self.selection.anything:
            self.post_message(self.DetailsWanted(self.selected_vm, self.selection.node))

    def action_put_back(self) -> None:
        """Empty the hand; with an empty hand, unmark all."""
        self._grip.put_back()
        self._renew()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        if action == "put_back":
            return bool(self._grip.hand.touched or self.marked)
        return possible(action, carrying=bool(self.carrying))

    async def on_key(self, event: events.Key) -> None:
        """While VMs are in the hand, letters are part of a node's name.

        The board's own keys act here, too: on their way up to the app, where Textual looks for
        bindings, they would be overtaken by what is typed next.
        """
        typed = typed_in(event)
        if self.carrying and typed is not None:
            self._look_at(self._grip.type(typed))
        elif (bound := self.screen.active_bindings.get(event.key)) and bound.node is self:
            await self.run_action(bound.binding.action)
        else:
            return
        event.stop()
        event.prevent_default()

    # The mouse

    def on_mouse_down(self, event: events.MouseDown) -> None:
        self._mouse.down(event)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        self._mouse.move(event)

    def on_mouse_up(self, event: events.MouseUp) -> None:
        self._mouse.up(event)

    def on_mouse_release(self) -> None:
        self._mouse.lost()

    def on_click(self, event: events.Click) -> None:
        if self._mouse.opens(event):
            event.stop()
            self.post_message(self.DetailsWanted(self.selected_vm, self.selection.node))
