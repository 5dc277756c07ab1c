"""What is shown where the terminal has no room for anything else."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget


class TooSmall(Widget):
    """Covers everything; its screen's CSS says when."""

    DEFAULT_CSS = """
    TooSmall {
        layer: above;
        display: none;
        dock: top;
        width: 100%;
        height: 100%;
        padding: 0 1;
        background: $background;
        content-align: center middle;
        text-align: center;
    }
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__()
        self._needed = f"{width}×{height}"

    def render(self) -> Content:
        has = self.app.size
        return Content(
            f"This terminal is {has.width}×{has.height}.\n"
            f"vmferry needs {self._needed}: make it larger."
        )
