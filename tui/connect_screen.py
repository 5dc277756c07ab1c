"""What is seen until the cluster answers, and when it does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.screen import Screen
from textual.widgets import Footer, Static

from backends.data.errors import VmferryError
from backends.data.plan import Sent
from tui.dialog import error_content
from widgets.bars import literal
from widgets.tones import MUTED


class ConnectScreen(Screen[None]):
    """Says what is tried; after a failure what failed, where, and what to do."""

    CSS_PATH = "connect_screen.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "retry", "Try again", id="connect.retry", tooltip="Connect once more"),
    ]

    error: reactive[VmferryError | None] = reactive(None, bindings=True)
    """Why the last attempt failed; `None` while one is under way."""

    @dataclass
    class Retry(Message):
        """The operator wants another attempt."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        with Vertical(id="connect"):
            yield Static(Content.assemble(("vmferry", "bold $primary")), id="brand")
            yield Static(id="tried")
            yield Static(id="doing")
        yield Footer(show_command_palette=False)

    def show_commands(self, commands: tuple[Sent, ...]) -> None:
        """Say what is being asked right now."""
        if commands and self.error is None:
            last = commands[-1]
            text = Content.assemble((f"{literal(last.node)}: {literal(last.command)}", MUTED))
            self.query_one("#doing", Static).update(text)

    def watch_error(self, error: VmferryError | None) -> None:
        self.set_class(error is not None, "-failed")
        name = literal(self._title)
        heading, text = self.query_one("#tried", Static), self.query_one("#doing", Static)
        if error is None:
            heading.update(Content.assemble("connecting to ", (name, "bold"), " …"))
            text.update(Content(""))
        else:
            heading.update(Content.styled(f"✖ not connected to {name}", "bold $error"))
            text.update(error_content(error))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        return action != "retry" or self.error is not None

    def action_retry(self) -> None:
        self.error = None
        self.post_message(self.Retry())
