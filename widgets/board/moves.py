"""Where the keys take the selection: by geometry, so that up is up on the glass. Pure."""

from __future__ import annotations

from enum import Enum

from widgets.board.layout import Layout
from widgets.board.scene import Scene
from widgets.selection import Selection

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
        return _sideways(scene, layout, column, index, way)
    for _ in range(cards):
        further = _vertically(scene, layout, column, index, way)
        if further == (column, index):
            break
        column, index = further
    return column, index


def _sideways(scene: Scene, layout: Layout, column: int, index: int | None, way: Way) -> Spot:
    lanes, step = layout.lanes(column), sum(way.value)
    if index is not None:
        beside = index + step
        same_row = beside >= 0 and beside // lanes == index // lanes
        if same_row and beside in selectable(scene, column):
            return column, beside
    other = neighbour(layout, column, way)
    if index is None or other == column:
        return other, index
    lane = 0 if step > 0 else layout.lanes(other) - 1
    return other, _nearest(scene, other, index // lanes * layout.lanes(other) + lane)


def _vertically(scene: Scene, layout: Layout, column: int, index: int | None, way: Way) -> Spot:
    lanes, step = layout.lanes(column), sum(way.value)
    cards = selectable(scene, column)
    if index is None:
        if step > 0 and cards:
            return column, cards[0]
        return _other_band(scene, layout, column, None, way)
    lane = index % lanes
    ahead = [i for i in cards if (i // lanes - index // lanes) * step > 0]
    if ahead:
        row = min((i // lanes for i in ahead), key=lambda r: abs(r - index // lanes))
        in_row = [i for i in ahead if i // lanes == row]
        return column, min(in_row, key=lambda i: abs(i % lanes - lane))
    if step < 0:
        return column, None
    return _other_band(scene, layout, column, index, way)


def neighbour(layout: Layout, column: int, way: Way) -> int:
    """The column beside another; above or below, the one that stands there in the next band."""
    step = sum(way.value)
    if way in (Way.LEFT, Way.RIGHT):
        return max(0, min(column + step, len(layout.columns) - 1))
    band = layout.band_of(column)
    number = layout.bands.index(band) + step
    if not 0 <= number < len(layout.bands):
        return column
    other = layout.bands[number]
    return min(other.first + column - band.first, other.last - 1)


def _other_band(scene: Scene, layout: Layout, column: int, index: int | None, way: Way) -> Spot:
    """Down to the head of the column below, up to the last card of the one above."""
    other = neighbour(layout, column, way)
    if other == column:
        return column, index
    return other, ends(scene, other)[1] if way is Way.UP else None


def _nearest(scene: Scene, column: int, index: int) -> int | None:
    return min(selectable(scene, column), key=lambda i: abs(i - index), default=None)


def ends(scene: Scene, column: int) -> tuple[int | None, int | None]:
    """The first and the last card of a column."""
    cards = selectable(scene, column)
    return (cards[0], cards[-1]) if cards else (None, None)


def spot_of(scene: Scene, selection: Selection) -> Spot | None:
    """Where the cursor is."""
    if selection.vm is not None:
        return scene.find(selection.vm)
    column = scene.index(selection.node)
    return (column, None) if column is not None else None


def followed(scene: Scene, before: Selection, spot: Spot | None) -> Spot | None:
    """Where a cursor goes that was at `spot` of the scene before: after its VM.

    Where the VM is gone, as near as can be; `None` if there is nothing at all.
    """
    if not scene.columns:
        return None
    if before.vm is not None and (found := scene.find(before.vm)) is not None:
        return found
    column = scene.index(before.node) if spot or before.node else None
    if column is None or (scene.filtered and not scene.columns[column].cards):
        first = next((i for i, content in enumerate(scene.columns) if content.cards), 0)
        return first, ends(scene, first)[0]
    index = spot[1] if spot and before.vm is not None else None
    last = ends(scene, column)[1]
    return column, None if index is None or last is None else min(index, last)
