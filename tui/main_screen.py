"""The screen of a connected cluster: its views, the details, what happened, and the keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.dom import DOMNode
from textual.reactive import var
from textual.widgets import ContentSwitcher, Footer

from backends.acts.journal import Journal
from backends.acts.origins import set_at
from backends.acts.transaction import Stage
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Sent
from backends.data.timeline import Severity
from backends.judgement.changes import Event, changes
from tui.curing import CuringScreen
from tui.event_log import EventLog
from tui.help_screen import HelpScreen
from tui.keys import KEYS
from tui.messages import Ended, ExaminationChanged, QueueChanged, Reported, Trouble
from widgets.board import Board
from widgets.cluster_tables import ClusterTables
from widgets.command_list import CommandList
from widgets.details import Details
from widgets.doctor_view import DoctorView
from widgets.event_strip import EventStrip
from widgets.filter_line import FilterLine
from widgets.queue_view import QueueView
from widgets.status_line import StatusLine
from widgets.timeline import Timeline
from widgets.too_small import TooSmall

SMALLEST = (60, 16)
"""Columns and lines below which nothing useful can be drawn."""

_WIDTHS = [(0, "-too-narrow"), (SMALLEST[0], "-narrow"), (110, "-wide")]
_HEIGHTS = [(0, "-too-short"), (SMALLEST[1], "-short"), (30, "-tall")]


class MainScreen(CuringScreen):
    """Takes pictures, and shows those parts of the newest that are in sight."""

    HORIZONTAL_BREAKPOINTS = _WIDTHS
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

    details_open = var(False, toggle_class="-details")
    """Whether the details of the selected VM or node are in sight."""
    paused = var(False, toggle_class="-paused")
    """Pictures are received, and not shown."""

    def __init__(
        self,
        backend: Backend,
        journal: Journal,
        title: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        super().__init__(backend, journal, clock)
        self._title_text = title
        self._newest: Cluster | None = None
        self._shown: Cluster | None = None
        self._commands: tuple[Sent, ...] = ()
        self._log = EventLog()
        self._constraints_since: dict[str, float] = {}

    @property
    def picture(self) -> Cluster:
        """The picture that is on the screen."""
        return self._shown or Cluster()

    def compose(self) -> ComposeResult:
        yield StatusLine(self._title_text, self.clock)
        with Container(id="middle"):
            with ContentSwitcher(initial="board"):
                yield Board(id="board")
                yield ClusterTables(id="cluster")
                yield Timeline(id="timeline")
                yield DoctorView(self.clock, id="doctor")
                yield CommandList(id="logs")
                yield QueueView(id="queue")
            yield Details()
        yield EventStrip()
        yield FilterLine()
        yield Footer(show_command_palette=False, compact=True)
        yield TooSmall(*SMALLEST)

    def on_mount(self) -> None:
        self.query_one(StatusLine).read_only = self.backend.writer is None
        self.board.focus()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._draw)

    def show_picture(self, picture: Cluster) -> None:
        """Take a picture, and what has changed in it."""
        if self._newest is not None:
            self._log.add(changes(self._newest, picture))
            self._date_constraints(self._newest, picture)
        else:
            self._constraints_since = set_at(self.journal, picture)
        self._newest = picture
        self._log.add(self.follow_copies(picture))
        self.follow_configuration(picture)
        self._draw()

    def _date_constraints(self, before: Cluster, picture: Cluster) -> None:
        """Remember since when constraints are there."""
        known = {constraint.id for vm in before.vms for constraint in vm.constraints}
        now = {constraint.id for vm in picture.vms for constraint in vm.constraints}
        dated = dict.fromkeys(now - known, picture.taken_at)
        self._constraints_since = {
            name: at for name, at in {**self._constraints_since, **dated}.items() if name in now
        }

    def show_commands(self, commands: tuple[Sent, ...]) -> None:
        """Take the list of commands."""
        self._commands = commands
        if self._view == "logs" and not self.paused:
            self.query_one(CommandList).show_commands(commands)

    @property
    def _view(self) -> str:
        return (self._switcher and self._switcher.current) or "board"

    @property
    def _switcher(self) -> ContentSwitcher | None:
        """`None` before the screen is composed, and while the app ends: news comes even then."""
        return next(iter(self.query(ContentSwitcher)), None) if self.app.is_running else None

    def _draw(self) -> None:
        """Bring what is in sight up to date. Before the first layout there is nothing in sight."""
        switcher = self._switcher
        if self.paused or self._newest is None or switcher is None or not switcher.size.area:
            return
        picture = self._shown = self._newest
        self.query_one(StatusLine).picture = picture
        self.query_one(EventStrip).show(self._log.events)
        if self._view == "board":
            self.board.show(picture, self.outlooks)
        elif self._view == "cluster":
            self.query_one(ClusterTables).show(picture)
        elif self._view == "timeline":
            self.query_one(Timeline).show_events(self._log.dropped, self._log.events)
        elif self._view == "doctor":
            self.query_one(DoctorView).show(self.examination)
        elif self._view == "queue":
            self.query_one(QueueView).show_queue(self.queue_state)
        else:
            self.query_one(CommandList).show_commands(self._commands)
        self._draw_details()

    @on(QueueChanged)
    def _queue_changed(self) -> None:
        if self._view == "queue":
            self._draw()

    @on(ExaminationChanged)
    def _examination_changed(self) -> None:
        if self._view == "doctor":
            self._draw()

    @on(Board.SelectionChanged)
    def _draw_details(self) -> None:
        if self.details_open:
            vm, node = self.board.selected_vm, self.board.selected_node
            self.query_one(Details).show(
                self.picture,
                vm,
                node,
                outlook=self.outlooks.get(vm or ""),
                since=self._constraints_since,
            )

    @on(Board.DetailsWanted)
    def action_details(self) -> None:
        self.details_open = not self.details_open
        self._draw_details()

    @on(Reported)
    def _reported(self, event: Reported) -> None:
        report = event.report
        if report.stage is not Stage.FOLLOWING:  # the pictures tell that themselves
            self._note("report", Severity.NEUTRAL, report.text, report.vm)

    @on(Ended)
    def _note_end(self, event: Ended) -> None:
        if event.error is not None:
            vm = next(iter(event.doing.vms), "")
            severity = Severity.NEUTRAL if self.is_superseded(event.doing) else Severity.BAD
            self._note("act-failed", severity, str(event.error), vm)

    def _note(self, kind: str, severity: Severity, text: str, vm: str) -> None:
        self._log.add([Event(self.clock(), kind, severity, text, vm or None)])
        self._draw()

    def action_view(self, name: str) -> None:
        self.query_one(ContentSwitcher).current = name
        self._draw()
        if name == "cluster":
            self.query_one(ClusterTables).action_focus_table()
        else:
            self.query_one(f"#{name}").focus()
        if name == "doctor":
            self.examine_when_old()

    def action_checklist(self) -> None:
        """Show the checklist of the selected VM."""
        vm = self.selected_vm()
        if vm is not None:
            self.action_view("doctor")
            self.query_one(DoctorView).vm = vm.id

    def action_filter(self) -> None:
        self.action_view("board")
        self.query_one(FilterLine).open()

    @on(FilterLine.Changed)
    def _filter(self, event: FilterLine.Changed) -> None:
        self.board.filter_text = event.text

    @on(FilterLine.Left)
    def _filtered(self) -> None:
        self.board.focus()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.query_one(StatusLine).paused_since = self.clock() if self.paused else None
        self._draw()

    @work(group="refresh", exclusive=True, exit_on_error=False)
    async def action_refresh(self) -> None:
        try:
            await self.backend.refresh()
        except VmferryError as error:
            self.post_message(Trouble("not refreshed", error))

    def action_help(self) -> None:
        sections: dict[str, type[DOMNode]] = {
            "Board": Board,
            "Tables": ClusterTables,
            "Doctor": DoctorView,
            "Queue": QueueView,
            "Cluster": type(self),
            "vmferry": type(self.app),
        }
        self.app.push_screen(HelpScreen(sections))

    @on(ClusterTables.Chosen)
    def _chosen(self, event: ClusterTables.Chosen) -> None:
        self.go_to(event.vm, event.node)

    def go_to(self, vm: str | None, node: str | None) -> None:
        """Select a VM or a node on the board."""
        self.action_view("board")
        self.board.select(vm, node)

    def pick_up(self, vm: str) -> None:
        """Pick a VM up, as its key does."""
        self.go_to(vm, None)
        self.board.pick_up((vm,))

    def go_and(self, vm: str | None, node: str | None, act: Callable[[], None]) -> None:
        """Select something, and do with it what a key does."""
        self.go_to(vm, node)
        act()
