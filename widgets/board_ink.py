"""Ink: from spans of text and tones to strips of exactly the right width. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from enum import StrEnum
from typing import TypeAlias

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from widgets.bars import cut, literal
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


def row(
    width: int,
    left: Sequence[Span],
    right: Sequence[Span] = (),
    *,
    look: Look,
    ground: Ground = Ground.PLAIN,
    fill: Span = (" ", Tone.TEXT),
) -> Strip:
    """One line of `width` cells. What does not fit is cut from the end of the left part first.

    Text is made literal here, so that nothing acts on the terminal wherever it came from.
    """
    left = [(literal(text), tone) for text, tone in left]
    right = [(literal(text), tone) for text, tone in right]
    segments: list[Segment] = []
    right_width = sum(cell_len(text) for text, _ in right)
    room = max(0, width - right_width)
    used = _write(segments, left, room, look, ground)
    if room > used:
        segments.append(Segment(fill[0] * (room - used), look(fill[1], ground)))
    _write(segments, right, width - room, look, ground)
    return Strip(segments, width)


def _write(
    segments: list[Segment], spans: Sequence[Span], room: int, look: Look, ground: Ground
) -> int:
    used = 0
    for text, tone in spans:
        if used >= room:
            break
        text = cut(text, room - used)
        if text:
            segments.append(Segment(text, look(tone, ground)))
            used += cell_len(text)
    return used


def blank(width: int, look: Look, ground: Ground = Ground.PLAIN) -> Strip:
    """Nothing, on its ground."""
    return Strip([Segment(" " * width, look(Tone.TEXT, ground))], width)
