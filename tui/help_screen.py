"""Help: every key, from the bindings themselves, and what the glyphs mean."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.dom import DOMNode
from textual.widget import Widget
from textual.widgets import Static

from backends.judgement.outlook import Chance
from tui.item import Item
from tui.modal import Modal
from widgets.doctor_rows import MARKS, MEANINGS, WAITS
from widgets.glyphs import (
    BADGES,
    BEST,
    CHANCE_MARKS,
    GUARDED,
    NODE_MARKS,
    VERDICT_MARKS,
    VM_MARKS,
    Tone,
)
from widgets.tones import toned

KEY_COLUMN = 14
_LEGEND = {
    "Nodes": tuple(NODE_MARKS.values()),
    "VMs": tuple(VM_MARKS.values()),
    "Badges": BADGES,
    "Copies": (
        (CHANCE_MARKS[Chance.LATE].glyph, "late: it ends after the timeout", Tone.WARN),
        (CHANCE_MARKS[Chance.STALLED].glyph, "stalled: it never ends as it goes now", Tone.BAD),
        (GUARDED.glyph, "guarded: no timeout restarts its guest", GUARDED.tone),
    ),
    "Findings of the doctor": (
        *(
            (mark.glyph, f"{mark.word}: {MEANINGS[state]}", mark.tone)
            for state, mark in MARKS.items()
        ),
        (WAITS.glyph, "waits: a confirmed cure, for the next stop of its VM", WAITS.tone),
        ("c", "a cure that vmferry carries out itself", Tone.ACCENT),
        ("→", "a cure to be typed, or put into a file", Tone.MUTED),
    ),
    "What a move would be": (
        *VERDICT_MARKS.values(),
        (BEST.glyph, "most room left, of memory and of CPU, among those reached live", BEST.tone),
    ),
}


class HelpScreen(Modal[None]):
    """Reads the bindings it is given, so that it cannot promise a key that does not exist."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "escape,question_mark,q", "dismiss", "Close", id="help.close", tooltip="Close the help"
        ),
    ]

    HINT = "Esc closes"

    def __init__(self, sections: Mapping[str, type[DOMNode]]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Help"
            with VerticalScroll(can_focus=False):
                yield from self._lines()

    def _lines(self) -> Iterator[Widget]:
        for title, owner in self._sections.items():
            yield Static(Content.styled(title, "bold $primary"))
            yield from map(self._line, own_bindings(owner))
            yield Static("")
        for title, marks in _LEGEND.items():
            yield Static(Content.styled(title, "bold $primary"))
            for glyph, meaning, tone in marks:
                yield Item(toned(f"{glyph:<{KEY_COLUMN}}", tone), Content(meaning))
            yield Static("")

    def _line(self, binding: Binding) -> Item:
        keys = " ".join(map(self.app.get_key_display, Binding.make_bindings([binding])))
        words = binding.tooltip or binding.description
        return Item(Content.styled(f"{keys:<{KEY_COLUMN}}", "$accent"), Content(words))


def own_bindings(owner: type[DOMNode]) -> Iterator[Binding]:
    """What our classes bind, without what Textual's bind for all."""
    for cls in reversed(owner.__mro__):
        if not cls.__module__.startswith("textual."):
            for binding in cls.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield binding
