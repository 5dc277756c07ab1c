"""What of the scene is in sight, and where. Pure geometry."""

from __future__ import annotations

from dataclasses import dataclass, field

from textual.geometry import Offset, Region, Size

from widgets.board.layout import Hit, Layout, arrange, is_partial
from widgets.board.scene import Column, Scene


@dataclass(frozen=True, slots=True)
class Sight:
    """A scene laid out, and the view that is had of it. `scroll` is the view's place in it."""

    scene: Scene = field(default_factory=Scene)
    layout: Layout = field(default_factory=lambda: arrange(0, 0, ()))
    view: Size = field(default_factory=Size)
    scroll: Offset = field(default_factory=Offset)

    @property
    def region(self) -> Region:
        """The view, as a part of the layout's plane."""
        return Region(*self.scroll, *self.view)

    def columns(self) -> list[int]:
        """The columns of which anything is in sight."""
        region = self.region
        return [i for i, place in enumerate(self.layout.columns) if place.overlaps(region)]

    def nodes(self) -> tuple[str, ...]:
        """The nodes of these columns."""
        names = (self.scene.columns[i].name for i in self.columns())
        return tuple(name for name in names if name is not None)

    def heads(self) -> tuple[str, ...]:
        """The nodes whose heads are wholly in sight."""
        view = Region(0, 0, *self.view)
        seen = (i for i in self.columns() if view.contains_region(self.place(i, None)))
        names = (self.scene.columns[i].name for i in seen)
        return tuple(name for name in names if name is not None)

    def beyond(self) -> tuple[list[Column], list[Column]]:
        """The nodes before and after those whose heads are in sight, the nearest first."""
        seen = frozenset(self.heads())
        nodes = [column for column in self.scene.columns if column.node is not None]
        at = [i for i, column in enumerate(nodes) if column.name in seen]
        if not at:
            return [], nodes
        return nodes[: at[0]][::-1], nodes[at[-1] + 1 :]

    @property
    def partial(self) -> bool:
        """Whether there are more nodes than are seen at once: a line below tells of them."""
        return is_partial(self.layout, self.view)

    def cards(self, column: int) -> range:
        """The indexes of a column's cards that are in sight."""
        top, height = self.scroll.y, self.view.height
        lanes, pitch = self.layout.lanes(column), self.layout.pitch
        body = self.layout.columns[column].y + self.layout.head_height
        first = max(0, (top - body) // pitch)
        last = max(0, -(-(top + height - body) // pitch))
        count = len(self.scene.columns[column].cards)
        return range(min(count, first * lanes), min(count, last * lanes))

    def place(self, column: int, card: int | None) -> Region:
        """The place of a card, or of a head, in the view; also where it is not wholly in it."""
        if card is not None:
            return self.layout.card(column, card).translate(-self.scroll)
        region = self.layout.columns[column]
        top = self.layout.head_top(self.layout.band_of(column), self.scroll.y)
        head = Region(region.x, top, region.width, self.layout.head_height)
        return head.translate(-self.scroll)

    def frame(self, column: int) -> tuple[Region, ...]:
        """The lines at the sides and the foot of a column, in the view."""
        x, y, width, height = self.layout.columns[column].translate(-self.scroll)
        return (
            Region(x, y, 1, height),
            Region(x + width - 1, y, 1, height),
            Region(x, y + height - 1, width, 1),
        )

    def clipped(self, region: Region) -> Region:
        """What of a region is in the view, or in the line below it."""
        width, height = self.view
        return region.intersection(Region(0, 0, width, height + self.partial))

    def same_places(self, other: Sight) -> bool:
        """Whether everything stands where it stood."""
        return (
            self.scroll == other.scroll
            and self.view == other.view
            and self.layout == other.layout
            and self.scene.names == other.scene.names
        )

    def hit(self, at: Offset) -> Hit | None:
        """What is at a place of the view."""
        if not Region(0, 0, *self.view).contains(*at):
            return None
        left, top = self.scroll
        return self.layout.at(at.x + left, at.y + top, top)

    def node_at(self, at: Offset) -> str | None:
        """The node at a place of the view; the line between two columns belongs to the left one."""
        hit = self.hit(at) or self.hit(at - Offset(1, 0))
        return self.scene.columns[hit.column].name if hit is not None else None

    def to_see(self, column: int, card: int | None) -> Offset:
        """How far to scroll to see a card, or a head: no further than it takes."""
        layout, region = self.layout, self.layout.columns[column]
        left, top = self.scroll
        width, height = self.view
        x = min(region.x, max(left, region.right - width))
        if card is None:
            head_top = layout.head_top(layout.band_of(column), top)
            seen = head_top in range(top, top + height - layout.head_height + 1)
            return Offset(x, top if seen else region.y)
        place = layout.card(column, card)
        foot = 2 if place.bottom >= region.bottom - 1 else 1
        return Offset(x, min(place.y - layout.head_height, max(top, place.bottom + foot - height)))
