"""From what there is to see, to lines: a card or a head that did not change is not inked again."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.segment import Segment
from textual.geometry import Offset, Region
from textual.strip import Strip

from widgets.board.cards import paint_card
from widgets.board.dealing import Card, CardKey
from widgets.board.glass import Glass
from widgets.board.heads import Frame, frame_of, paint_head
from widgets.board.moves import Spot
from widgets.board.overlays import label_region, paint_foot, paint_label
from widgets.board.overview import paint_overview
from widgets.board.ranking import Ranking
from widgets.board.scene import Scene
from widgets.board.sight import Sight
from widgets.glyphs import Tone
from widgets.hand import Hand, Offer
from widgets.ink import Ground, Line, Look
from widgets.selection import Selection


@dataclass(frozen=True, slots=True)
class Shown:
    """All that decides what stands on the glass."""

    sight: Sight = field(default_factory=Sight)
    selection: Selection = field(default_factory=Selection)
    hand: Hand = field(default_factory=Hand)
    pointer: Offset | None = None
    """Where the mouse is, while it carries."""
    ranking: Ranking | None = None
    """The list of targets, where it is in sight."""


class Painter:
    """Paints line by line, and remembers the ink of cards and heads."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._cards: dict[CardKey, tuple[Card, tuple[object, ...], tuple[Line, ...]]] = {}
        self._heads: dict[int, tuple[tuple[object, ...], tuple[Line, ...]]] = {}
        self._frames: dict[int, Frame] = {}
        self._shown = Shown()
        self._held: frozenset[str] = frozenset()
        self._overlays: list[tuple[Region, Line]] = []

    def forget(self) -> None:
        """The look of things is another."""
        self._shown = Shown()
        self._cards.clear()
        self._heads.clear()

    def keep(self, scene: Scene) -> None:
        """Forget the cards that are not in it, once there are more than it has."""
        if len(self._cards) > sum(len(column.cards) for column in scene.columns):
            there = {card.key for card in scene.cards}
            self._cards = {key: ink for key, ink in self._cards.items() if key in there}

    def glass(self, shown: Shown) -> Glass:
        """The ink of everything that is in sight."""
        self._begin(shown)
        sight = shown.sight
        spots: dict[Spot, tuple[Line, ...]] = {}
        columns = sight.columns()
        for column in columns:
            cards, widths = sight.scene.columns[column].cards, sight.layout.lane_widths(column)
            for index in sight.cards(column):
                spots[column, index] = self._card_lines(cards[index], widths[index % len(widths)])
        spots.update({(column, None): self._head_lines(column) for column in columns})
        frames = {column: self._frame(column) for column in columns}
        return Glass(spots, frames, self._overlays)

    def strip(self, shown: Shown, y: int, width: int) -> Strip:
        """Line `y` of the view, `width` cells of it."""
        self._begin(shown)
        left, top = shown.sight.scroll
        strip = Strip(self._line(y + top, left, width)).crop_extend(
            left, left + width, self._look(Tone.TEXT, Ground.PLAIN)
        )
        for region, over in self._overlays:
            if y == region.y:
                before, after = strip.crop(0, region.x), strip.crop(region.right, width)
                strip = Strip([*before, *over, *after]).crop(0, width)
        return strip

    def _begin(self, shown: Shown) -> None:
        if shown is not self._shown:
            self._shown = shown
            self._frames.clear()
            self._held = frozenset(shown.hand.vms)
            self._overlays = self._above(shown)

    def _line(self, y: int, left: int, width: int) -> Line:
        layout = self._shown.sight.layout
        band = layout.band_at(y)
        if band is None:
            return []
        head_line = y - layout.head_top(band, self._shown.sight.scroll.y)
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
        layout = self._shown.sight.layout
        region, content = layout.columns[column], self._shown.sight.scene.columns[column]
        frame = self._frame(column)
        if line == region.height - 1:
            return frame.bottom(region.width, self._look)
        row_number, part = divmod(line - layout.head_height, layout.pitch)
        lanes = layout.lanes(column)
        edge = frame.edge(self._look)
        body: Line = [edge]
        for lane in range(lanes):
            index = row_number * lanes + lane
            width = layout.lane(column, lane)[1]
            if part < layout.card_lines and index < len(content.cards):
                body += self._card_lines(content.cards[index], width)[part]
            else:
                body.append(self._blank(width))
        body.append(edge)
        return body

    def _card_lines(self, card: Card, width: int) -> tuple[Line, ...]:
        lines, ground = self._shown.sight.layout.card_lines, self._ground(card)
        marked = card.vm.id in self._shown.selection.marked and not card.arriving
        drawn = (width, lines, ground, marked)
        known = self._cards.get(card.key)
        if known is not None and known[0] is card and known[1] == drawn:
            return known[2]
        inked = paint_card(card, width, lines, self._look, ground, marked)
        self._cards[card.key] = card, drawn, inked
        return inked

    def _ground(self, card: Card) -> Ground:
        if card.arriving:
            return Ground.PLAIN
        if card.vm.id in self._held:
            return Ground.CARRIED
        if card.vm.id == self._shown.selection.vm:
            return Ground.CURSOR
        return Ground.MARKED if card.vm.id in self._shown.selection.marked else Ground.PLAIN

    def _head_lines(self, column: int) -> tuple[Line, ...]:
        sight, offer = self._shown.sight, self._offer(column)
        content, frame = sight.scene.columns[column], self._frame(column)
        width, lines = sight.layout.columns[column].width, sight.layout.head_lines
        on_head = self._is_selected(column) and self._shown.selection.vm is None
        token = (content, width, lines, frame, on_head, offer, sight.scene.filtered)
        known = self._heads.get(column)
        if known is not None and known[0] == token:
            return known[1]
        inked = paint_head(
            content,
            width,
            lines,
            self._look,
            frame=frame,
            on_head=on_head,
            offer=offer,
            history=content.trend,
            filtered=sight.scene.filtered,
        )
        self._heads[column] = token, inked
        return inked

    def _is_selected(self, column: int) -> bool:
        return self._shown.sight.scene.columns[column].name == self._shown.selection.node

    def _offer(self, column: int) -> Offer | None:
        return self._shown.hand.offer(self._shown.sight.scene.columns[column].node)

    def _frame(self, column: int) -> Frame:
        frame = self._frames.get(column)
        if frame is None:
            content = self._shown.sight.scene.columns[column]
            frame = frame_of(content, self._is_selected(column), self._offer(column))
            self._frames[column] = frame
        return frame

    def _above(self, shown: Shown) -> list[tuple[Region, Line]]:
        """What lies above the columns, and the line below them."""
        hand, view, above = shown.hand, shown.sight.view, list[tuple[Region, Line]]()
        if shown.sight.partial:
            overview = paint_overview(shown.sight, shown.selection, hand, self._look)
            above.append((Region(0, view.height, view.width, 1), overview))
        if hand.carrying is None:
            return above
        verdict = hand.verdicts.get(hand.target or "")
        foot = paint_foot(hand.carrying, verdict, view.width, self._look)
        above += shown.ranking.ink(self._look) if shown.ranking is not None else ()
        above.append((Region(0, view.height - 1, view.width, 1), foot))
        if shown.pointer is not None:
            region = label_region(hand.carrying, shown.pointer, view)
            above.append((region, paint_label(hand.carrying, region.width, self._look)))
        return above
