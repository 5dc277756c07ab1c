"""All that acts may do to a screen; whatever can do this, acts can be tried on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

from textual.content import Content
from textual.message import Message
from textual.screen import Screen

from backends.data.picture import CibVersion
from tui.dialog import Dialog
from tui.proposal import Make, Then
from tui.proposal_dialog import ProposalDialog
from widgets.bars import literal

Severity = Literal["information", "warning", "error"]


class Glass(Protocol):
    """What an act shows, asks, posts and has running beside."""

    def ask(
        self,
        heading: str,
        make: Make,
        version: Callable[[], CibVersion | None],
        *,
        read_only: bool,
    ) -> None:
        """Show a proposal; what is confirmed follows."""

    def show(self, heading: str, text: Content) -> None:
        """Show something to be read, in the middle of the screen."""

    def alarm(self, heading: str, text: Content) -> None:
        """Say in the middle of the screen what went wrong."""

    def say(
        self,
        text: str,
        title: str = "",
        *,
        severity: Severity = "information",
        timeout_s: float | None = None,
    ) -> None:
        """Say something for a while."""

    def post(self, message: Message) -> None:
        """Tell the screen what a worker found."""

    def work(
        self, group: str, work: Callable[[], Awaitable[None]], *, exclusive: bool = False
    ) -> None:
        """Have this run beside; `exclusive`: instead of what runs in the group."""

    def drop(self, group: str) -> None:
        """End what runs in the group."""


class ScreenGlass:
    """A `Glass` that is a screen of Textual's."""

    def __init__(self, screen: Screen[None]) -> None:
        self._screen = screen

    def ask(
        self,
        heading: str,
        make: Make,
        version: Callable[[], CibVersion | None],
        *,
        read_only: bool,
    ) -> None:
        dialog = ProposalDialog(heading, make, version, read_only=read_only)
        self._screen.app.clear_notifications()  # they could cover what is to be read
        self._screen.app.push_screen(dialog, _follow)

    def show(self, heading: str, text: Content) -> None:
        self._screen.app.push_screen(Dialog(heading, text))

    def alarm(self, heading: str, text: Content) -> None:
        self._screen.app.push_screen(Dialog(heading, text, bad=True))

    def say(
        self,
        text: str,
        title: str = "",
        *,
        severity: Severity = "information",
        timeout_s: float | None = None,
    ) -> None:
        self._screen.notify(
            literal(text), title=title, severity=severity, timeout=timeout_s, markup=False
        )

    def post(self, message: Message) -> None:
        self._screen.post_message(message)

    def work(
        self, group: str, work: Callable[[], Awaitable[None]], *, exclusive: bool = False
    ) -> None:
        self._screen.run_worker(
            work, name=group, group=group, exclusive=exclusive, exit_on_error=False
        )

    def drop(self, group: str) -> None:
        self._screen.workers.cancel_group(self._screen, group)


def _follow(then: Then | None) -> None:
    if then is not None:
        then()
