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

    HINT: ClassVar[str] = ""
    """What stands at the foot when nothing is hidden below it."""

    def on_mount(self) -> None:
        body = self.query_one(VerticalScroll)
        for size in ("scroll_y", "virtual_size"):
            self.watch(body, size, self._look_below)

    def on_resize(self) -> None:
        self._look_below()

    def _look_below(self) -> None:
        """Once the layout is done: while it is, the body has its new content and its old height."""
        self.call_after_refresh(self._tell_what_is_below)

    def _tell_what_is_below(self) -> None:
        """Some terminals do not show a scrollbar; and what is confirmed is to be read before."""
        body = self.query_one(VerticalScroll)
        below = round(body.max_scroll_y - body.scroll_y)
        more = f"↓ {below} more line{'s' if below > 1 else ''} below"
        self.query_one("#dialog").border_subtitle = more if below > 0 else self.HINT

    def action_scroll(self, lines: int) -> None:
        body = self.query_one(VerticalScroll)
        body.scroll_relative(y=lines, animate=False, immediate=True)  # a key held down adds up
