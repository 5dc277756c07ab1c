"""The views as named tabs, each with what it counts just now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from widgets.glyphs import Tone
from widgets.tones import toned


@dataclass(frozen=True, slots=True)
class Tab:
    """A view: the key that leads to it, and in `counts` what is to be known from afar."""

    name: str
    key: str
    title: str
    short: str
    counts: tuple[tuple[str, Tone], ...] = ()

    def content(self, *, short: bool, current: bool) -> Content:
        title = self.short if short and not current else self.title
        counts = [toned(f" {text}", tone) for text, tone in self.counts]
        named = Content.assemble(toned(self.key, Tone.ACCENT), f" {title}")
        if current:
            named = Content(f"{self.key} {title}").stylize("bold reverse")
        return Content.assemble(named, *counts)


class SituationBar(Widget):
    """One line. A click leads to a view; where there is no room, titles are shortened."""

    DEFAULT_CSS = """
    SituationBar {
        height: 1;
        padding: 0 1;
        background: $panel;
    }
    """

    tabs: reactive[tuple[Tab, ...]] = reactive(())
    current: reactive[str] = reactive("")

    @dataclass
    class Wanted(Message):
        """A view is to be shown."""

        name: str

    def show(self, tabs: Sequence[Tab], current: str) -> None:
        """Draw these; the same as before draw nothing."""
        self.tabs, self.current = tuple(tabs), current

    def render(self) -> Content:
        return Content("  ").join(self._written())

    def _written(self) -> list[Content]:
        written: list[Content] = []
        for short in (False, True):
            written = [tab.content(short=short, current=tab.name == self.current)
                       for tab in self.tabs]  # fmt: skip
            if sum(each.cell_length + 2 for each in written) - 2 <= self.content_size.width:
                break
        return written

    def on_click(self, event: Click) -> None:
        x = event.x - 1
        for tab, written in zip(self.tabs, self._written(), strict=True):
            if 0 <= x < written.cell_length:
                self.post_message(self.Wanted(tab.name))
                return
            x -= written.cell_length + 2
