"""The keys of the screen of a connected cluster, and which of them are offered."""

from __future__ import annotations

from textual.binding import Binding
from textual.screen import Screen

from backends.data.picture import Cluster
from tui.acts.listed import ACTS, OFFERS
from tui.house import House
from tui.views.listed import VIEWS
from widgets.key_bar import Key
from widgets.selection import Selection

KEYS: tuple[Binding, ...] = (
    Binding("slash", "filter", "Filter", key_display="/", id="filter",
            tooltip="Show only what has this in it, in the view that is in sight"),
    Binding("i", "details", "Details", id="details", show=False,
            tooltip="Open or close the details of what is selected"),
    *(view.tab.binding() for view in VIEWS),
    *(act.offer.binding() for act in ACTS if act.offer.key),
    Binding("n", "problem(1)", "Problem", id="problem.next",
            tooltip="Go to what is worst, then to the next thing that is wrong"),
    Binding("N", "problem(-1)", "Problem", id="problem.before", show=False,
            tooltip="Go to the thing that is wrong before this one"),
    Binding("A", "acknowledge", "Seen", id="acknowledge", show=False,
            tooltip="What happened was seen: nothing of it is unread any more"),
    Binding("full_stop", "menu", "Menu", key_display=".", id="menu", show=False,
            tooltip="What can be done to what is highlighted, and why the rest cannot"),
    Binding("left_square_bracket", "app.travel(-1)", "Earlier", key_display="[", id="past.earlier",
            show=False, tooltip="Back to the change before: the board as it was then"),
    Binding("right_square_bracket", "app.travel(1)", "Later", key_display="]", id="past.later",
            show=False, tooltip="To the change after this moment of the past"),
    Binding("escape", "unfilter", "All", id="unfilter", show=False,
            tooltip="Show everything again that the filter hides; from the past to the present"),
    Binding("p", "pause", "Pause", id="pause", show=False,
            tooltip="Hold the display still, and let it go on again"),
    Binding("r", "refresh", "Refresh", id="refresh", show=False,
            tooltip="Look at the cluster again now"),
)  # fmt: skip


def offered(
    screen: Screen[None], house: House, picture: Cluster, chosen: Selection
) -> tuple[Key, ...]:
    """For the last line: the keys that do something with what is highlighted. The others work all
    the same, and say why they do nothing."""

    def label(binding: Binding) -> str | None:
        if binding.id not in OFFERS:
            return binding.description
        return house.label(binding.id, picture, chosen)

    shown: dict[str, Binding] = {}
    for active in screen.active_bindings.values():
        if active.binding.show:
            shown.setdefault(active.binding.action, active.binding)
    named = [(binding, label(binding)) for binding in shown.values()]
    return tuple(
        Key(binding.key, screen.app.get_key_display(binding), name)
        for binding, name in named
        if name is not None
    )
