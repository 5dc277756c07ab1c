"""The cluster as tables: nodes, VMs, failures, fencing, constraints."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.widget import Widget
from textual.widgets import TabbedContent, TabPane

from backends.data.picture import VM, Cluster, HypervisorState, Node
from widgets.bars import UNKNOWN, bytes_text, cut, literal, moment_text, percent_text
from widgets.facts import completed_text, constraint_text
from widgets.glyphs import (
    CONSTRAINT_LEFT,
    HAS_FAILED,
    NODE_MARKS,
    UNMANAGED,
    VM_MARKS,
    Mark,
    Tone,
    badges,
)
from widgets.table import Cell, KeyedTable, Row

_UNKNOWN = Cell(UNKNOWN, Tone.MUTED)
NAME = 40

_NOTED = (CONSTRAINT_LEFT, HAS_FAILED, UNMANAGED)
_LIVE = {True: Cell("⇄ live", Tone.OK), False: Cell("⊘ reboot", Tone.WARN), None: _UNKNOWN}


def _name(text: str | None) -> Cell:
    """One long name shall not push the other columns off the screen."""
    return _UNKNOWN if text is None else Cell(cut(literal(text), NAME))


def _known(value: int | str | None) -> Cell:
    return _UNKNOWN if value is None else Cell(str(value))


def _mark(mark: Mark) -> Cell:
    return Cell(f"{mark.glyph} {mark.word}", mark.tone)


def _node_rows(picture: Cluster) -> Mapping[str, Row]:
    counts: dict[str | None, int] = {}
    for vm in picture.vms:
        counts[vm.node] = counts.get(vm.node, 0) + 1
    return {node.name: _node_row(node, counts.get(node.name, 0)) for node in picture.nodes}


def _node_row(node: Node, vms: int) -> Row:
    libvirt = {
        HypervisorState.UP: Cell("✔ up", Tone.OK),
        HypervisorState.DOWN: Cell(f"⚠ {node.hypervisor.reason or 'down'}", Tone.WARN),
        HypervisorState.UNKNOWN: _UNKNOWN,
    }
    return (
        _name(node.name),
        _mark(NODE_MARKS[node.state]),
        Cell("DC" if node.is_dc else "", Tone.ACCENT),
        Cell(str(vms)),
        Cell(percent_text(node.cpu_percent)),
        _known(node.cpus),
        Cell(bytes_text(node.memory_used_bytes)),
        Cell(bytes_text(node.memory_bytes)),
        libvirt[node.hypervisor.state],
    )


def _vm_rows(picture: Cluster) -> Mapping[str, Row]:
    return {vm.id: _vm_row(vm) for vm in picture.vms}


def _vm_row(vm: VM) -> Row:
    notes = [f"{badge.glyph} {badge.meaning}" for badge in badges(vm) if badge in _NOTED]
    return (
        _name(vm.id),
        _mark(VM_MARKS[vm.state]),
        _name(vm.node),
        _LIVE[vm.live_migration.possible],
        _known(vm.vcpus),
        Cell(bytes_text(vm.memory_bytes)),
        Cell(percent_text(vm.cpu_percent)),
        Cell("  ".join(notes), Tone.WARN),
    )


def _failure_rows(picture: Cluster) -> Mapping[str, Row]:
    return {
        f"{index}": (
            Cell(moment_text(failure.at, picture.taken_at), Tone.MUTED),
            _name(failure.resource),
            _name(failure.node),
            Cell(f"✖ {failure.task}", Tone.BAD),
            Cell(str(failure.rc)),
            Cell(failure.reason),
        )
        for index, failure in enumerate(picture.failures)
    }


def _fencing_rows(picture: Cluster) -> Mapping[str, Row]:
    tones = {"success": Tone.OK, "failed": Tone.BAD}
    return {
        f"{index}": (
            Cell(completed_text(fencing, picture.taken_at), Tone.MUTED),
            _name(fencing.node),
            Cell(fencing.action),
            Cell(fencing.status, tones.get(fencing.status, Tone.WARN)),
        )
        for index, fencing in enumerate(picture.fencing)
    }


def _constraint_rows(picture: Cluster) -> Mapping[str, Row]:
    return {
        constraint.id: (
            _name(constraint.vm),
            Cell(f"⚑ {constraint.kind.value}", Tone.WARN),
            _name(constraint.node),
            Cell(constraint_text(constraint)),
            Cell(constraint.id, Tone.MUTED),
        )
        for vm in picture.vms
        for constraint in vm.constraints
    }


@dataclass(frozen=True, slots=True)
class _Sheet:
    title: str
    columns: tuple[str, ...]
    rows: Callable[[Cluster], Mapping[str, Row]]


_SHEETS = {
    "nodes": _Sheet(
        "Nodes",
        ("node", "state", " ", "VMs", "CPU", "cores", "used", "memory", "libvirt"),
        _node_rows,
    ),
    "vms": _Sheet(
        "VMs", ("VM", "state", "node", "a move is", "vCPUs", "memory", "CPU", "notes"), _vm_rows
    ),
    "failures": _Sheet(
        "Failures", ("when", "resource", "node", "action", "rc", "reason"), _failure_rows
    ),
    "fencing": _Sheet("Fencing", ("completed", "node", "action", "result"), _fencing_rows),
    "constraints": _Sheet(
        "Constraints", ("VM", "kind", "node", "what it does", "id"), _constraint_rows
    ),
}


class ClusterTables(Widget):
    """One table at a time; only that one is filled."""

    DEFAULT_CSS = """
    ClusterTables {
        TabbedContent { height: 1fr; }
        ContentSwitcher { height: 1fr; }
        TabPane { height: 1fr; padding: 0; }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left_square_bracket", "turn(-1)", "Back", key_display="[", show=False,
                id="tables.back", tooltip="The table before this one"),
        Binding("right_square_bracket", "turn(1)", "On", key_display="]", show=False,
                id="tables.on", tooltip="The table after this one"),
        Binding("down", "focus_table", "Rows", show=False,
                id="tables.rows", tooltip="From the tabs into the table"),
    ]  # fmt: skip

    @dataclass
    class Chosen(Message):
        """A VM or a node was chosen, to be seen on the board."""

        vm: str | None
        node: str | None

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._picture = Cluster()
        self._counts: dict[str, int] = {}

    def compose(self) -> ComposeResult:
        with TabbedContent():
            for name, sheet in _SHEETS.items():
                with TabPane(sheet.title, id=name):
                    yield KeyedTable(*sheet.columns)

    def show(self, picture: Cluster) -> None:
        """Draw the open table, and how many rows each has."""
        self._picture = picture
        constraints = sum(len(vm.constraints) for vm in picture.vms)
        counts = {
            "nodes": len(picture.nodes),
            "vms": len(picture.vms),
            "failures": len(picture.failures),
            "fencing": len(picture.fencing),
            "constraints": constraints,
        }
        tabs = self.query_one(TabbedContent)
        for name, sheet in _SHEETS.items():
            if counts[name] != self._counts.get(name):  # a label costs a layout, even the same one
                tabs.get_tab(name).label = f"{sheet.title} {counts[name]}"
        self._counts = counts
        self._fill()

    def action_turn(self, by: int) -> None:
        names = list(_SHEETS)
        tabs = self.query_one(TabbedContent)
        at = names.index(tabs.active) if tabs.active in names else 0
        tabs.active = names[(at + by) % len(names)]
        self.action_focus_table()

    def action_focus_table(self) -> None:
        """Give the keys to the open table."""
        self._table().focus()

    def _table(self) -> KeyedTable:
        active = self.query_one(TabbedContent).active or "nodes"
        return self.query_one(f"#{active} KeyedTable", KeyedTable)

    @on(TabbedContent.TabActivated)
    def _fill(self) -> None:
        active = self.query_one(TabbedContent).active or "nodes"
        self._table().show(_SHEETS[active].rows(self._picture))

    @property
    def selected(self) -> tuple[str | None, str | None]:
        """The VM and the node under the cursor, as far as the open table has such rows."""
        active, key = self.query_one(TabbedContent).active, self._table().selected_key
        return (key if active == "vms" else None, key if active == "nodes" else None)

    @on(KeyedTable.RowSelected)
    def _chosen(self) -> None:
        vm, node = self.selected
        if vm is not None or node is not None:
            self.post_message(self.Chosen(vm, node))
