"""The views, one of them in sight, and what each wants of the acts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from textual import on
from textual.dom import DOMNode
from textual.widgets import ContentSwitcher

from tui.acts.moving import PICK_UP
from tui.house import House
from tui.views.board import BOARD
from tui.views.doctor import DOCTOR
from tui.views.listed import VIEWS
from tui.views.view import Filtered, View
from widgets.board import Board
from widgets.doctor_view import DoctorView
from widgets.listing.view import Listing
from widgets.queue_view import QueueView
from widgets.selection import Selection
from widgets.situation_bar import SituationBar, Tab


class Rooms(ContentSwitcher):
    """Which message of a view leads to which act."""

    def __init__(self, house: House) -> None:
        super().__init__(house.views[BOARD.name].widget, initial=BOARD.name)
        self._house = house
        self._door = asyncio.Lock()

    async def furnish(self, name: str) -> None:
        """Have the widget of this view. All that is there is styled with every dialog, seen or not:
        what nobody has looked at yet is not."""
        async with self._door:
            widget = self._house.views[name].widget
            if not widget.is_attached:
                await self.add_content(widget)

    @property
    def in_sight(self) -> str:
        """The name of the view in sight."""
        return self.current or BOARD.name

    @property
    def view(self) -> View:
        """The view in sight."""
        return self._house.views[self.in_sight]

    @property
    def filter_text(self) -> str:
        """What the view in sight is filtered by."""
        return self.view.filter_text if isinstance(self.view, Filtered) else ""

    def filter(self, text: str) -> None:
        """Let the view in sight show only what matches, if it can."""
        if isinstance(self.view, Filtered):
            self.view.filter(text)

    def tabs(self) -> list[Tab]:
        """Each view, and what is to be known of it from afar."""
        return [
            Tab(tab.name, tab.key, tab.title, tab.short, self._house.views[tab.name].counts())
            for tab, _ in VIEWS
        ]

    def owners(self) -> Iterator[tuple[str, type[DOMNode]]]:
        """The title of each view, the one in sight first, and what binds its keys."""
        for tab, _ in sorted(VIEWS, key=lambda listed: listed.tab.name != self.in_sight):
            yield tab.title, type(self._house.views[tab.name].widget)

    def open_checklist(self, vm: str) -> None:
        """Go to where the doctor tells of one VM alone, and come back from there to this view."""
        self.call_next(self._open_checklist, vm)

    async def _open_checklist(self, vm: str) -> None:
        await self._show_checklist(vm)
        self.post_message(SituationBar.Wanted(DOCTOR.name))

    async def _show_checklist(self, vm: str) -> None:
        await self.furnish(DOCTOR.name)
        doctor = self.query_one(DoctorView)
        doctor.came_from = self.in_sight if self.in_sight != DOCTOR.name else None
        doctor.vm = vm

    @on(DoctorView.Back)
    def _back(self, event: DoctorView.Back) -> None:
        self.post_message(SituationBar.Wanted(event.view))

    @on(Board.PickedUp)
    def _picked_up(self, event: Board.PickedUp) -> None:
        self._house.moving.picked_up(event.vms)

    @on(Listing.PickUpWanted)
    def _pick_up(self, event: Listing.PickUpWanted) -> None:
        self._house.acts[PICK_UP.name].begin(Selection(vm=event.vm))

    @on(Board.PutBack)
    def _put_back(self) -> None:
        self._house.moving.put_back()

    @on(Board.Dropped)
    def _dropped(self, event: Board.Dropped) -> None:
        self._house.moving.dropped(event.vms, event.node)

    @on(Board.Unmovable)
    @on(QueueView.Useless)
    @on(DoctorView.Useless)
    def _useless(self, event: Board.Unmovable | QueueView.Useless | DoctorView.Useless) -> None:
        self._house.desk.tell(event.reason)

    @on(QueueView.MoveUp)
    def _move_up(self, event: QueueView.MoveUp) -> None:
        self._house.queue.move_up(event.vm)

    @on(QueueView.Removed)
    def _remove(self, event: QueueView.Removed) -> None:
        self._house.queue.remove(event.vm)

    @on(QueueView.LimitWanted)
    def _limit(self, event: QueueView.LimitWanted) -> None:
        self._house.queue.set_limit(event.limit)

    @on(QueueView.PauseToggled)
    def _toggle_pause(self) -> None:
        self._house.queue.toggle_pause()

    @on(QueueView.Stopped)
    def _stop_queue(self) -> None:
        self._house.queue.stop()

    @on(DoctorView.Wanted)
    def _examine(self) -> None:
        self._house.doctor.examine()

    @on(DoctorView.CureWanted)
    def _cure(self, event: DoctorView.CureWanted) -> None:
        self._house.curing.propose(event.report)

    @on(DoctorView.CallOffWanted)
    def _call_off(self, event: DoctorView.CallOffWanted) -> None:
        self._house.curing.call_off(event.waiting)

    @on(DoctorView.ChecklistWanted)
    async def _checklist_wanted(self, event: DoctorView.ChecklistWanted) -> None:
        vm = event.vm or self.view.highlighted().vm
        if vm is None:
            self._house.desk.tell("Select a VM first, here or on the board.")
        else:
            await self._show_checklist(vm)
