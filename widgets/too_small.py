"""What is shown where the terminal has no room for anything else."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

SMALLEST = (60, 16)
"""Columns and lines below which nothing useful can be drawn."""

WIDTHS = [(0, "-too-narrow"), (SMALLEST[0], "-narrow"), (110, "-wide")]
HEIGHTS = [(0, "-too-short"), (SMALLEST[1], "-short"), (30, "-tall")]


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

    def render(self) -> Content:
        has = self.app.size
        return Content(
            f"This terminal is {has.width}×{has.height}.\n"
            f"vmferry needs {SMALLEST[0]}×{SMALLEST[1]}: make it larger."
        )
