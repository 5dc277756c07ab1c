"""What every dialog shares: its look, and keys that scroll it."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen

T = TypeVar("T")

_HEIGHTS = [(0, "-short"), (30, "-tall")]


class Modal(ModalScreen[T]):
    """Its body is a `VerticalScroll`, which the arrows scroll whatever has the focus."""

    CSS_PATH = "modal.tcss"
    VERTICAL_BREAKPOINTS = _HEIGHTS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "scroll(-1)", "Up", id="modal.up", tooltip="Scroll up"),
        Binding("down", "scroll(1)", "Down", id="modal.down", tooltip="Scroll down"),
        Binding("pageup", "scroll(-10)", "Up", id="modal.page_up", tooltip="Scroll far up"),
        Binding("pagedown", "scroll(10)", "Down", id="modal.page_down", tooltip="Scroll far down"),
    ]

    def action_scroll(self, lines: int) -> None:
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)
