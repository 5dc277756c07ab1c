"""Where the keys take the selection: by geometry, so that up is up on the glass. Pure."""

from __future__ import annotations

from enum import Enum

from widgets.board_scene import Scene
from widgets.layout import Layout

Spot = tuple[int, int | None]
"""A column, and the index of a card in it; `None` is its head."""


class Way(Enum):
    LEFT = (-1, 0)
    RIGHT = (1, 0)
    UP = (0, -1)
    DOWN = (0, 1)


def selectable(scene: Scene, column: int) -> list[int]:
    """The cards of a column that can be selected: not those that only announce an arrival."""
    return [i for i, card in enumerate(scene.columns[column].cards) if not card.arriving]


def moved(scene: Scene, layout: Layout, spot: Spot, way: Way, cards: int = 1) -> Spot:
    """One step (or so many cards up or down) from a spot; the spot itself at the end of the way."""
    column, index = spot
    if way in (Way.LEFT, Way.RIGHT):
        return _sideways(scene, layout, column, index, way.value[0])
    for _ in range(cards):
        further = _vertically(scene, layout, column, index, way.value[1])
        if further == (column, index):
            break
        column, index = further
    return column, index


def _sideways(scene: Scene, layout: Layout, column: int, index: int | None, step: int) -> Spot:
    lanes = layout.lanes(column)
    if index is not None:
        beside = index + step
        same_row = beside >= 0 and beside // lanes == index // lanes
        if same_row and beside in selectable(scene, column):
            return column, beside
    neighbour = column + step
    if not 0 <= neighbour < len(scene.columns):
        return column, index
    if index is None:
        return neighbour, None
    lane = 0 if step > 0 else layout.lanes(neighbour) - 1
    wanted = index // lanes * layout.lanes(neighbour) + lane
    return neighbour, _nearest(scene, neighbour, wanted)


def _vertically(scene: Scene, layout: Layout, column: int, index: int | None, step: int) -> Spot:
    lanes = layout.lanes(column)
    cards = selectable(scene, column)
    if index is None:
        if step > 0 and cards:
            return column, cards[0]
        return _other_band(scene, layout, column, 0, step)
    lane = index % lanes
    ahead = [i for i in cards if (i // lanes - index // lanes) * step > 0]
    if ahead:
        row = min((i // lanes for i in ahead), key=lambda r: abs(r - index // lanes))
        in_row = [i for i in ahead if i // lanes == row]
        return column, min(in_row, key=lambda i: abs(i % lanes - lane))
    if step < 0:
        return column, None
    return _other_band(scene, layout, column, index, step)


def _other_band(scene: Scene, layout: Layout, column: int, index: int | None, step: int) -> Spot:
    """Into the band below or above, at the column that stands there."""
    band = layout.band_of(column)
    number = layout.bands.index(band) + step
    stay = (column, None) if step < 0 else (column, index if selectable(scene, column) else None)
    if not 0 <= number < len(layout.bands):
        return stay
    other = layout.bands[number]
    neighbour = min(other.first + column - band.first, other.last - 1)
    if step > 0:
        return neighbour, None
    cards = selectable(scene, neighbour)
    return neighbour, cards[-1] if cards else None


def _nearest(scene: Scene, column: int, index: int) -> int | None:
    return min(selectable(scene, column), key=lambda i: abs(i - index), default=None)


def ends(scene: Scene, column: int) -> tuple[int | None, int | None]:
    """The first and the last card of a column."""
    cards = selectable(scene, column)
    return (cards[0], cards[-1]) if cards else (None, None)
