"""A line of a dialog: a marker, and text that wraps beside it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal
from textual.content import Content
from textual.widgets import Static


class Item(Horizontal):
    DEFAULT_CSS = """
    Item {
        height: auto;
        Static { width: 1fr; }
        .marker { width: auto; min-width: 5; padding: 0 1; }
    }
    """

    def __init__(self, marker: Content, text: Content) -> None:
        super().__init__()
        self._marker = marker
        self._text = text

    def compose(self) -> ComposeResult:
        yield Static(self._marker, classes="marker")
        yield Static(self._text)
