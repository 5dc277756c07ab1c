"""Terminals that lack colours or glyphs: everything can still be told apart."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from console_font import IN_EVERY_FONT
from tui.poor_terminals import CONSOLE_GLYPHS, ConsoleGlyphs, LoudTrouble
from tui.themes import SIXTEEN_COLOURS
from tui.views.listed import VIEWS
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


READABLE = {"default", "black", "bright_white", "color(0)", "color(15)"}
"""On any of the other colours."""


def colour_on_colour(operator: Operator) -> set[str]:
    """What of sixteen colours stands on another of them, or faintly on one."""
    found = set()
    for strip in operator.app.screen._compositor.render_strips():
        for text, style, _ in strip:
            if style is None or style.bgcolor is None or style.bgcolor.is_default:
                continue
            colour = style.color.name if style.color is not None else "default"
            if any(map(str.isalnum, text)) and (style.dim or colour not in READABLE):
                found.add(f"{text.strip()!r}: {style}")
    return found


@pytest.mark.parametrize("scenario", ["unfit", "node-loss"])
async def test_in_sixteen_colours_no_colour_is_written_on_another(
    scenario: str, journal: Journal
) -> None:
    backend = SimulatedBackend(4, 16, 1, 0, scenario)
    async with at_the_app(backend, journal) as operator:
        operator.app.theme = SIXTEEN_COLOURS
        await operator.pilot.pause()
        found: dict[str, str] = {}
        for tab, _ in VIEWS:
            await operator.press(tab.key, "down")
            found.update(dict.fromkeys(colour_on_colour(operator), tab.name))
        for keys, where in (
            (("1", "x"), "marked"),
            (("x", "m"), "picked up"),
            (("right",), "aimed"),
            (("enter",), "a move proposed"),
            (("escape", "escape", "e"), "an evacuation proposed"),
            (("escape", "full_stop"), "the menu"),
        ):
            await operator.press(*keys)
            await operator.pilot.pause()
            found.update(dict.fromkeys(colour_on_colour(operator), where))
        assert not found, "\n".join(f"{where}: {told}" for told, where in found.items())
