"""A question or a notice in the middle of the screen."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Button, Static

from backends.data.errors import VmferryError
from tui.modal import Modal
from widgets.bars import literal
from widgets.tones import MUTED


class Dialog(Modal[bool]):
    """Ends with whether it was confirmed. Without `confirm` it can only be closed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "close", "Close", id="dialog.close", tooltip="Close, and do nothing"),
    ]

    def __init__(
        self,
        title: str,
        body: Content,
        *,
        confirm: str | None = None,
        close: str = "Close",
        bad: bool = False,
    ) -> None:
        super().__init__(classes="-bad" if bad else None)
        self._heading = title
        self._body = body
        self._confirm = confirm
        self._close = close

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = Content(literal(self._heading))
            with VerticalScroll(can_focus=False):
                yield Static(self._body)
            with Vertical(id="foot"), Horizontal(id="buttons"):
                if self._confirm is not None:
                    yield Button(self._confirm, id="confirm", variant="primary")
                yield Button(self._close, id="close")

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "confirm")

    def action_close(self) -> None:
        self.dismiss(False)


def error_content(error: VmferryError) -> Content:
    """What failed, where, and what to do, each on a line of its own."""
    parts = [_lines(error.what).stylize("bold")]
    if error.where:
        parts.append(Content.assemble(("Where       ", MUTED), literal(error.where)))
    if error.cure:
        parts.append(Content.assemble(("What to do  ", MUTED), _lines(error.cure)))
    return Content("\n\n").join(parts)


def _lines(text: str) -> Content:
    return Content("\n").join(Content(literal(line)) for line in text.splitlines())
