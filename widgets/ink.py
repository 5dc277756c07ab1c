"""Ink: from spans of text and tones to strips of exactly the right width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import lru_cache
from typing import TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style

from widgets.bars import cut, is_plain, literal
from widgets.glyphs import Tone


class Ground(StrEnum):
    """What a piece of text stands on."""

    PLAIN = "plain"
    CURSOR = "cursor"
    MARKED = "marked"
    CARRIED = "carried"
    LIVE = "live"
    SIDE_EFFECTS = "side-effects"
    REBOOT = "reboot"
    REFUSED = "refused"
    LABEL = "label"


Look: TypeAlias = Callable[[Tone, Ground], Style]
"""The theme, as a style for each tone on each ground."""

Span: TypeAlias = tuple[str, Tone]


def plain_look(tone: Tone, ground: Ground) -> Style:
    """A look without any colour."""
    return Style()


Line: TypeAlias = list[Segment]
"""One line of a card or a head: segments, which cost less to make than a `Strip`."""


def row(
    width: int,
    left: Sequence[Span],
    right: Sequence[Span] = (),
    *,
    look: Look,
    ground: Ground = Ground.PLAIN,
    fill: Span = (" ", Tone.TEXT),
) -> Line:
    """One line of `width` cells. What does not fit is cut from the end of the left part first.

    Text is made literal here, so that nothing acts on the terminal wherever it came from.
    """
    ending: Line = []
    taken = _write(ending, right, width, look, ground)
    line: Line = []
    used = _write(line, left, width - taken, look, ground)
    if used + taken < width:
        line.append(Segment(fill[0] * (width - taken - used), look(fill[1], ground)))
    return line + ending


def _write(line: Line, spans: Sequence[Span], room: int, look: Look, ground: Ground) -> int:
    used = 0
    for text, tone in spans:
        if used >= room:
            break
        inked, cells = _inked(text, room - used)
        if inked:
            line.append(Segment(inked, look(tone, ground)))
            used += cells
    return used


def _inked(text: str, room: int) -> tuple[str, int]:
    """What of it has room, and how many cells that takes."""
    return (text, len(text)) if len(text) <= room and is_plain(text) else _anew(text, room)


@lru_cache(maxsize=1024)
def _anew(text: str, room: int) -> tuple[str, int]:
    text = cut(literal(text), room)
    return text, cell_len(text)


def text_of(line: Line) -> str:
    """What a line says."""
    return "".join(segment.text for segment in line)
