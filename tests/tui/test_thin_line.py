"""What leaves for the terminal: less than Textual would write, and the same stands there."""

from __future__ import annotations

from collections.abc import Sequence
from io import StringIO

import pyte
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.geometry import Region
from textual.strip import Strip

from tui.thin_line import ThinLine, ThinUpdate

WIDTH, LINES = 24, 3
STYLES = (Style(), Style(bold=True), Style(color="red"), Style(bgcolor="blue"))
CONSOLE = Console(file=StringIO(), color_system="256", force_terminal=True)

texts = st.text("ab ▁虚", min_size=1, max_size=6)
segments = st.builds(lambda text, style: Segment(text, style), texts, st.sampled_from(STYLES))
cut_points = st.sampled_from([(WIDTH,), (10, WIDTH), (4, 10, WIDTH)])


@st.composite
def painted(draw: st.DrawFn) -> tuple[tuple[int, ...], list[list[Strip]]]:
    """How widgets cut the lines, and what they painted there."""
    ends = draw(cut_points)
    widths = [end - start for start, end in zip((0, *ends), ends, strict=False)]
    strips = [
        [Strip(draw(st.lists(segments, max_size=5))).adjust_cell_length(w) for w in widths]
        for _ in range(LINES)
    ]
    return ends, strips


def partly(ends: Sequence[int], strips: Sequence[Sequence[Strip]]) -> ChopsUpdate:
    starts = (0, *ends[:-1])
    chops = [dict(zip(starts, line, strict=True)) for line in strips]
    return ChopsUpdate(chops, [(y, 0, WIDTH) for y in range(LINES)], [list(ends)] * LINES)


def wholly(strips: Sequence[Sequence[Strip]]) -> LayoutUpdate:
    return LayoutUpdate([list(line) for line in strips], Region(0, 0, WIDTH, LINES))


@given(st.lists(st.tuples(painted(), st.booleans()), min_size=1, max_size=8))
def test_what_stands_on_the_terminal_is_what_textual_would_have_written(
    updates: list[tuple[tuple[tuple[int, ...], list[list[Strip]]], bool]],
) -> None:
    ours, theirs = pyte.Screen(WIDTH, LINES), pyte.Screen(WIDTH, LINES)
    line = ThinLine()
    for (ends, strips), whole in updates:
        update = wholly(strips) if whole else partly(ends, strips)
        thinned = line.thinned(update)
        assert isinstance(thinned, LayoutUpdate | ThinUpdate)
        for screen, each in ((ours, thinned), (theirs, update)):
            written = each.render_segments(CONSOLE).replace("\n", "\r\n")
            pyte.Stream(screen).feed(written)
        assert ours.buffer == theirs.buffer


def test_what_stands_there_already_is_not_written() -> None:
    line = ThinLine()
    strips = [[Strip([Segment(" 42%  "), Segment("web01", STYLES[1]), Segment(" " * 13)])]] * LINES
    assert "web01" in written(line, strips)
    assert written(line, strips) == ""
    busier = [[Strip([Segment(" 43%  "), Segment("web01", STYLES[1]), Segment(" " * 13)])]]
    assert written(line, [*busier, *strips[1:]]) == "\x1b[1;3H3"
    restyled = [[Strip([Segment(" 43%  "), Segment("web01", STYLES[2]), Segment(" " * 13)])]]
    assert "web01" in written(line, [*restyled, *strips[1:]])


def written(
    line: ThinLine, strips: Sequence[Sequence[Strip]], ends: Sequence[int] = (WIDTH,)
) -> str:
    update = line.thinned(partly(ends, strips))
    assert isinstance(update, ThinUpdate)
    return update.render_segments(CONSOLE)


def test_what_stood_there_before_the_line_was_cut_otherwise_is_not_taken_for_known() -> None:
    line = ThinLine()
    beside = Strip([Segment("details of web")], 14)
    cut = [[Strip([Segment("the board ")], 10), beside]] * LINES
    uncut = [[Strip([Segment("a board without details ")], WIDTH)]] * LINES
    assert "details" in written(line, cut, (10, WIDTH))
    assert "without" in written(line, uncut, (WIDTH,))
    assert "details" in written(line, cut, (10, WIDTH))
