"""The cluster as tables: nodes, VMs, failures, fencing, constraints."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from backends.data.picture import Cluster
from backends.judgement.health import Judged
from widgets.cluster_sheets import SHEETS
from widgets.table import KeyedTable


class ClusterTables(Widget):
    """One table at a time; only that one is filled."""

    DEFAULT_CSS = """
    ClusterTables {
        TabbedContent { height: 1fr; }
        ContentSwitcher { height: 1fr; }
        TabPane { height: 1fr; padding: 0; }
        Tab { color: $foreground 76%; }
        Tab.-active { color: $foreground; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "turn(-1)", "Back", key_display="<", show=False,
                id="tables.back", tooltip="The table before this one"),
        Binding("greater_than_sign", "turn(1)", "On", key_display=">", show=False,
                id="tables.on", tooltip="The table after this one"),
        Binding("down", "focus_table", "Rows", show=False,
                id="tables.rows", tooltip="From the tabs into the table"),
    ]  # fmt: skip

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._picture = Cluster()
        self._judged = Judged()
        self._filter = ""
        self._counts: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        with TabbedContent():
            for name, sheet in SHEETS.items():
                with TabPane(sheet.title, id=name):
                    yield KeyedTable(*sheet.columns)

    def show(self, picture: Cluster, judged: Judged | None = None) -> None:
        """Draw the open table, and how many rows each has."""
        self._picture, self._judged = picture, judged or Judged()
        constraints = sum(len(vm.constraints) for vm in picture.vms)
        counts = {
            "nodes": len(picture.nodes),
            "vms": len(picture.vms),
            "failures": len(picture.failures),
            "fencing": len(picture.fencing),
            "constraints": constraints,
        }
        tabs = self.query_one(TabbedContent)
        for name, sheet in SHEETS.items():
            if counts[name] != self._counts.get(name):  # a label costs a layout, even the same one
                tabs.get_tab(name).label = f"{sheet.title} {counts[name]}"
        self._counts = counts
        self._fill()

    def action_turn(self, by: int) -> None:
        names = list(SHEETS)
        tabs = self.query_one(TabbedContent)
        at = names.index(tabs.active) if tabs.active in names else 0
        tabs.active = names[(at + by) % len(names)]
        self.action_focus_table()

    def action_focus_table(self) -> None:
        """Give the keys to the open table."""
        self._table().focus()

    def _table(self) -> KeyedTable:
        return self.query_one(f"#{self._active} KeyedTable", KeyedTable)

    @on(TabbedContent.TabActivated)
    def _fill(self) -> None:
        self._table().filter_text = self._filter
        self._table().show(SHEETS[self._active].rows(self._picture, self._judged))

    @property
    def selected(self) -> tuple[str | None, str | None]:
        """The VM and the node that the row under the cursor is about."""
        key = self._table().selected_key
        return (None, None) if key is None else SHEETS[self._active].subject(self._picture, key)

    @property
    def whole(self) -> tuple[str, Content | None]:
        """Of what its table has no room for: a title, and all that is known of the row."""
        key, sheet = self._table().selected_key, SHEETS[self._active]
        if key is None or sheet.whole is None:
            return "", None
        return sheet.title, sheet.whole(self._picture, key)

    def select(self, vm: str | None, node: str | None) -> None:
        """Put the cursor on this VM, or node, in the table that has it."""
        name, key = ("vms", vm) if vm is not None else ("nodes", node)
        if key is not None and self._active == name:
            self._table().select(key)

    @property
    def filter_text(self) -> str:
        return self._filter

    def filter(self, text: str) -> None:
        """Show only rows that have all of these parts in them, in every table."""
        self._filter = text
        self._fill()

    @property
    def _active(self) -> str:
        return self.query_one(TabbedContent).active or "nodes"
