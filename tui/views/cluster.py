"""The cluster as tables."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.messages import News
from tui.selection import Selection
from tui.views.view import Tab
from widgets.cluster_tables import ClusterTables

CLUSTER = Tab("2", "cluster", "Cluster", "Nodes, VMs, failures, fencing and constraints as tables")


class ClusterView:
    drawn_by: tuple[type[News], ...] = ()

    def __init__(self) -> None:
        self.widget = ClusterTables(id=CLUSTER.name)

    def draw(self, picture: Cluster) -> None:
        self.widget.show(picture)

    def enter(self) -> None:
        self.widget.action_focus_table()

    def highlighted(self) -> Selection:
        return Selection(*self.widget.selected)
