"""The keys of the screen of a connected cluster."""

from __future__ import annotations

from textual.binding import Binding

from tui.views import VIEW_KEYS

KEYS: tuple[Binding, ...] = (
    Binding("slash", "filter", "Filter", key_display="/", id="filter",
            tooltip="Show only the VMs with this in their name"),
    Binding("i", "details", "Details", id="details", show=False,
            tooltip="Open or close the details of what is selected"),
    *VIEW_KEYS,
    Binding("a", "abort", "Abort", id="abort",
            tooltip="End the migration of the selected VM safely; recover a failed one"),
    Binding("e", "evacuate", "Evacuate", id="evacuate",
            tooltip="Empty the selected node, and put it into standby"),
    Binding("g", "guard", "Guard", id="guard", show=False,
            tooltip="Have nothing restarted when the copy's timeout strikes"),
    Binding("D", "downtime", "Downtime", id="downtime", show=False,
            tooltip="Allow the migrating guest to stand still for longer"),
    Binding("S", "speed", "Speed", id="speed", show=False,
            tooltip="Let the copy of the selected VM run faster"),
    Binding("b", "bring_back", "Take back", id="bring_back", show=False,
            tooltip="End the standby of the selected node, and bring its VMs home"),
    Binding("B", "balance", "Balance", id="balance", show=False,
            tooltip="Propose a few live moves that even the nodes"),
    Binding("v", "checklist", "Checklist", id="checklist", show=False,
            tooltip="What the selected VM's way to a live migration leads past"),
    Binding("p", "pause", "Pause", id="pause", show=False,
            tooltip="Hold the display still, and let it go on again"),
    Binding("r", "refresh", "Refresh", id="refresh", show=False,
            tooltip="Look at the cluster again now"),
    Binding("c", "clear", "Clear constraints", id="clear", show=False,
            tooltip="Remove the constraints that moves left; first it shows what moves then"),
)  # fmt: skip
