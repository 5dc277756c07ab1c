"""The way back: a screen of its own over what a cluster recorded, and the steps on it."""

from __future__ import annotations

from textual.app import App

from backends.acts.journal import Journal
from backends.data.errors import Refused, VmferryError
from backends.past.backend import PastBackend
from backends.past.record import Record
from tui.main_screen import MainScreen
from tui.messages import TravelWanted
from widgets.bars import literal

GROUP = "past"


class Travelling:
    """At most one moment of the past is in sight; its screen has no writing half to act with."""

    def __init__(self, app: App[None], record: Record | None, journal: Journal, title: str) -> None:
        self._app = app
        self._record = record
        self._journal = journal
        self._title = title
        self._past: PastBackend | None = None
        self._screen: MainScreen | None = None

    def go(self, wanted: TravelWanted) -> None:
        """Begin to go there. The last wish counts."""
        if wanted.home:
            self._app.workers.cancel_group(self._app, GROUP)
            self._come_home()
        elif wanted.at is None and not wanted.towards:
            if isinstance(self._app.screen, MainScreen) and wanted.chosen.anything:
                self._app.screen.go_to(wanted.chosen)
        else:
            self._app.run_worker(self._go(wanted), group=GROUP, exclusive=True, exit_on_error=False)

    async def _go(self, wanted: TravelWanted) -> None:
        try:
            if self._past is None:
                await self._show(await self._begin(wanted))
            elif wanted.at is not None:
                await self._past.go(wanted.at)
            elif not await self._past.step(wanted.towards):
                self._come_home()
                return
        except VmferryError as error:
            text = literal(str(error))
            self._app.notify(text, title="The past", severity="warning", markup=False)
            return
        if self._past is not None and self._screen is not None:
            self._screen.show_picture(self._past.picture)
            if wanted.chosen.anything:
                self._screen.go_to(wanted.chosen)

    async def _begin(self, wanted: TravelWanted) -> PastBackend:
        if self._record is None:
            raise Refused("nothing is recorded of this cluster")
        if wanted.towards > 0:
            raise Refused("this is the present", cure="[ goes back")
        past = PastBackend(self._record, wanted.at)
        await past.open()
        return past

    async def _show(self, past: PastBackend) -> None:
        self._past = past
        self._screen = MainScreen(past, self._journal, self._title, lambda: past.at)
        self._screen.show_picture(past.picture)
        await self._app.push_screen(self._screen)
        self._screen.house.hindsight.look()

    def _come_home(self) -> None:
        past, screen = self._past, self._screen
        self._past = self._screen = None
        if past is None or screen is None:
            return
        while screen in self._app.screen_stack:
            self._app.pop_screen()
        self._app.run_worker(past.close(), exit_on_error=False)
