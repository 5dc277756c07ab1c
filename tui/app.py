"""The app: connects, passes pictures on, and leaves without disturbing anything."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.console import RenderableType
from rich.text import Text
from textual import events, on, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.command import Provider
from textual.content import Content
from textual.dom import DOMNode
from textual.filter import LineFilter
from textual.reactive import var
from textual.screen import Screen
from textual.worker import Worker

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.errors import BadConfiguration, VmferryError
from backends.past.record import Remembering
from tui.bugs import report_bug
from tui.connect_screen import ConnectScreen
from tui.dialog import Dialog
from tui.main_screen import MainScreen
from tui.messages import (
    CommandsChanged,
    Connected,
    ConnectFailed,
    HistoryKnown,
    PictureTaken,
    TravelWanted,
)
from tui.modal import Modal
from tui.pace import Pace
from tui.palette import ClusterCommands
from tui.poor_terminals import filters
from tui.themes import DARK, LIGHT, OURS, SIXTEEN_COLOURS
from tui.thin_line import ThinLine
from tui.travelling import Travelling
from tui.typed_ahead import Acted, TypedAhead
from tui.welcome import Welcome
from widgets.bars import literal
from widgets.pointing import MenuWanted
from widgets.status_line import StatusLine
from widgets.tones import toned

_MOUSE_MODES = (1000, 1003, 1015, 1006)
"""What Textual's drivers switch on: buttons, motion, urxvt and SGR coordinates."""

_GOES_ON = (
    "What was begun the cluster carries out by itself; what waits in the queue is not begun. "
    "Started again, vmferry looks how it ended, and brings to its end what is left of it."
)
NOT_REACHABLE = 3
"""The exit code of the contract, when there never was a connection."""


