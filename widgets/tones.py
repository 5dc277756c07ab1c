"""Tones as styles of Textual's content, for widgets made of text."""

from __future__ import annotations

from textual.content import Content

from widgets.bars import literal
from widgets.glyphs import Mark, Tone

MUTED = "$foreground 76%"
"""Secondary text. Textual's own `$text-muted` is `auto`, which content does not resolve."""

STYLES = {
    Tone.TEXT: "$foreground",
    Tone.STRONG: "bold",
    Tone.MUTED: MUTED,
    Tone.FAINT: "$foreground 35%",
    Tone.ACCENT: "$primary",
    Tone.OK: "$success",
    Tone.BUSY: "$primary",
    Tone.WARN: "$warning",
    Tone.BAD: "$error",
}


def toned(text: str, tone: Tone = Tone.TEXT) -> Content:
    """Text from anywhere, shown literally."""
    return Content.styled(literal(text), STYLES[tone])


def marked(mark: Mark) -> Content:
    """Glyph and word of a state."""
    return toned(f"{mark.glyph} {mark.word}", mark.tone)


def heading(text: str) -> tuple[Content, Content]:
    """An empty line and a heading."""
    return Content(""), Content.styled(text, "bold $primary")
