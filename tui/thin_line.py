"""What leaves for the terminal: of a line that was painted again, the cells that differ.

Textual knows which part of a line is to be painted again, but writes it from the widget's left edge
on, with a reset after each piece of it. On a board that is some ten times what changed, and between
the board and its operator there may be a thin line.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from widgets.spans import changed_cells

Piece = tuple[int, int, Strip]
"""Column, line, and what is written from there on."""


@dataclass(slots=True)
class _Row:
    """One line of the terminal, as the widgets in it cut it."""

    ends: tuple[int, ...]
    strips: dict[int, Strip] = field(default_factory=dict)


class ThinLine:
    """Knows what stands on the terminal, as far as it passed here since all was drawn anew."""

    def __init__(self) -> None:
        self._rows: dict[int, _Row] = {}

    def thinned(self, update: RenderableType | None) -> RenderableType | None:
        """The same update, with less to write."""
        if isinstance(update, LayoutUpdate):
            self._rows.clear()
        return ThinUpdate(update, self) if isinstance(update, ChopsUpdate) else update

    def pieces(self, update: ChopsUpdate) -> Iterator[Piece]:
        """What has to be written, and stands there from now on."""
        for y, start, end in update.spans:
            ends = tuple(update.chop_ends[y])
            row = self._rows.get(y)
            if row is None or row.ends != ends:
                row = self._rows[y] = _Row(ends)
            for right, (x, strip) in zip(ends, update.chops[y].items(), strict=True):
                if strip is None or x >= end or right <= start:
                    continue
                known = row.strips.get(x)
                row.strips[x] = strip
                if known is None or known.cell_length != strip.cell_length:
                    yield x, y, strip
                    continue
                for left, after in changed_cells(list(known), list(strip)):
                    yield x + left, y, strip.crop(left, after)


class ThinUpdate(CompositorUpdate):
    """Takes the place of Textual's `ChopsUpdate`."""

    def __init__(self, update: ChopsUpdate, line: ThinLine) -> None:
        self._update = update
        self._line = line

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        return self._update.__rich_console__(console, options)

    def render_segments(self, console: Console) -> str:
        """As it is written: a style is set where it begins, and the last one taken back."""
        written: list[str] = []
        before = after = ""
        for x, y, strip in self._line.pieces(self._update):
            written.append(f"\x1b[{y + 1};{x + 1}H")
            for segment in strip:
                begins, ends = _codes(segment.style, console)
                if begins != before:
                    written += (after, begins)
                    before, after = begins, ends
                written.append(segment.text)
        return "".join((*written, after))


@lru_cache(maxsize=4096)
def _codes(style: Style | None, console: Console) -> tuple[str, str]:
    """What is written before and after text of a style."""
    before, _, after = Strip([Segment("x", style)], 1).render(console).partition("x")
    return before, after
