"""The cluster as tables."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.judging import Judging
from tui.messages import News, ProspectsKnown
from tui.views.view import Count, Opened, Tab
from widgets.cluster_tables import ClusterTables
from widgets.selection import Selection

CLUSTER = Tab(
    "3", "cluster", "Cluster", "Clus", "Nodes, VMs, failures, fencing and constraints as tables"
)


class ClusterView:
    drawn_by: tuple[type[News], ...] = (ProspectsKnown,)

    def __init__(self, judging: Judging) -> None:
        self.widget = ClusterTables(id=CLUSTER.name)
        self._judging = judging

    def draw(self, picture: Cluster) -> None:
        self.widget.show(picture, self._judging.judged)

    def enter(self) -> None:
        self.widget.action_focus_table()

    def highlighted(self) -> Selection:
        vm, node = self.widget.selected
        return Selection(vm=vm, node=node)

    def opened(self) -> Opened:
        """The board; of what failed, all that is known of it."""
        title, text = self.widget.whole
        return Opened(self.highlighted(), title=title, text=text)

    def select(self, chosen: Selection) -> None:
        self.widget.select(chosen.vm, chosen.node)

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        return ()
