"""The line in which a filter is typed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input, Label


class FilterLine(Horizontal):
    """Filters while it is typed in; what is kept the status line shows."""

    DEFAULT_CSS = """
    FilterLine {
        height: 1;
        background: $panel;
        display: none;

        &.-open { display: block; }
        Label { padding: 0 1; color: $primary; text-style: bold; }
        Input { width: 1fr; height: 1; border: none; padding: 0; background: transparent; }
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "clear", "Clear", id="filter.clear", tooltip="Show every VM again"),
    ]

    @dataclass
    class Changed(Message):
        text: str

    @dataclass
    class Left(Message):
        """The operator is done with typing."""

    def compose(self) -> ComposeResult:
        yield Label("/")
        yield Input(placeholder="part of a name; Enter keeps it, Esc clears it", compact=True)

    def open(self, text: str = "") -> None:
        """Show it with what the view is filtered by, and take the keys."""
        self.add_class("-open")
        typed = self.query_one(Input)
        with typed.prevent(Input.Changed):
            typed.value = text
        typed.focus()

    @on(Input.Changed)
    def _changed(self, event: Input.Changed) -> None:
        event.stop()
        self.post_message(self.Changed(event.value))

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        self.remove_class("-open")
        self.post_message(self.Left())

    def action_clear(self) -> None:
        """Filter nothing, and go."""
        with self.query_one(Input).prevent(Input.Changed):
            self.query_one(Input).value = ""
        self.remove_class("-open")
        self.post_message(self.Changed(""))
        self.post_message(self.Left())
