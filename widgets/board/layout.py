"""Where everything on the board stands. Pure geometry, in cells of the board's own plane.

Columns stand side by side; where they do not fit, a narrow board scrolls sideways and a wide one
wraps them to bands, one below the other. In a wide column the cards stand in several lanes. The
head of a column stays in sight while its band is scrolled through.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from textual.geometry import Region, Size

MIN_COLUMN = 25
NARROWEST = 15
"""Of a column that is kept in its band although something else takes room."""
MIN_LANE = 31
GAP = 1
WRAP_FROM = 104
ROOMY_FROM = 32
PITCHES = (3, 2, 1)
"""Lines from one card to the next: two lines and air, two lines, one line."""


class Part(Enum):
    HEAD = "head"
    CARD = "card"
    BODY = "body"


@dataclass(frozen=True, slots=True)
class Hit:
    """What is at a place: a column, and in it a card by its index, or none."""

    column: int
    part: Part
    card: int | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """Columns `first` to `last` (exclusive) side by side, from line `top` on."""

    top: int
    height: int
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Layout:
    """The places of all columns and cards."""

    columns: tuple[Region, ...]
    counts: tuple[int, ...]
    bands: tuple[Band, ...]
    pitch: int
    head_lines: int
    width: int
    height: int

    @property
    def head_height(self) -> int:
        """Border, head lines, and the rule below them."""
        return self.head_lines + 2

    @property
    def card_lines(self) -> int:
        return min(2, self.pitch)

    def band_of(self, column: int) -> Band:
        return next(band for band in self.bands if band.first <= column < band.last)

    def band_at(self, y: int) -> Band | None:
        """The band that holds line `y`."""
        index = bisect_right(self.bands, y, key=lambda band: band.top) - 1
        if index < 0 or y >= self.bands[index].top + self.bands[index].height:
            return None
        return self.bands[index]

    def head_top(self, band: Band, scroll_y: int) -> int:
        """The line on which the band's heads are drawn when the board is scrolled that far."""
        lowest = band.top + max(0, band.height - self.head_height - 1)
        return max(band.top, min(scroll_y, lowest))

    def lanes(self, column: int) -> int:
        return _lanes(self.columns[column].width)

    def lane(self, column: int, lane: int) -> tuple[int, int]:
        """The left edge and the width of a lane."""
        region, lanes = self.columns[column], self.lanes(column)
        width, spare = divmod(region.width - 2, lanes)
        return region.x + 1 + lane * width + min(lane, spare), width + (lane < spare)

    def lane_widths(self, column: int) -> tuple[int, ...]:
        """The widths of a column's lanes."""
        return tuple(self.lane(column, lane)[1] for lane in range(self.lanes(column)))

    def card(self, column: int, index: int) -> Region:
        """The place of the `index`-th card of a column."""
        row, lane = divmod(index, self.lanes(column))
        x, width = self.lane(column, lane)
        y = self.columns[column].y + self.head_height + row * self.pitch
        return Region(x, y, width, self.card_lines)

    def at(self, x: int, y: int, scroll_y: int = 0) -> Hit | None:
        """What is at a place; `None` between the columns and beyond them."""
        band = self.band_at(y)
        if band is None:
            return None
        column = next(
            (i for i in range(band.first, band.last) if self.columns[i].contains(x, y)), None
        )
        if column is None:
            return None
        if y < self.head_top(band, scroll_y) + self.head_height:
            return Hit(column, Part.HEAD)
        row, line = divmod(y - band.top - self.head_height, self.pitch)
        for lane in range(self.lanes(column) if line < self.card_lines else 0):
            left, width = self.lane(column, lane)
            index = row * self.lanes(column) + lane
            if left <= x < left + width and index < self.counts[column]:
                return Hit(column, Part.CARD, index)
        return Hit(column, Part.BODY)


