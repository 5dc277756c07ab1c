"""The screen of a connected cluster: its views, the details, what happened, and the keys."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.reactive import var
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.picture import Cluster
from backends.judgement.health import Kind
from tui import messages
from tui.act_menu import ActMenu
from tui.acts import examining
from tui.acts.listed import OFFERS
from tui.bugs import report_bug
from tui.glass import ScreenGlass
from tui.help_screen import HelpScreen, own_bindings
from tui.house import House
from tui.keys import KEYS, offered
from tui.rooms import Rooms
from tui.views.board import BOARD
from tui.views.doctor import DOCTOR
from tui.views.view import Filtered, Opened, Opening, Selecting
from widgets.board import Board
from widgets.details import Details
from widgets.event_strip import EventStrip
from widgets.filter_line import FilterLine
from widgets.key_bar import KeyBar
from widgets.listing.view import Listing
from widgets.selection import Selection
from widgets.situation_bar import SituationBar
from widgets.status_line import StatusLine
from widgets.table import KeyedTable
from widgets.too_small import HEIGHTS, WIDTHS, TooSmall


class MainScreen(Screen[None]):
    """What is there to see, where each key leads, and each message of an act or its worker."""

    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
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
        super().__init__()
        self.clock = clock
        self.board = Board(id=BOARD.name)
        glass, checklist = ScreenGlass(self), self._show_checklist
        self.house = House(backend, journal, glass, self.board, checklist=checklist, clock=clock)
        self.rooms = Rooms(self.house)
        self._title_text = title
        self._shown: Cluster | None = None

    @property
    def picture(self) -> Cluster:
        """The picture that is on the screen."""
        return self._shown or Cluster()

    @property
    def selection(self) -> Selection:
        """What keys act on: what is highlighted in the view in sight, and nothing else."""
        return self.rooms.view.highlighted()

    def compose(self) -> ComposeResult:
        yield StatusLine(self._title_text, self.clock)
        yield SituationBar()
        with Container(id="middle"):
            yield self.rooms
            yield Details()
        yield EventStrip()
        yield FilterLine()
        yield KeyBar()
        yield TooSmall()

    def on_mount(self) -> None:
        self.query_one(StatusLine).read_only = self.house.desk.read_only
        self.bindings_updated_signal.subscribe(self, lambda _: self._draw_keys())
        self.board.focus()

    def on_screen_resume(self) -> None:
        self.call_after_refresh(self._draw)

    # What is shown

    def show_picture(self, picture: Cluster) -> None:
        """Take a picture, and what has changed in it."""
        self.house.take(picture)
        self._draw()

    @on(messages.News)
    def show_news(self, event: messages.News) -> None:
        """Draw the view in sight, if that is what the news are about."""
        if isinstance(event, self.rooms.view.drawn_by):
            self._draw()

    def _draw(self) -> None:
        """Bring what is in sight up to date: nothing, before the first layout and in the end."""
        newest = self.house.chronicle.newest
        if self.paused or newest is None or not self.rooms.size.area or not self.app.is_running:
            return
        self._shown = newest
        self.set_class(newest.then is not None, "-past")
        self.house.judging.judge(newest)
        self.query_one(StatusLine).picture = newest
        self._draw_situation()
        self.query_one(EventStrip).show(self.house.chronicle.recent, newest.taken_at)
        self.rooms.view.draw(newest)
        self._draw_details()

    def _draw_situation(self) -> None:
        """What is to be known whatever is in sight."""
        status = self.query_one(StatusLine)
        status.health = self.house.judging.judged.health
        status.marked = len(self.board.marked)
        status.filter_text = self.rooms.filter_text
        self.query_one(SituationBar).show(self.rooms.tabs(), self.rooms.in_sight)
        self._draw_keys()

    def _draw_keys(self) -> None:
        if self.is_current:
            self.query_one(KeyBar).show(offered(self, self.house, self.picture, self.selection))

    @on(Board.SelectionChanged)
    @on(Listing.Highlighted)
    @on(KeyedTable.RowHighlighted)
    def _selection_changed(self) -> None:
        self.refresh_bindings()
        self._draw_details()

    def _draw_details(self) -> None:
        if self.details_open:
            chosen = self.selection
            self.query_one(Details).show(
                self.picture,
                chosen.vm,
                chosen.node,
                judged=self.house.judging.judged,
                since=self.house.chronicle.constraints_since,
            )

    def go_to(self, chosen: Selection) -> None:
        """Select a VM or a node on the board."""
        self._turn_to(BOARD.name)
        self.board.select(chosen.vm, chosen.node)

    def go_and_act(self, act: str, chosen: Selection) -> None:
        """Select something, and begin with it what a key begins."""
        if chosen != Selection():
            self.go_to(chosen)
        self.house.acts[act].begin(chosen)

    def _show_checklist(self, vm: str) -> None:
        self.rooms.open_checklist(vm)

    # Keys

    def action_act(self, name: str) -> None:
        self.house.acts[name].begin(self.house.meant(name, self.picture, self.selection))

    @on(SituationBar.Wanted)
    async def _view_wanted(self, event: SituationBar.Wanted) -> None:
        await self.action_view(event.name)

    async def action_view(self, name: str) -> None:
        await self.rooms.furnish(name)
        self._turn_to(name)

    def _turn_to(self, name: str) -> None:
        chosen, view = self.selection, self.house.views[name]
        self.rooms.current = name
        self._draw()
        if chosen.anything and isinstance(view, Selecting):
            view.select(chosen)
        view.enter()
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """No key for a VM or a node where none is highlighted."""
        if action == "act" and parameters:
            chosen = self.house.meant(str(parameters[0]), self.picture, self.selection)
            return OFFERS[str(parameters[0])].about.of(chosen) is not None
        if action == "unfilter":
            return bool(self.rooms.filter_text or self.picture.then)
        return True

    def action_unfilter(self) -> None:
        if self.rooms.filter_text:
            self.query_one(FilterLine).action_clear()
        else:
            self.post_message(messages.TravelWanted(home=True))

    async def action_problem(self, step: int) -> None:
        """Go to the next thing that is wrong, or the one before."""
        found = self.house.judging.step(step)
        if found is None:
            self.house.desk.glass.say("Nothing is wrong.")
            return
        problem, title = found
        self.app.clear_notifications()
        if problem.vm is not None or problem.node is not None:
            self.go_to(Selection(vm=problem.vm, node=problem.node))
        elif problem.kind is Kind.DOCTOR:
            await self.action_view(DOCTOR.name)
        self.house.desk.glass.say(problem.text, title, severity="warning")

    def action_acknowledge(self) -> None:
        """What happened was seen."""
        self.house.chronicle.read()
        self._draw()

    def action_menu(self) -> None:
        """What can be done to what is highlighted, and what not, and why."""
        self.app.push_screen(ActMenu(self.house.acts, self.picture, self.selection), self._begin)

    def _begin(self, name: str | None) -> None:
        if name is not None:
            self.action_act(name)

    @on(Board.DetailsWanted)
    @on(Listing.DetailsWanted)
    def action_details(self) -> None:
        self.board.hold(not self.details_open)
        self.details_open = not self.details_open
        self._draw_details()

    def action_filter(self) -> None:
        if isinstance(self.rooms.view, Filtered):
            self.query_one(FilterLine).open(self.rooms.filter_text)

    @on(FilterLine.Changed)
    def _filter(self, event: FilterLine.Changed) -> None:
        self.rooms.filter(event.text)
        self._draw_situation()

    @on(FilterLine.Left)
    @on(Details.Left)
    def _filtered(self) -> None:
        self.rooms.view.enter()

    def action_pause(self) -> None:
        self.paused = not self.paused
        self.query_one(StatusLine).paused_since = self.clock() if self.paused else None
        self._draw()

    def action_refresh(self) -> None:
        self.house.desk.refresh()

    def action_help(self) -> None:
        owners = [*self.rooms.owners(), ("Everywhere", type(self)), ("vmferry", type(self.app))]
        self.app.push_screen(HelpScreen({title: o for title, o in owners if any(own_bindings(o))}))

    # What acts and their workers post

    @on(messages.Told)
    def _told(self, event: messages.Told) -> None:
        self.house.told(event)
        self._draw()

    @on(messages.VerdictsGiven)
    def _verdicts_given(self, event: messages.VerdictsGiven) -> None:
        self.house.moving.verdicts_given(event)
        self.house.judging.verdicts_given(event)

    @on(messages.ProspectsKnown)
    def _prospects_known(self, event: messages.ProspectsKnown) -> None:
        self.house.judging.known(event)
        self._draw()

    @on(messages.ExaminationChanged)
    def _examination_changed(self) -> None:
        self.house.moving.show_verdicts()
        self._draw()

    @on(Worker.StateChanged)
    def _worker_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self.app, event)
        if event.worker.group == examining.GROUP and event.state is WorkerState.ERROR:
            self.house.doctor.ended_by_a_bug()

    # What leads from one view to another

    @on(Listing.MarkWanted)
    def _mark(self, event: Listing.MarkWanted) -> None:
        self.board.toggle(event.vm)
        self._draw()

    @on(KeyedTable.RowSelected)
    def _open_row(self) -> None:
        """To where its view says."""
        opened = self.rooms.view.opened() if isinstance(self.rooms.view, Opening) else Opened()
        if opened.moment is not None:
            self.post_message(messages.TravelWanted(at=opened.moment, chosen=opened.chosen))
        elif opened.chosen.anything:
            self.go_to(opened.chosen)
        if opened.text is not None:
            self.house.desk.glass.show(opened.title, opened.text)
