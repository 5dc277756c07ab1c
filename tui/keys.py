"""The keys of the screen of a connected cluster."""

from __future__ import annotations

from textual.binding import Binding

from tui.acts.listed import ACTS
from tui.views.listed import VIEWS

KEYS: tuple[Binding, ...] = (
    Binding("slash", "filter", "Filter", key_display="/", id="filter",
            tooltip="Show only the VMs with this in their name"),
    Binding("i", "details", "Details", id="details", show=False,
            tooltip="Open or close the details of what is selected"),
    *(view.tab.binding() for view in VIEWS),
    *(act.offer.binding() for act in ACTS if act.offer.key),
    Binding("p", "pause", "Pause", id="pause", show=False,
            tooltip="Hold the display still, and let it go on again"),
    Binding("r", "refresh", "Refresh", id="refresh", show=False,
            tooltip="Look at the cluster again now"),
)  # fmt: skip
