"""One event as a line of text."""

from __future__ import annotations

from textual.content import Content

from backends.data.timeline import Severity
from backends.judgement.changes import Event
from widgets.bars import moment_text
from widgets.glyphs import Tone
from widgets.tones import toned

MARKS = {
    Severity.GOOD: ("✔", Tone.OK),
    Severity.NEUTRAL: ("·", Tone.TEXT),
    Severity.WARNING: ("⚠", Tone.WARN),
    Severity.BAD: ("✖", Tone.BAD),
}


def event_line(event: Event, now: float) -> Content:
    """Time, glyph and text, on one line; the date as well, where it is not that of `now`."""
    glyph, tone = MARKS[event.severity]
    clock = toned(moment_text(event.at, now), Tone.MUTED)
    return Content.assemble(clock, " ", toned(f"{glyph} {event.text}", tone))
