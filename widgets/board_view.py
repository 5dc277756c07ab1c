"""The drawn part of the board: what it knows, and only what is seen of it, line by line."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from backends.data.picture import Cluster
from backends.data.plan import Verdict
from backends.judgement.outlook import Outlook
from widgets.board_css import BOARD_CSS
from widgets.board_hand import label_region, paint_foot, paint_label
from widgets.board_heads import Offer, frame_of, paint_head
from widgets.board_ink import Ground, Line
from widgets.board_scene import Card, CardKey, Scene
from widgets.cards import paint_card
from widgets.drag import Carrying, Resting, State
from widgets.glyphs import Tone
from widgets.layout import Hit, arrange


@dataclass(frozen=True, slots=True)
class Cursor:
    """What is selected: a column, and in it a VM or the head."""

    node: str | None = None
    vm: str | None = None


class BoardView(ScrollView):
    """Paints a scene line by line; a card that did not change is not painted again."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"board--{tone.value}" for tone in Tone),
        *(f"board--on-{ground.value}" for ground in Ground),
        "board--on-cursor-blurred",
    }

    DEFAULT_CSS = BOARD_CSS

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._picture = Cluster()
        self._scene = Scene()
        self._layout = arrange(0, 0, ())
        self._view = Size(0, 0)
        self._pitch: int | None = None
        self._cursor = Cursor()
        self._marked: frozenset[str] = frozenset()
        self._drag: State = Resting()
        self._verdicts: Mapping[str, Verdict] = {}
        self._best: str | None = None
        self._outlooks: Mapping[str, Outlook] = {}
        self._pointer: Offset | None = None
        self._history: dict[str, deque[float | None]] = {}
        self._sampled_at = float("-inf")
        self._styles_of: dict[tuple[Tone, Ground], Style] = {}
        self._cards: dict[CardKey, Card] = {}
        self._painted: dict[CardKey, tuple[tuple[object, ...], tuple[Line, ...]]] = {}
        self._heads: dict[int, tuple[Line, ...]] = {}

    # The look of things

    def _look(self, tone: Tone, ground: Ground) -> Style:
        """The theme's style for a tone on a ground."""
        style = self._styles_of.get((tone, ground))
        if style is None:
            names = [f"board--{tone.value}"]
            if ground is Ground.LABEL:
                names = ["board--on-label"]
            elif ground is Ground.CURSOR and not self.has_focus:
                names.insert(0, "board--on-cursor-blurred")
            elif ground is not Ground.PLAIN:
                names.insert(0, f"board--on-{ground.value}")
            style = self.get_visual_style(*names).rich_style
            self._styles_of[tone, ground] = style
        return style

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._forget_look()

    def _forget_look(self) -> None:
        self._styles_of.clear()
        self._painted.clear()
        self._heads.clear()

    # Painting

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        left, top = self.scroll_offset
        strip = Strip(self._line(y + top, left, width)).crop_extend(
            left, left + width, self._look(Tone.TEXT, Ground.PLAIN)
        )
        for region, over in self._overlays(y):
            before, after = strip.crop(0, region.x), strip.crop(region.right, width)
            strip = Strip([*before, *over, *after]).crop(0, width)
        return strip

    def _line(self, y: int, left: int, width: int) -> Line:
        layout = self._layout
        band = layout.band_at(y)
        if band is None:
            return []
        head_line = y - layout.head_top(band, self.scroll_offset.y)
        line: Line = []
        x = 0
        for column in range(band.first, band.last):
            region = layout.columns[column]
            if region.x > x:
                line.append(self._blank(region.x - x))
            if region.right <= left or region.x >= left + width:
                line.append(self._blank(region.width))
            elif 0 <= head_line < layout.head_height:
                line += self._head_lines(column)[head_line]
            else:
                line += self._body_line(column, y - region.y)
            x = region.right
        return line

    def _blank(self, width: int) -> Segment:
        return Segment(" " * width, self._look(Tone.TEXT, Ground.PLAIN))

    def _body_line(self, column: int, line: int) -> Line:
        layout = self._layout
        region, content = layout.columns[column], self._scene.columns[column]
        frame = frame_of(content, self._is_selected(column), self._offer(column))
        if line == region.height - 1:
            return frame.bottom(region.width, self._look)
        row_number, part = divmod(line - layout.head_height, layout.pitch)
        lanes = layout.lanes(column)
        edge = frame.edge(self._look)
        body: Line = [edge]
        for lane in range(lanes):
            index = row_number * lanes + lane
            if part < layout.card_lines and index < len(content.cards):
                body += self._card_lines(column, index)[part]
            else:
                body.append(self._blank(layout.lane(column, lane)[1]))
        body.append(edge)
        return body

    def _card_lines(self, column: int, index: int) -> tuple[Line, ...]:
        card = self._scene.columns[column].cards[index]
        width = self._layout.lane(column, index % self._layout.lanes(column))[1]
        ground = self._ground(card)
        marked = card.vm.id in self._marked and not card.arriving
        token = (card, width, self._layout.card_lines, ground, marked)
        known = self._painted.get(card.key)
        if known is not None and known[0][0] is card and known[0][1:] == token[1:]:
            return known[1]
        strips = paint_card(card, width, self._layout.card_lines, self._look, ground, marked)
        self._painted[card.key] = token, strips
        return strips

    def _ground(self, card: Card) -> Ground:
        if card.arriving:
            return Ground.PLAIN
        if isinstance(self._drag, Carrying) and card.vm.id in self._drag.vms:
            return Ground.CARRIED
        if card.vm.id == self._cursor.vm:
            return Ground.CURSOR
        return Ground.MARKED if card.vm.id in self._marked else Ground.PLAIN

    def _head_lines(self, column: int) -> tuple[Line, ...]:
        known = self._heads.get(column)
        if known is not None:
            return known
        content = self._scene.columns[column]
        offer, selected = self._offer(column), self._is_selected(column)
        strips = paint_head(
            content,
            self._layout.columns[column].width,
            self._layout.head_lines,
            self._look,
            frame=frame_of(content, selected, offer),
            on_head=selected and self._cursor.vm is None,
            offer=offer,
            history=tuple(self._history.get(content.name or "", ())),
            filtered=self._scene.filtered,
        )
        self._heads[column] = strips
        return strips

    def _is_selected(self, column: int) -> bool:
        return self._scene.columns[column].name == self._cursor.node

    def _offer(self, column: int) -> Offer | None:
        node = self._scene.columns[column].name
        if not isinstance(self._drag, Carrying) or node is None:
            return None
        home = self._drag.homes == {node}
        best = node == self._best and not home
        return Offer(self._verdicts.get(node), home, node == self._drag.target, best)

    def _overlays(self, y: int) -> Iterator[tuple[Region, Line]]:
        if not isinstance(self._drag, Carrying):
            return
        if y == self._view.height - 1:
            width, verdict = self._view.width, self._verdicts.get(self._drag.target or "")
            yield Region(0, y, width, 1), paint_foot(self._drag, verdict, width, self._look)
        elif (region := self._label_region()) is not None and y == region.y:
            yield region, paint_label(self._drag, region.width, self._look)

    def _label_region(self) -> Region | None:
        if self._pointer is None or not isinstance(self._drag, Carrying):
            return None
        return label_region(self._drag, self._pointer, self._view)

    # Places

    def _hit(self, x: int, y: int) -> Hit | None:
        """What is at a place of the widget's content."""
        if not Region(0, 0, *self._view).contains(x, y):
            return None
        left, top = self.scroll_offset
        return self._layout.at(x + left, y + top, top)

    def _bring_into_view(self, column: int, card: int | None) -> None:
        """Scroll no further than it takes."""
        layout, region = self._layout, self._layout.columns[column]
        left, top = self.scroll_offset
        width, height = self._view
        x = min(region.x, max(left, region.right - width))
        if card is None:
            y = (
                top
                if layout.head_top(layout.band_of(column), top)
                in range(top, top + height - layout.head_height + 1)
                else region.y
            )
        else:
            place = layout.card(column, card)
            foot = 2 if place.bottom >= region.bottom - 1 else 1
            y = min(place.y - layout.head_height, max(top, place.bottom + foot - height))
        if (x, y) != (left, top):
            self.scroll_to(x, y, animate=False, immediate=True)
