"""The keys that make sense for what is highlighted, in one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.reactive import reactive
from textual.widget import Widget

from widgets.glyphs import Tone
from widgets.tones import toned

_ALWAYS = 2
"""So many at the end always have room."""


@dataclass(frozen=True, slots=True)
class Key:
    """`key` as the terminal tells it, `shown` as it is printed."""

    key: str
    shown: str
    label: str

    @property
    def content(self) -> Content:
        return Content.assemble(toned(self.shown, Tone.ACCENT).stylize("bold"), f" {self.label}")


class KeyBar(Widget):
    """A click presses a key. What finds no room is in the help."""

    DEFAULT_CSS = """
    KeyBar {
        dock: bottom;
        height: 1;
        padding: 0 1;
        background: $panel;
    }
    """

    keys: reactive[tuple[Key, ...]] = reactive(())

    def show(self, keys: Sequence[Key]) -> None:
        """Draw these; the same as before draw nothing."""
        self.keys = tuple(keys)

    def render(self) -> Content:
        keys, gap = self._fitting()
        return Content(" " * gap).join(key.content for key in keys)

    def _fitting(self) -> tuple[Sequence[Key], int]:
        """Those for which there is room, and the gap between them; help and the way out always."""
        keys = list(self.keys)
        while True:
            for gap in (2, 1):
                width = sum(key.content.cell_length + gap for key in keys) - gap
                if width <= self.content_size.width or len(keys) <= _ALWAYS:
                    return keys, gap
            del keys[-_ALWAYS - 1]

    def on_click(self, event: Click) -> None:
        x = event.x - 1
        keys, gap = self._fitting()
        for key in keys:
            width = key.content.cell_length
            if 0 <= x < width:
                self.app.simulate_key(key.key)
                return
            x -= width + gap
