"""The views of a connected cluster, each with its key."""

from __future__ import annotations

from typing import NamedTuple

from textual.binding import Binding


class View(NamedTuple):
    key: str
    name: str
    """Of its widget."""
    title: str
    tooltip: str


VIEWS = (
    View("1", "board", "Board", "The board: nodes as columns, VMs as cards"),
    View("2", "cluster", "Cluster", "Nodes, VMs, failures, fencing and constraints as tables"),
    View("3", "timeline", "Timeline", "Everything that was seen to happen"),
    View("4", "doctor", "Doctor", "What stands in the way of live migrations, and what cures it"),
    View("5", "logs", "Logs", "Every command that was sent to a node"),
    View("6", "queue", "Queue", "The queue of moves: its order, and how long it takes"),
)
_GROUP = Binding.Group("Views", compact=True)

VIEW_KEYS = [
    Binding(
        view.key,
        f"view('{view.name}')",
        view.title,
        id=f"view.{view.name}",
        group=_GROUP,
        tooltip=view.tooltip,
    )
    for view in VIEWS
]
