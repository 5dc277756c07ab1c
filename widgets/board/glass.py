"""What has to be painted again: found by what was inked before and is inked now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from textual.geometry import Region

from widgets.board.heads import Frame
from widgets.board.moves import Spot
from widgets.board.sight import Sight
from widgets.ink import Line
from widgets.spans import changed_spans

MANY_REGIONS = 100
"""From so many on, Textual draws the whole board faster than its parts."""


@dataclass(frozen=True, slots=True)
class Glass:
    """The ink of everything that is in sight."""

    spots: Mapping[Spot, tuple[Line, ...]] = field(default_factory=dict)
    """Cards and heads."""
    frames: Mapping[int, Frame] = field(default_factory=dict)
    """What is around each column."""
    overlays: Sequence[tuple[Region, Line]] = ()
    """What lies above the columns."""


def changed(before: Glass, now: Glass, sight: Sight) -> list[Region] | None:
    """The parts of the view in which anything came out different, of one and the same sight.

    `None` for so many that the whole is drawn faster.
    """
    inks = [(spot, before.spots.get(spot), ink) for spot, ink in now.spots.items()]
    others = [each for each in inks if each[1] is not each[2]]
    if len(others) > MANY_REGIONS:
        return None
    regions = [
        part for spot, known, ink in others for part in _lines(sight.place(*spot), known, ink)
    ]
    for column, frame in now.frames.items():
        if before.frames.get(column) != frame:
            regions += sight.frame(column)
    for one, other in ((before.overlays, now.overlays), (now.overlays, before.overlays)):
        regions += (overlay[0] for overlay in one if overlay not in other)
    seen = [region for each in regions if (region := sight.clipped(each))]
    return seen if len(seen) <= MANY_REGIONS else None


def _lines(place: Region, before: Sequence[Line] | None, now: Sequence[Line]) -> Iterator[Region]:
    if before is None or len(before) != len(now):
        yield place
        return
    for number, line in enumerate(now):
        for start, end in changed_spans(before[number], line):
            yield Region(place.x + start, place.y + number, end - start, 1)
