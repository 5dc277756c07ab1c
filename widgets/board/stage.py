"""From the pictures to a scene, laid out."""

from __future__ import annotations

from collections.abc import Mapping

from textual.geometry import Size

from backends.data.picture import Cluster
from backends.judgement.health import Judged
from widgets.board.layout import arrange, arrange_in
from widgets.board.scene import Card, CardKey, Dealt, Scene, make_scene
from widgets.board.trends import Trends


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
        self._placed: tuple[Size, tuple[int, ...], int | None] | None = None
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
        judged, migrations = self._judged, self.picture.migrations
        self.scene = make_scene(self.picture, self._filter, self._dealt, judged, self._trends.of)
        cards = {
            (card.vm.id, card.arriving): card
            for column in self.scene.columns
            for card in column.cards
        }
        self._dealt = Dealt(cards, judged, migrations)

    @property
    def cards(self) -> Mapping[CardKey, Card]:
        """All that are in the scene."""
        return self._dealt.cards

    @property
    def cards_in_view(self) -> int:
        """A screenful, of one column."""
        return max(1, (self.view.height - self.layout.head_height) // self.layout.pitch)

    def place(self, size: Size, *, keep_pitch: bool = False) -> None:
        """Lay the scene out in a widget of that size; `keep_pitch`: no closer than it is."""
        counts = tuple(len(column.cards) for column in self.scene.columns)
        pitch = self.pitch
        if pitch is None and keep_pitch and self.layout.columns:
            pitch = self.layout.pitch
        wanted = (size, counts, pitch)
        if wanted != self._placed:
            self._placed = wanted
            self.layout, self.view = arrange_in(size, counts, pitch)
