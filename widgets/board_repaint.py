"""The changing part of the board: a scene for each picture, and repainted only what differs."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from textual.geometry import Region, Size

from widgets.board_ink import Line
from widgets.board_scene import Scene, make_scene
from widgets.board_view import BoardView
from widgets.drag import Carrying
from widgets.layout import arrange_in

_HISTORY = 240
_SAMPLE_S = 1.0
_MANY_REGIONS = 100
"""From so many on, Textual draws the whole board faster than its parts."""


class BoardRepaint(BoardView):
    """A `BoardView` that follows the pictures."""

    def _compose_scene(self, filter_text: str, *, sample: bool = False) -> None:
        """Make the scene anew and repaint what differs from what is on the glass."""
        if sample:
            self._sample()
        before = self._scene
        self._scene = make_scene(self._picture, filter_text, self._cards, self._outlooks)
        self._cards = {card.key: card for column in self._scene.columns for card in column.cards}
        for gone in self._painted.keys() - self._cards.keys():
            del self._painted[gone]
        if self._place() or before.names != self._scene.names:
            self._repaint()
        else:
            self._repaint_changed(before)

    def _sample(self) -> None:
        """Remember each node's load, about once a second whatever the pace of pictures is."""
        newer = self._picture.taken_at - self._sampled_at >= _SAMPLE_S
        if newer:
            self._sampled_at = self._picture.taken_at
        for node in self._picture.nodes:
            values = self._history.setdefault(node.name, deque(maxlen=_HISTORY))
            if values and not newer:
                values.pop()
            values.append(node.cpu_percent)
        for gone in self._history.keys() - {node.name for node in self._picture.nodes}:
            del self._history[gone]

    def _place(self) -> bool:
        """Lay everything out; whether anything stands elsewhere than before."""
        counts = tuple(len(column.cards) for column in self._scene.columns)
        pitch = self._pitch
        if pitch is None and isinstance(self._drag, Carrying) and self._layout.columns:
            pitch = self._layout.pitch
        layout, view = arrange_in(self.size, counts, pitch)
        if layout == self._layout and view == self._view:
            return False
        self._layout, self._view = layout, view
        self.virtual_size = Size(layout.width, layout.height)
        return True

    # Repainting

    def _repaint(self) -> None:
        self._heads.clear()
        self.refresh()

    def _repaint_cards(self, *vms: str | None) -> None:
        """Repaint these VMs' cards where they are in sight."""
        keys = {(vm, arriving) for vm in vms if vm is not None for arriving in (False, True)}
        self._refresh_seen(
            self._layout.card(column, index)
            for column, index in self._seen_cards()
            if self._scene.columns[column].cards[index].key in keys
        )

    def _repaint_changed(self, before: Scene) -> None:
        regions: list[Region] = []
        for column, index in self._seen_cards():
            new, old = self._scene.columns[column].cards[index], before.columns[column].cards[index]
            if new is not old:
                drawn = self._painted.get(old.key)
                place = self._layout.card(column, index)
                regions += _changed(place, drawn and drawn[1], self._card_lines(column, index))
        heads, self._heads = self._heads, {}
        for column in self._seen_columns():
            place = self._head_region(column)
            regions += _changed(place, heads.get(column), self._head_lines(column))
        if len(regions) > _MANY_REGIONS:
            self.refresh()
        else:
            self._refresh_seen(regions)

    def _refresh_seen(self, regions: Iterable[Region]) -> None:
        view = Region(*self.scroll_offset, *self._view)
        seen = [region.intersection(view).translate(-self.scroll_offset) for region in regions]
        seen = [region for region in seen if region]
        if seen:
            self.refresh(*seen)

    def _head_region(self, column: int) -> Region:
        region = self._layout.columns[column]
        top = self._layout.head_top(self._layout.band_of(column), self.scroll_offset.y)
        return Region(region.x, top, region.width, self._layout.head_height)

    def _seen_columns(self) -> list[int]:
        view = Region(*self.scroll_offset, *self._view)
        return [i for i, region in enumerate(self._layout.columns) if region.overlaps(view)]

    def _seen_cards(self) -> Iterator[tuple[int, int]]:
        top, height = self.scroll_offset.y, self._view.height
        for column in self._seen_columns():
            lanes = self._layout.lanes(column)
            body = self._layout.columns[column].y + self._layout.head_height
            first = max(0, (top - body) // self._layout.pitch)
            last = max(0, -(-(top + height - body) // self._layout.pitch))
            count = len(self._scene.columns[column].cards)
            for index in range(min(count, first * lanes), min(count, last * lanes)):
                yield column, index


def _changed(place: Region, before: tuple[Line, ...] | None, now: tuple[Line, ...]) -> list[Region]:
    """The lines of a place that are not drawn yet as they should be."""
    if before is None or len(before) != len(now):
        return [place]
    return [
        Region(place.x, place.y + number, place.width, 1)
        for number, line in enumerate(now)
        if line != before[number]
    ]