class VmferryApp(App[None]):
    """One cluster on the screen; `at`: first as it was at that moment, epoch seconds.

    Raises `BadConfiguration` for a theme that is not there.
    """

    TITLE = "vmferry"
    CSS_PATH: ClassVar = ["main_screen.tcss", ConnectScreen.CSS_PATH, Modal.CSS_PATH]
    # Of all screens: Textual does not load the CSS of a default screen, and where it loads that of
    # another it parses all there is again, and styles all that is on the glass anew.
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {ClusterCommands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "Help", key_display="?", id="help",
                tooltip="Every key, and what the glyphs mean"),
        Binding("colon,ctrl+p", "command_palette", "Palette", key_display=":", id="palette",
                show=False,
                tooltip="Type what to do: go to a node or a VM, a view, a theme (also ctrl+p)"),
        Binding("T", "next_theme", "Theme", id="theme", show=False,
                tooltip="Dark, light, or the terminal's own 16 colours"),
        Binding("M", "release_mouse", "Mouse", id="mouse", show=False,
                tooltip="Let the terminal have the mouse, to select text; again: take it back"),
        Binding("q", "quit", "Quit", id="quit",
                tooltip="Leave; what runs on the cluster goes on"),
        Binding("ctrl+q", "quit", "Quit", id="quit.always", show=False, priority=True,
                tooltip="Leave, from anywhere"),
        Binding("ctrl+c", "interrupt", "Quit", id="quit.interrupt", show=False, priority=True,
                tooltip="Leave; with text selected: copy it"),
    ]  # fmt: skip

    mouse_released = var(False)
    """Whether the terminal has the mouse."""

    def __init__(
        self,
        backend: Backend,
        journal: Journal,
        *,
        title: str | None = None,
        theme: str | None = None,
        clock: Callable[[], float] = time.time,
        at: float | None = None,
    ) -> None:
        super().__init__()
        self.backend = backend
        self._cluster_title = title or "the cluster"
        self._main = MainScreen(backend, journal, self._cluster_title, clock)
        record = backend.record if isinstance(backend, Remembering) else None
        self._welcome = Welcome(journal.looks)
        self._clock = clock
        self._travelling = Travelling(self, record, journal, self._cluster_title)
        self._first_at = at
        self._connect = ConnectScreen(self._cluster_title)
        self._quit_dialog: Dialog | None = None
        self._was_connected = False
        self._poverty: Sequence[LineFilter] = ()
        self._wanted_theme = theme
        self._line = ThinLine()
        self._pace = Pace(self._main.show_picture, self.set_timer)
        self._typed = TypedAhead(self, self._pass_on)
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.theme = DARK.name  # before it runs: the looks are read once, with this theme's colours
        self.stylesheet.set_variables(self.get_css_variables())
        if theme is not None and theme not in self.available_themes:
            known = ", ".join(sorted(self.available_themes))
            raise BadConfiguration(f"no theme {theme!r}", cure=f"the themes are: {known}")

    def _display(self, screen: Screen[object], renderable: RenderableType | None) -> None:
        super()._display(screen, self._line.thinned(renderable))

    async def on_event(self, event: events.Event) -> None:
        if isinstance(event, events.Key) and not self.screen_stack:
            return  # typed into an app that ends: Textual would look for its screen
        if isinstance(event, events.Key) and not event.is_forwarded:
            await self._typed.take(event)
        else:
            await super().on_event(event)

    async def _pass_on(self, key: events.Key) -> DOMNode:
        receiver = self.focused or self.screen
        await super().on_event(key)
        return receiver

    @on(Acted)
    def _key_acted(self, event: Acted) -> None:
        self._typed.acted(event.key)

    def get_default_screen(self) -> MainScreen:
        return self._main

    def on_mount(self) -> None:
        poor = not self.is_headless and self.console.color_system == "standard"
        self.theme_changed_signal.subscribe(self, lambda _theme: self._help_terminal())
        self.theme = self._wanted_theme or (SIXTEEN_COLOURS if poor else DARK.name)
        self._help_terminal()
        self.push_screen(self._connect)
        self.call_after_refresh(self._start)

    def _help_terminal(self) -> None:
        self._poverty = filters(os.environ, self.current_theme, self.get_css_variables())

    def get_line_filters(self) -> Sequence[LineFilter]:
        """What the terminal lacks is made up for before its colours are taken away."""
        return [*self._poverty, *super().get_line_filters()]

    def _start(self) -> None:
        self._watch_commands()
        self._watch_cluster()

    @work(group="cluster", exclusive=True, exit_on_error=False)
    async def _watch_cluster(self) -> None:
        try:
            await self.backend.open()
            self.post_message(Connected())
            async for picture in self.backend.pictures():
                self.post_message(PictureTaken(picture))
        except VmferryError as error:
            self.post_message(ConnectFailed(error))

    @work(group="commands", exclusive=True, exit_on_error=False)
    async def _watch_commands(self) -> None:
        async for commands in self.backend.commands.changes():
            self.post_message(CommandsChanged(commands))

    @property
    def _connecting(self) -> bool:
        """Whether nothing else is in sight yet. An app that ends has no screen at all."""
        return self.is_running and self.screen is self._connect

    @on(Connected)
    def _connected(self) -> None:
        self._was_connected = True
        self._pace.take(self.backend.picture)
        self._main.house.desk.finish_left_open()
        self._main.house.curing.look_after_stops()
        self._welcome.begin(self._cluster_name, self._clock())
        if self._connecting:
            self.pop_screen()
        self.call_after_refresh(self._look_around)
        if self._first_at is not None:
            self._travel(TravelWanted(at=self._first_at))

    def _look_around(self) -> None:
        """What takes a while begins when the board is in sight."""
        self._main.house.doctor.examine()
        self._main.house.hindsight.look(self._welcome.since)

    @property
    def _cluster_name(self) -> str:
        """Of the cluster, as it calls itself."""
        return self.backend.picture.name or self._cluster_title

    @on(HistoryKnown)
    def _history_known(self, event: HistoryKnown) -> None:
        dialog = self._welcome.digest(event.entries, self._clock())
        if dialog is not None:
            self.push_screen(dialog)

    @on(TravelWanted)
    def _travel(self, event: TravelWanted) -> None:
        self._travelling.go(event)

    @on(MenuWanted)
    async def _menu_wanted(self) -> None:
        await self.run_action("screen.menu")

    @on(ConnectFailed)
    def _connect_failed(self, event: ConnectFailed) -> None:
        if self.is_running and not self._connecting:
            self.push_screen(self._connect)
        self._connect.error = event.error

    @on(ConnectScreen.Retry)
    def _retry(self) -> None:
        self._watch_cluster()

    @on(PictureTaken)
    def _picture_taken(self, event: PictureTaken) -> None:
        self._pace.take(event.picture)

    @on(CommandsChanged)
    def _commands_changed(self, event: CommandsChanged) -> None:
        self._main.show_news(event)
        if self._connecting:
            self._connect.show_commands(event.commands)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self, event)

    async def on_unmount(self) -> None:
        if self._was_connected:
            self._welcome.end(self._cluster_name, self._clock())
        await self.backend.close()

    def action_travel(self, towards: int) -> None:
        self._travelling.go(TravelWanted(towards))

    def action_help(self) -> None:
        if isinstance(self.screen, MainScreen):
            self.screen.action_help()

    def action_next_theme(self) -> None:
        names = OURS
        at = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(at + 1) % len(names)]

    def action_release_mouse(self) -> None:
        self.mouse_released = not self.mouse_released

    def watch_mouse_released(self, released: bool) -> None:
        if self._driver is not None:
            end = "l" if released else "h"
            self._driver.write("".join(f"\x1b[?{mode}{end}" for mode in _MOUSE_MODES))
            self._driver.flush()
        self._main.query_one(StatusLine).mouse_released = released

    async def action_interrupt(self) -> None:
        if self.screen.get_selected_text():
            self.screen.action_copy_text()
        else:
            await self.action_quit()

    async def action_quit(self) -> None:
        under_way = [doing.what for doing in self._main.house.desk.under_way]
        if not under_way:
            self.exit(return_code=0 if self._was_connected else NOT_REACHABLE)
        elif self._quit_dialog is not None and self.screen is self._quit_dialog:
            self._leave(True)
        else:
            lines = [*(toned(f"➜ {text}") for text in under_way), Content(""), toned(_GOES_ON)]
            self._quit_dialog = Dialog(
                "Something is under way", Content("\n").join(lines), confirm="Quit", close="Stay"
            )
            self.push_screen(self._quit_dialog, self._leave)

    def _leave(self, confirmed: bool | None) -> None:
        if confirmed:
            left = "; ".join(literal(doing.what) for doing in self._main.house.desk.under_way)
            self.exit(message=Text(f"Still under way: {left}. {_GOES_ON}") if left else None)
