"""The board: nodes as columns, VMs as cards."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.copies import Copies
from tui.messages import News
from tui.selection import Selection
from tui.views.view import Tab
from widgets.board import Board

BOARD = Tab("1", "board", "Board", "The board: nodes as columns, VMs as cards")


class BoardView:
    drawn_by: tuple[type[News], ...] = ()

    def __init__(self, board: Board, copies: Copies) -> None:
        self.widget = board
        self._copies = copies

    def draw(self, picture: Cluster) -> None:
        self.widget.show(picture, self._copies.outlooks)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        return Selection(self.widget.selected_vm, self.widget.selected_node)

    def filter(self, text: str) -> None:
        self.widget.filter_text = text
