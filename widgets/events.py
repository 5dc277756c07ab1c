"""One event as a line of text."""

from __future__ import annotations

from textual.content import Content

from backends.data.timeline import Severity
from backends.judgement.changes import Event
from widgets.bars import clock_text
from widgets.glyphs import Tone
from widgets.tones import toned

MARKS = {
    Severity.GOOD: ("✔", Tone.OK),
    Severity.NEUTRAL: ("·", Tone.TEXT),
    Severity.WARNING: ("⚠", Tone.WARN),
    Severity.BAD: ("✖", Tone.BAD),
}


def event_line(event: Event) -> Content:
    """Time, glyph and text, on one line."""
    glyph, tone = MARKS[event.severity]
    clock = toned(clock_text(event.at), Tone.MUTED)
    return Content.assemble(clock, " ", toned(f"{glyph} {event.text}", tone))
