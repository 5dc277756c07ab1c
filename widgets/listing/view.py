"""The list as a widget: paints the lines in sight, and of these only what differs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Click
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backends.data.picture import Cluster
from backends.judgement.health import Judged
from widgets.bars import cut, literal
from widgets.glyphs import Tone
from widgets.ink import Ground, Line, Span, row
from widgets.listing.columns import Entry, aligned, fitting
from widgets.listing.css import LISTING_CSS
from widgets.listing.order import SICKEST, Only, Order, entries, ordered
from widgets.look import Theme, components
from widgets.pointing import MENU_BUTTON, MenuWanted

_Content = tuple[tuple[Span, ...], bool, bool]
"""What a line says, whether the cursor is on it, and whether it is marked."""


class Listing(ScrollView, can_focus=True):
    """All VMs, or all nodes, one a line, the sickest first. The head stays in sight."""

    DEFAULT_CSS = LISTING_CSS
    COMPONENT_CLASSES: ClassVar[set[str]] = components("listing")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "step(-1)", "Up", show=False, id="list.up", tooltip="The line above"),
        Binding("down,j", "step(1)", "Down", show=False, id="list.down", tooltip="The line below"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list.page_up",
                tooltip="A screenful up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="list.page_down",
                tooltip="A screenful down"),
        Binding("home", "end(0)", "First", show=False, id="list.first", tooltip="The first line"),
        Binding("end", "end(-1)", "Last", show=False, id="list.last", tooltip="The last line"),
        Binding("s", "sort", "Sort", id="list.sort", tooltip="By the next column"),
        Binding("R", "reverse", "Reverse", show=False, id="list.reverse",
                tooltip="The other way round"),
        Binding("t", "turn", "VMs/nodes", id="list.turn", tooltip="Nodes instead of VMs, and back"),
        Binding("exclamation_mark", "only('SICK')", "Unhealthy", key_display="!", id="list.sick",
                tooltip="Only what something is wrong with"),
        Binding("tilde", "only('MIGRATING')", "Migrating", key_display="~", show=False,
                id="list.migrating", tooltip="Only what is being migrated"),
        Binding("asterisk", "only('MARKED')", "Marked", key_display="*", show=False,
                id="list.marked", tooltip="Only what is marked"),
        Binding("x,shift+space", "mark", "Mark", id="list.mark",
                tooltip="Add the VM to those that are picked up together"),
        Binding("m,space", "pick_up", "Pick up", id="list.pick_up",
                tooltip="Choose where to move it"),
        Binding("enter", "open", "Details", show=False, id="list.details",
                tooltip="Open or close its details"),
    ]  # fmt: skip

    @dataclass
    class Highlighted(Message):
        """The line under the cursor is another one, or another VM or node."""

        vm: str | None
        node: str | None

    @dataclass
    class MarkWanted(Message):
        vm: str

    @dataclass
    class PickUpWanted(Message):
        vm: str

    class DetailsWanted(Message):
        """Those of the line under the cursor."""

    def __init__(self) -> None:
        super().__init__()
        self.order = Order()
        self._picture = Cluster()
        self._judged = Judged()
        self._marked: frozenset[str] = frozenset()
        self._lines: tuple[Entry, ...] = ()
        self._places: dict[str, int] = {}
        self._painted: dict[int, _Content] = {}
        self._cursor: dict[bool, str | None] = {False: None, True: None}
        self._theme = Theme(self, "listing")

    # What is shown

    def show(self, picture: Cluster, judged: Judged, marked: frozenset[str]) -> None:
        """Draw this; lines that say the same are left alone."""
        self._picture, self._judged, self._marked = picture, judged, marked
        self._arrange()

    @property
    def entry(self) -> Entry | None:
        """The line under the cursor."""
        at = self._at
        return self._lines[at] if at is not None else None

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of all lines, in their order."""
        return tuple(entry.key for entry in self._lines)

    def highlight(self, name: str | None) -> None:
        """Put the cursor on this VM, or node; it may be hidden by a filter."""
        self._cursor[self.order.nodes] = name
        self._repaint()
        self._follow()

    def change(self, order: Order) -> None:
        """Show other lines, or in another order."""
        turned = order.nodes != self.order.nodes
        self.order = order
        self._arrange()
        if turned:
            self._tell()
        self._follow()

    def _arrange(self) -> None:
        order = self.order
        found = tuple(entries(self._picture, self._judged, nodes=order.nodes))
        self._lines = ordered(found, order, self._marked)
        self._places = {entry.key: at for at, entry in enumerate(self._lines)}
        if self._at is None and self._lines:
            self._cursor[order.nodes] = self._lines[0].key
            self._tell()
        size = Size(self.size.width, len(self._lines) + 1)
        if size != self.virtual_size:
            self.virtual_size = size
        self._repaint()

    def _repaint(self) -> None:
        """Have those lines drawn of which something differs from what is on the screen."""
        for y in range(self.size.height):
            if y == 0 or self._painted.get(y) != self._content(y):
                self.refresh(Region(0, y, self.size.width, 1))

    # Painting

    def render_line(self, y: int) -> Strip:
        content = self._content(y)
        self._painted[y] = content
        line = self._head() if y == 0 else self._entry_line(content)
        return Strip(line, self.size.width)

    def _content(self, y: int) -> _Content:
        """All that the text on a line of the screen comes from."""
        at = y - 1 + self.scroll_offset.y
        if y == 0 or at >= len(self._lines):
            return (), False, False
        entry = self._lines[at]
        spans = tuple(
            aligned(column.span(entry), width, right=column.right)
            for column, width in fitting(self.order.columns, self._room)
        )
        return spans, at == self._at, entry.key in self._marked

    @property
    def _room(self) -> int:
        """Of the columns; the edge shows cursor and mark."""
        return self.size.width - 2

    def _head(self) -> Line:
        line: Line = []
        for column, width in fitting(self.order.columns, self._room):
            sign = "" if column.title != self.order.column else "▴" if self.order.reverse else "▾"
            title: Span = (f"{column.title}{sign}", Tone.STRONG if sign else Tone.MUTED)
            span = aligned(title, width, right=column.right)
            line += row(width + 1, [span], look=self._theme.style, ground=Ground.LABEL)
        return [*row(2, (), look=self._theme.style, ground=Ground.LABEL), *line]

    def _entry_line(self, content: _Content) -> Line:
        spans, on_cursor, marked = content
        ground = Ground.CURSOR if on_cursor else Ground.MARKED if marked else Ground.PLAIN
        edge = "◉ " if marked else "▌ " if on_cursor else "  "
        line = row(2, [(edge, Tone.ACCENT)], look=self._theme.style, ground=ground)
        widths = (width for _, width in fitting(self.order.columns, self._room))
        for span, width in zip(spans, widths, strict=False):
            line += row(width + 1, [(cut(literal(span[0]), width), span[1])],
                        look=self._theme.style, ground=ground)  # fmt: skip
        return line if spans else row(self.size.width, (), look=self._theme.style)

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._theme.forget()

    def _refocused(self) -> None:
        self._theme.forget()
        self.refresh()

    on_focus = on_blur = _refocused

    def on_resize(self) -> None:
        self._arrange()

    # The cursor

    @property
    def _at(self) -> int | None:
        name = self._cursor[self.order.nodes]
        return self._places.get(name) if name is not None else None

    def _go(self, at: int) -> None:
        if self._lines:
            name = self._lines[max(0, min(at, len(self._lines) - 1))].key
            if name != self._cursor[self.order.nodes]:
                self.highlight(name)
                self._tell()

    def _tell(self) -> None:
        entry = self.entry
        vm = entry.vm if entry else None
        node = vm.node if vm else entry.node.name if entry and entry.node else None
        self.post_message(self.Highlighted(vm.id if vm else None, node))

    def _follow(self) -> None:
        """Bring the cursor into sight, below the head."""
        at, top = self._at, self.scroll_offset.y
        if at is None:
            return
        seen = max(1, self.size.height - 1)
        if at < top or at >= top + seen:
            self.scroll_to(y=at if at < top else at - seen + 1, animate=False)

    def action_step(self, by: int) -> None:
        self._go((self._at or 0) + by)

    def action_page(self, by: int) -> None:
        self._go((self._at or 0) + by * max(1, self.size.height - 2))

    def action_end(self, which: int) -> None:
        self._go(0 if which == 0 else len(self._lines) - 1)

    def action_sort(self) -> None:
        titles = [column.title for column in self.order.columns if column.title]
        following = titles[(titles.index(self.order.column) + 1) % len(titles)]
        self.change(replace(self.order, column=following, reverse=False))

    def action_reverse(self) -> None:
        self.change(replace(self.order, reverse=not self.order.reverse))

    def action_turn(self) -> None:
        self.change(replace(self.order, nodes=not self.order.nodes, column=SICKEST, reverse=False))

    def action_only(self, name: str) -> None:
        only = Only[name]
        self.change(replace(self.order, only=Only.ALL if self.order.only is only else only))

    def action_mark(self) -> None:
        if self.entry is not None and self.entry.vm is not None:
            self.post_message(self.MarkWanted(self.entry.vm.id))

    def action_pick_up(self) -> None:
        if self.entry is not None and self.entry.vm is not None:
            self.post_message(self.PickUpWanted(self.entry.vm.id))

    def action_open(self) -> None:
        self.post_message(self.DetailsWanted())

    def on_click(self, event: Click) -> None:
        """On a column's head it sorts, again the other way; on a line it goes there."""
        if event.y > 0:
            at = event.y - 1 + self.scroll_offset.y
            if at < len(self._lines):
                self._go(at)
                if event.button == MENU_BUTTON:
                    self.post_message(MenuWanted())
            return
        left = 2
        for column, width in fitting(self.order.columns, self._room):
            if left <= event.x <= left + width and column.title:
                reverse = column.title == self.order.column and not self.order.reverse
                self.change(replace(self.order, column=column.title, reverse=reverse))
                return
            left += width + 1
