"""What a dialog proposes: lines to read, and what happens when they are confirmed."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from textual.content import Content
from textual.widget import Widget
from textual.widgets import Static

from backends.data.picture import CibVersion
from backends.data.plan import Command, VerdictKind
from tui.item import Item
from widgets.glyphs import VERDICT_MARKS, Tone
from widgets.tones import heading as heading_lines
from widgets.tones import toned

_MEANINGS = {
    VerdictKind.LIVE: (Tone.OK, "No guest stops, and nothing else moves."),
    VerdictKind.SIDE_EFFECTS: (Tone.WARN, "No guest stops, but this comes with it:"),
    VerdictKind.NO_ROOM: (Tone.WARN, "No guest stops, but there is too little memory there:"),
    VerdictKind.REBOOT: (Tone.BAD, "This is no live migration: a guest is shut down."),
    VerdictKind.REFUSED: (Tone.BAD, "This cannot be done now."),
}
MEANINGS = {
    kind: (VERDICT_MARKS[kind].glyph, tone, text) for kind, (tone, text) in _MEANINGS.items()
}
"""Glyph, tone and sentence of each verdict; the glyphs are those of the board."""

Then = Callable[[], object]


@dataclass(frozen=True, slots=True)
class Line:
    """Text that wraps, beside its marker where it has one."""

    text: Content
    marker: Content | None = None

    def widget(self) -> Widget:
        return Static(self.text) if self.marker is None else Item(self.marker, self.text)


@dataclass(frozen=True, slots=True)
class Answer:
    """A way to say yes: what the button says, and what follows."""

    label: str
    then: Then = field(compare=False)
    lines: tuple[Line, ...] = ()
    """What is to be read of this answer alone: it stands below the proposal while it is the one."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """Equal to another one when the operator reads the same."""

    lines: tuple[Line, ...]
    enter: Answer | None = None
    """What Enter confirms; `None`: it cannot be confirmed so easily."""
    typed: Answer | None = None
    """What is confirmed by typing one of `words`, because it stops a guest."""
    words: tuple[str, ...] = ()
    option: str | None = None
    """What may be had in the same confirmation, as its key offers it."""
    variants: int = 2
    """Among how many ways that key goes round."""
    bad: bool = False
    version: CibVersion | None = field(default=None, compare=False)
    """The cluster's when it was made; `None`: it does not depend on it."""


Make = Callable[[int], Awaitable[Proposal]]
"""Makes the proposal in one of its variants, 0 the first to be shown."""

READ_ONLY = "vmferry was started so that it cannot change the cluster"


def plain(text: str, tone: Tone = Tone.TEXT) -> Line:
    return Line(toned(text, tone))


def heading(text: str) -> Line:
    """With an empty line before it."""
    return Line(Content("\n").join(heading_lines(text)))


def point(text: str, tone: Tone = Tone.TEXT, glyph: str = "•") -> Line:
    return Line(toned(text, tone), toned(glyph, tone))


def warning(text: str) -> Line:
    return Line(toned(text), toned("⚠", Tone.WARN))


def numbered(texts: Iterable[str]) -> Iterator[Line]:
    for number, text in enumerate(texts, 1):
        yield Line(toned(text), toned(str(number), Tone.MUTED))


def verdict_line(kind: VerdictKind, what: str = "") -> Line:
    glyph, tone, _ = MEANINGS[kind]
    return Line(toned(f"{glyph} {kind.value} {what}".rstrip(), tone).stylize("bold"))


def commands_lines(commands: Sequence[Command]) -> Iterator[Line]:
    """Exactly what will be sent, and where it matters, to which node."""
    if commands:
        yield heading("Exactly this command" if len(commands) == 1 else "Exactly these commands")
    for command in commands:
        where = toned(f"  on {command.node}" if command.node else "", Tone.MUTED)
        text = Content.assemble(toned(str(command), Tone.ACCENT), where)
        yield Line(text, toned("$", Tone.MUTED))


def refused(reason: str, *more: Line) -> Proposal:
    """It cannot be done, and why."""
    return Proposal((verdict_line(VerdictKind.REFUSED), point(reason, Tone.BAD), *more), bad=True)
