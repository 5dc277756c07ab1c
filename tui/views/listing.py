"""The list: all VMs, or all nodes, one a line, the sickest first."""

from __future__ import annotations

from dataclasses import replace

from backends.data.picture import Cluster
from backends.judgement.health import Grade
from tui.judging import Judging
from tui.messages import ExaminationChanged, News, ProspectsKnown
from tui.views.view import Count, Tab
from widgets.board import Board
from widgets.glyphs import GRADE_MARKS
from widgets.listing.view import Listing
from widgets.selection import Selection

LIST = Tab("2", "list", "List", "List", "All VMs, or nodes, one a line, the sickest first")


class ListView:
    """Its marks are the board's."""

    drawn_by: tuple[type[News], ...] = (ExaminationChanged, ProspectsKnown)

    def __init__(self, board: Board, judging: Judging) -> None:
        self.widget = Listing()
        self.widget.id = LIST.name
        self._board = board
        self._judging = judging

    def draw(self, picture: Cluster) -> None:
        self.widget.show(picture, self._judging.judged, self._board.marked)

    def enter(self) -> None:
        self.widget.focus()

    def highlighted(self) -> Selection:
        entry = self.widget.entry
        if entry is None:
            return Selection(marked=self._board.marked)
        node = entry.vm.node if entry.vm else entry.key
        return Selection(node, entry.vm.id if entry.vm else None, self._board.marked)

    def select(self, chosen: Selection) -> None:
        order = self.widget.order
        if chosen.anything and order.nodes != (chosen.vm is None):
            self.widget.change(replace(order, nodes=chosen.vm is None))
        self.widget.highlight(chosen.vm or chosen.node)

    @property
    def filter_text(self) -> str:
        return self.widget.order.text

    def filter(self, text: str) -> None:
        self.widget.change(replace(self.widget.order, text=text))

    def counts(self) -> tuple[Count, ...]:
        health = self._judging.judged.health
        sick = {grade: sum(health.of_vm(vm) is grade for vm in health.vms) for grade in Grade}
        shown = ((GRADE_MARKS[g], sick[g]) for g in (Grade.ERROR, Grade.WARNING) if sick[g])
        return tuple((f"{mark.glyph}{count}", mark.tone) for mark, count in shown)
