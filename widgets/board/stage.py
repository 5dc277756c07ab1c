"""From the pictures to a scene, laid out."""

from __future__ import annotations

from bisect import bisect_left

from textual.geometry import Offset, Size

from backends.data.picture import Cluster
from backends.judgement.health import Judged
from widgets.board.dealing import Dealt, deal
from widgets.board.layout import Layout, arrange, arrange_in, is_partial
from widgets.board.scene import Scene, make_scene
from widgets.board.trends import Trends

ORIGIN = Offset(0, 0)


class Stage:
    """Follows the pictures; a card that did not change stays the very same."""

    def __init__(self) -> None:
        self.picture = Cluster()
        self.scene = Scene()
        self.layout = arrange(0, 0, ())
        self.view = Size(0, 0)
        """What the scrollbars leave of the widget."""
        self.pitch: int | None = None
        """Lines from card to card; `None` leaves it to what fits."""
        self._dealt = Dealt()
        self._size = Size(0, 0)
        self._held: Layout | None = None
        self._placed: tuple[Size, tuple[int, ...], int | None, Layout | None] | None = None
        self._judged = Judged()
        self._trends = Trends()
        self._filter = ""

    def show(self, picture: Cluster, judged: Judged) -> None:
        """Another picture."""
        self.picture, self._judged = picture, judged
        self._trends = self._trends.after(picture)
        self._compose()

    def filter(self, text: str) -> None:
        """Hide the cards that lack a part of the text."""
        self._filter = text
        self._compose()

    def _compose(self) -> None:
        self._dealt = deal(self.picture, self._filter, self._dealt, self._judged)
        filtered = bool(self._filter.strip())
        self.scene = make_scene(self.picture, self._dealt, self._trends.of, filtered=filtered)

    def hold(self, held: bool) -> None:
        """Keep pitch and columns a band, for as long as there is any way to."""
        self._held = self.layout if held and self.layout.columns else None

    @property
    def extent(self) -> Size:
        """Of everything, with the line below it that tells of what is not seen."""
        below = is_partial(self.layout, self.view)
        return Size(self.layout.width, self.layout.height + below)

    @property
    def cards_in_view(self) -> int:
        """A screenful, of one column."""
        return max(1, (self.view.height - self.layout.head_height) // self.layout.pitch)

    def fits(self, size: Size) -> bool:
        """Whether it is laid out for a widget of that size, or the widget is out of sight."""
        return size == self._size or not size.area

    def place(self, size: Size, scroll: Offset = ORIGIN, *, keep_pitch: bool = False) -> Offset:
        """Lay the scene out in a widget of that size; `keep_pitch`: no closer than it is.

        Returns how far to scroll so that the columns that were seen at `scroll` are, and whole.
        """
        counts = tuple(len(column.cards) for column in self.scene.columns)
        pitch = self.pitch
        if pitch is None and (self._held or (keep_pitch and self.layout.columns)):
            pitch = (self._held or self.layout).pitch
        if size.area:
            self._size = size
        size = self._size  # out of sight it has none, and comes back as it was
        wanted = (size, counts, pitch, self._held)
        if wanted == self._placed:
            return scroll
        before = [column.x for column in self.layout.columns]
        self._placed = wanted
        self.layout, self.view = arrange_in(size, counts, pitch, self._held)
        now = [column.x for column in self.layout.columns]
        first = bisect_left(before, scroll.x)
        if now == before or not scroll.x or first >= len(now):
            return scroll
        return Offset(now[first], scroll.y)
