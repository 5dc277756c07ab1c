"""Terminals that lack colours or glyphs: everything can still be told apart."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from console_font import IN_EVERY_FONT
from tui.poor_terminals import CONSOLE_GLYPHS, ConsoleGlyphs, LoudTrouble
from widgets import glyphs

BLACK = Color.parse("black")


def test_each_glyph_has_one_that_every_console_font_has_in_as_many_cells() -> None:
    for code, simple in CONSOLE_GLYPHS.items():
        assert simple in IN_EVERY_FONT
        assert cell_len(chr(code)) == 1


@pytest.mark.parametrize("marks", [glyphs.VM_MARKS, glyphs.NODE_MARKS, glyphs.PASSAGE_MARKS])
def test_states_stay_apart_in_the_glyphs_of_a_console(marks: dict[str, glyphs.Mark]) -> None:
    shown = [mark.glyph.translate(CONSOLE_GLYPHS) for mark in marks.values()]
    assert len(set(shown)) == len(shown)


def test_without_colour_errors_are_louder_than_ordinary_text() -> None:
    loud = LoudTrouble({"#ff0000"}, {"#ffff00"})
    line = [
        Segment("error", Style(color="#ff0000")),
        Segment("warning", Style(color="#ffff00")),
        Segment("text", Style(color="#ffffff")),
    ]
    error, warning, text = (segment.style for segment in loud.apply(line, BLACK))
    assert error and error.bold and error.reverse
    assert warning and warning.bold and not warning.reverse
    assert text and not text.bold


def test_ascii_passes_untouched() -> None:
    line = [Segment("plain")]
    assert ConsoleGlyphs().apply(line, BLACK)[0] is line[0]
