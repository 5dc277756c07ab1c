"""The board: nodes as columns, VMs as cards."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.judging import Judging
from tui.messages import ExaminationChanged, News, ProspectsKnown
from tui.views.view import Count, Tab
from widgets.board import Board
from widgets.selection import Selection

BOARD = Tab("1", "board", "Board", "Board", "The board: nodes as columns, VMs as cards")


class BoardView:
    drawn_by: tuple[type[News], ...] = (ExaminationChanged, ProspectsKnown)

    def __init__(self, board: Board, judging: Judging) -> None:
        self.widget = board
        self._judging = judging

    def draw(self, picture: Cluster) -> None:
        self.widget.show(picture, self._judging.judged)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        return self.widget.selection

    def select(self, chosen: Selection) -> None:
        self.widget.select(chosen.vm, chosen.node)

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter_text = text

    def counts(self) -> tuple[Count, ...]:
        return ()
