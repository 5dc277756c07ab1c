"""Help: every key, from the bindings themselves, and what the glyphs mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.dom import DOMNode
from textual.reactive import reactive

from backends.judgement.outlook import Chance
from tui.help_text import Chapter, Entry, HelpText
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


def _signs(marks: Iterable[tuple[str, str, Tone]]) -> tuple[Entry, ...]:
    return tuple(Entry(glyph, meaning, tone) for glyph, meaning, tone in marks)


_LEGEND = (
    Chapter("Nodes", _signs(NODE_MARKS.values())),
    Chapter("VMs", _signs(VM_MARKS.values())),
    Chapter("Badges", _signs(BADGES)),
    Chapter(
        "Copies",
        (
            Entry(CHANCE_MARKS[Chance.LATE].glyph, "late: it ends after the timeout", Tone.WARN),
            Entry(
                CHANCE_MARKS[Chance.STALLED].glyph,
                "stalled: it never ends as it goes now",
                Tone.BAD,
            ),
            Entry(GUARDED.glyph, "guarded: no timeout restarts its guest", GUARDED.tone),
        ),
    ),
    Chapter(
        "Findings of the doctor",
        (
            *(
                Entry(mark.glyph, f"{mark.word}: {MEANINGS[state]}", mark.tone)
                for state, mark in MARKS.items()
            ),
            Entry(WAITS.glyph, "waits: a confirmed cure, for the next stop of its VM", WAITS.tone),
            Entry("c", "a cure that vmferry carries out itself"),
            Entry("→", "a cure to be typed, or put into a file", Tone.MUTED),
        ),
    ),
    Chapter(
        "What a move would be",
        (
            *_signs(VERDICT_MARKS.values()),
            Entry(
                BEST.glyph,
                "most room left, of memory and of CPU, among those reached live",
                BEST.tone,
            ),
        ),
    ),
)


class HelpScreen(Modal[None]):
    """Reads the bindings it is given, so that it cannot promise a key that does not exist.

    What is typed is searched for.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Close", id="help.close", tooltip="Search no more; close"),
        Binding("question_mark", "dismiss", "Close", id="help.shut", tooltip="Close the help"),
    ]

    HINT = "type to search  ·  Esc closes"

    search: reactive[str] = reactive("")

    def __init__(self, sections: Mapping[str, type[DOMNode]]) -> None:
        super().__init__()
        self._sections = sections

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog") as dialog:
            dialog.border_title = "Help"
            with VerticalScroll(can_focus=False):
                yield HelpText([*self._keys(), *_LEGEND])

    def _keys(self) -> Iterator[Chapter]:
        for title, owner in self._sections.items():
            yield Chapter(title, tuple(map(self._entry, own_bindings(owner))))

    def _entry(self, binding: Binding) -> Entry:
        keys = " ".join(map(self.app.get_key_display, Binding.make_bindings([binding])))
        return Entry(keys, binding.tooltip or binding.description)

    def on_key(self, event: events.Key) -> None:
        if event.key == "backspace":
            self.search = self.search[:-1]
        elif event.is_printable and event.character not in (None, "?"):
            self.search += event.character or ""
        else:
            return
        event.stop()

    def watch_search(self, search: str) -> None:
        self.query_one("#dialog").border_title = f"Help  / {search}▏" if search else "Help"
        self.query_one(HelpText).search = search

    def action_leave(self) -> None:
        if self.search:
            self.search = ""
        else:
            self.dismiss()


def own_bindings(owner: type[DOMNode]) -> Iterator[Binding]:
    """What our classes bind, without what Textual's bind for all."""
    for cls in reversed(owner.__mro__):
        if not cls.__module__.startswith("textual."):
            for binding in cls.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding):
                    yield binding
