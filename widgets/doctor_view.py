"""The doctor's view: is the cluster fit for live migration, and what to change if not."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Static

from backends.data.examination import Report
from backends.doctor.telling import TROUBLE
from backends.judgement.prospect import UNKNOWN, Prospect
from widgets.doctor_details import details
from widgets.doctor_head import DoctorHead
from widgets.doctor_rows import Entry, Examination, Waiting, entries, row
from widgets.table import KeyedTable


class DoctorView(Vertical):
    """Shows an `Examination`: all that was found, or the checklist of one VM."""

    DEFAULT_CSS = """
    DoctorView {
        KeyedTable { height: auto; max-height: 50%; overflow-x: hidden; }
        VerticalScroll {
            height: 1fr;
            padding: 0 1;
            border-top: solid $foreground 15%;
            scrollbar-size-vertical: 1;
            &:focus { border-top: solid $primary; }
        }
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("c", "cure", "Cure", id="doctor.cure",
                tooltip="Have vmferry carry the cure out; it shows it first"),
        Binding("v", "checklist", "VM", id="doctor.checklist",
                tooltip="The checklist of one VM alone; again: all findings"),
        Binding("enter", "open", "Open", show=False, id="doctor.open",
                tooltip="Open or fold what is alike; of a VM's finding, its checklist"),
        Binding("r", "examine", "Examine", show=False, id="doctor.examine",
                tooltip="Examine the cluster again; nothing on it is changed"),
        Binding("x,delete", "call_off", "Call off", show=False, id="doctor.call_off",
                tooltip="Call off the cure that waits for its VM to stop"),
        Binding("escape", "all", "All", show=False, id="doctor.all",
                tooltip="From a checklist back to all findings"),
    ]  # fmt: skip

    vm: reactive[str | None] = reactive(None, init=False)
    """The VM whose checklist is shown; `None`: everything."""
    came_from: str | None = None
    """The view from which that was asked for: back there leads Esc."""

    @dataclass
    class Wanted(Message):
        """Another examination."""

    @dataclass
    class Back(Message):
        """From the checklist to the view from which it was asked for."""

        view: str

    @dataclass
    class ChecklistWanted(Message):
        """Of the VM under the cursor, or where there is none, of the one that is selected."""

        vm: str | None

    @dataclass
    class CureWanted(Message):
        """Of all that is in this part of the report."""

        report: Report

    @dataclass
    class CallOffWanted(Message):
        waiting: Waiting

    @dataclass
    class Useless(Message):
        """Why a key does nothing now."""

        reason: str

    def __init__(
        self,
        clock: Callable[[], float] = time.time,
        *,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self._clock = clock
        self._found = Examination()
        self._prospects: Mapping[str, Prospect] = {}
        self._entries: dict[str, Entry] = {}
        self._unfolded: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield DoctorHead(self._clock)
        yield KeyedTable("state", "cure", "what", "where", "what was seen")
        with VerticalScroll():
            yield Static()

    def focus(self, scroll_visible: bool = True) -> Self:
        """Give the keys to the table."""
        self._table.focus(scroll_visible)
        return self

    def show(self, found: Examination, prospects: Mapping[str, Prospect] | None = None) -> None:
        """Draw this, with the last word on each VM; the same again costs nothing."""
        prospects = prospects or {}
        if found is not self._found or prospects is not self._prospects:
            self._found, self._prospects = found, prospects
            self._draw()

    @property
    def _table(self) -> KeyedTable:
        return self.query_one(KeyedTable)

    @property
    def _selected(self) -> Entry | None:
        return self._entries.get(self._table.selected_key or "")

    @property
    def selected_vm(self) -> str | None:
        """The VM of the checklist, or of the finding under the cursor, where it is one VM's."""
        return self.vm or (self._selected.vm if self._selected is not None else None)

    @property
    def selected_node(self) -> str | None:
        """The node of the finding under the cursor, where it is one node's."""
        return self._selected.node if self._selected is not None else None

    @property
    def filter_text(self) -> str:
        return self._table.filter_text

    def filter(self, text: str) -> None:
        """Show only findings that have all of these parts in what is said of them."""
        self._table.filter(text)

    def watch_vm(self) -> None:
        self._draw()
        worst = min(self._entries.values(), key=_rank, default=None)
        if worst is not None:
            self._table.move_cursor(row=self._table.get_row_index(worst.key), animate=False)

    def _draw(self) -> None:
        prospect = self._prospects.get(self.vm or "", UNKNOWN)
        self.query_one(DoctorHead).show(self._found, self.vm, prospect)
        shown = entries(self._found, self.vm, self._unfolded)
        self._entries = {entry.key: entry for entry in shown}
        checklist = self.vm is not None
        self._table.show(
            {
                key: row(entry, self._found, checklist=checklist)
                for key, entry in self._entries.items()
            }
        )
        self._draw_details()

    @on(KeyedTable.RowHighlighted)
    def _draw_details(self) -> None:
        self.query_one(Static).update(self.whole or "")
        self.query_one(VerticalScroll).scroll_home(animate=False)

    @on(DoctorHead.Clicked)
    def action_examine(self) -> None:
        self.post_message(self.Wanted())

    @property
    def whole(self) -> Content | None:
        """All that is to be said of what is under the cursor."""
        entry = self._selected
        return Content("\n").join(details(entry, self._found)) if entry is not None else None

    @on(KeyedTable.RowSelected)
    def _row_selected(self, event: KeyedTable.RowSelected) -> None:
        """What opens nothing here is shown whole: its view says so."""
        entry = self._selected
        if entry is not None and (entry.folded is not None or (entry.vm and self.vm is None)):
            event.stop()
            self.action_open()

    def action_open(self) -> None:
        """Unfold or fold what is several; of what is one VM's, show its checklist."""
        entry = self._selected
        if entry is not None and entry.folded is not None:
            self._unfolded ^= {entry.key}
            self._draw()
        elif entry is not None and entry.vm is not None and self.vm is None:
            self.post_message(self.ChecklistWanted(entry.vm))

    def action_cure(self) -> None:
        entry, report = self._selected, self._found.report
        if entry is None or report is None or entry.waiting is not None:
            self.post_message(self.Useless("select a finding first"))
        elif entry.state not in TROUBLE:
            self.post_message(self.Useless(f"nothing is to be cured: it is {entry.state.value}"))
        elif not entry.curable(report):
            self.post_message(self.Useless(_NOT_OURS))
        else:
            self.post_message(self.CureWanted(replace(report, findings=entry.findings)))

    def action_checklist(self) -> None:
        if self.vm is not None:
            self.vm = None
        else:
            entry = self._selected
            self.post_message(self.ChecklistWanted(entry.vm if entry is not None else None))

    def action_all(self) -> None:
        self.vm = None
        if self.came_from is not None:
            self.post_message(self.Back(self.came_from))
            self.came_from = None

    def action_call_off(self) -> None:
        entry = self._selected
        if entry is None or entry.waiting is None:
            self.post_message(self.Useless("this is no cure that waits"))
        else:
            self.post_message(self.CallOffWanted(entry.waiting))


_NOT_OURS = "vmferry changes no file on a node and no other program: type what is shown"


def _rank(entry: Entry) -> int:
    return -1 if entry.waiting is not None else entry.state.rank
