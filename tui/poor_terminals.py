"""What is done for terminals that lack colours or glyphs: filters on the lines that they get.

So no widget has to know of it. `TERM=linux` has a font of 512 glyphs at most; those of code page
437 are in every one of them. `NO_COLOR` makes everything grey: what means trouble has to be told
apart without a colour.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

_RICH = "●○◉◐◔◆△▽✖✔⚠⊘⊗‖⇄➜⇠⚑★◌◫◷▶▸▴▾✎…–╭╮╰╯━╸╌┏┓┗┛┃┠┨▁▂▃▅▆▇▏␣⇅‹›�"
_POOR = "•o@%.♦^vx√!/X║↔→←¶*°≡t►►^v~.-┌┐└┘═─-╔╗╚╝║╟╢__▄▄██│_↕<>?"
_CONTROL_PICTURES = {0x2400 + code: "?" for code in range(0x22)}
CONSOLE_GLYPHS = {**dict(zip(map(ord, _RICH), _POOR, strict=True)), **_CONTROL_PICTURES}
"""One cell for one cell."""


class ConsoleGlyphs(LineFilter):
    """Shows instead of what a Linux console's font lacks what it has."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            segment
            if segment.text.isascii()
            else Segment(segment.text.translate(CONSOLE_GLYPHS), segment.style, segment.control)
            for segment in segments
        ]


class LoudTrouble(LineFilter):
    """Shows errors bold and reversed, and warnings bold, where no colour tells them apart."""

    def __init__(self, errors: Collection[str], warnings: Collection[str]) -> None:
        super().__init__()
        self._errors = frozenset(errors)
        self._warnings = frozenset(warnings)

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [
            Segment(segment.text, self._louder(segment.style), segment.control)
            for segment in segments
        ]

    def _louder(self, style: Style | None) -> Style | None:
        colour = style.color.name if style is not None and style.color is not None else None
        if colour in self._errors:
            return (style or Style()) + Style(bold=True, reverse=True)
        return (style or Style()) + Style(bold=True) if colour in self._warnings else style


def filters(
    environment: Mapping[str, str], theme: Theme, variables: Mapping[str, str]
) -> Sequence[LineFilter]:
    """What this terminal needs, by its environment."""
    found: list[LineFilter] = []
    if environment.get("TERM") == "linux":
        found.append(ConsoleGlyphs())
    if "NO_COLOR" in environment:
        found.append(LoudTrouble(_colours("error", theme, variables),
                                 _colours("warning", theme, variables)))  # fmt: skip
    return found


def _colours(name: str, theme: Theme, variables: Mapping[str, str]) -> set[str]:
    """Under which names a colour of the theme reaches a line: plain, and as text."""
    said = [variables.get(name), variables.get(f"text-{name}"), getattr(theme, name, None)]
    return {_hex(colour) for colour in said if colour}


def _hex(colour: str) -> str:
    return Color.parse(colour).rich_color.name