def arrange_in(
    size: Size, counts: Sequence[int], pitch: int | None = None, kept: Layout | None = None
) -> tuple[Layout, Size]:
    """Place columns in a view of that size, and say what else it takes leaves of it.

    That is a scrollbar at the right, and below, where not all columns are seen at once, one line.
    As many columns stand side by side as in `kept`, if they are not too narrow then.
    """
    bars = Size(0, 0)
    while True:
        view = size - bars
        # A scrollbar must not change whether columns wrap, or it would take itself away again.
        layout = arrange(view.width, view.height, counts, pitch, _wraps(size.width, kept),
                         kept.bands[0].last if kept is not None else None)  # fmt: skip
        needed = Size(
            int(bool(bars.width or layout.height > view.height)),
            int(bool(bars.height or is_partial(layout, view))),
        )
        if needed == bars:
            return layout, view
        bars = needed


def _wraps(width: int, kept: Layout | None) -> bool:
    return width >= WRAP_FROM or (kept is not None and len(kept.bands) > 1)


def is_partial(layout: Layout, view: Size) -> bool:
    """Whether a view of that size never shows all columns at once."""
    return layout.width > view.width or (len(layout.bands) > 1 and layout.height > view.height)


def arrange(
    width: int,
    height: int,
    counts: Sequence[int],
    pitch: int | None = None,
    wraps: bool | None = None,
    side_by_side: int | None = None,
) -> Layout:
    """Place columns with so many cards each; without a `pitch`, the roomiest that still fits.

    `side_by_side`: how many in a band, if they are not too narrow then.
    """
    wraps = width >= WRAP_FROM if wraps is None else wraps
    pitches = PITCHES if pitch is None else (pitch,)
    layouts = (
        _arrange(width, height, counts, roomy, _widths(width, len(counts), wraps, side_by_side))
        for roomy in pitches
    )
    return next(
        layout for layout in layouts if layout.height <= height or layout.pitch == pitches[-1]
    )


def _arrange(
    width: int, height: int, counts: Sequence[int], pitch: int, widths: Sequence[int]
) -> Layout:
    head_lines = 4 if height >= ROOMY_FROM else 3
    per_band = len(widths) or 1
    firsts = range(0, len(counts), per_band)
    needed = [
        head_lines + 3 + _body(counts[first : first + per_band], widths, pitch) for first in firsts
    ]
    spare = max(0, height - sum(needed))
    columns: list[Region] = []
    bands: list[Band] = []
    top = 0
    for number, first in enumerate(firsts):
        last = min(first + per_band, len(counts))
        tall = needed[number] + spare // len(firsts) + (number < spare % len(firsts))
        x = 0
        for column in widths[: last - first]:
            columns.append(Region(x, top, column, tall))
            x += column + GAP
        bands.append(Band(top, tall, first, last))
        top += tall
    total = sum(widths) + GAP * max(0, len(widths) - 1)
    return Layout(tuple(columns), tuple(counts), tuple(bands), pitch, head_lines, total, top)


def _widths(width: int, columns: int, wraps: bool, side_by_side: int | None) -> list[int]:
    """The widths of a band's columns; where they do not wrap, each screenful shows whole ones."""
    least = MIN_COLUMN
    if side_by_side is not None and (width + GAP) // (NARROWEST + GAP) >= side_by_side:
        least = min(least, (width + GAP) // side_by_side - GAP)
    fitting = max(1, (width + GAP) // (least + GAP))
    in_view = per_band = max(1, columns)
    if columns > fitting and wraps:
        in_view = per_band = -(-columns // -(-columns // fitting))
    elif columns > fitting:
        in_view = fitting
    each, spare = divmod(width - GAP * (in_view - 1), in_view)
    return [
        max(least, each + (number % in_view < spare)) for number in range(min(per_band, columns))
    ]


def _body(counts: Sequence[int], widths: Sequence[int], pitch: int) -> int:
    """The lines that the fullest of these columns needs; the air below its last card is not one."""
    rows = max(-(-count // _lanes(width)) for count, width in zip(counts, widths, strict=False))
    return max(1, rows * pitch - (pitch - min(2, pitch)))


def _lanes(width: int) -> int:
    return max(1, (width - 2) // MIN_LANE)
