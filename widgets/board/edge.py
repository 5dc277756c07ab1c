"""The mouse at the edge of the board, with a VM in the hand."""

from __future__ import annotations

from collections.abc import Callable

from textual.geometry import Offset
from textual.scroll_view import ScrollView
from textual.timer import Timer

CELLS = 2
"""How wide the edge is."""
_TICK_S = 0.06


class Edge:
    """Scrolls a view on while the pointer stays at its edge."""

    def __init__(self, view: ScrollView, scrolled: Callable[[], None]) -> None:
        self._view = view
        self._scrolled = scrolled
        self._way = (0, 0)
        self._timer: Timer | None = None

    @property
    def scrolling(self) -> bool:
        return self._timer is not None

    def point(self, at: Offset) -> None:
        """The pointer is there."""
        width, height = self._view.size
        self._way = (
            (at.x >= width - CELLS) - (at.x < CELLS),
            (at.y >= height - 1) - (at.y < 1),
        )
        if self._way == (0, 0):
            self.leave()
        elif self._timer is None:
            self._timer = self._view.set_interval(_TICK_S, self._scroll)

    def leave(self) -> None:
        """The pointer is not at the edge, or the hand is empty."""
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _scroll(self) -> None:
        x, y = self._way
        self._view.scroll_relative(3 * x, y, animate=False, immediate=True)
        self._scrolled()
