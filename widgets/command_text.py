"""One command whole: what went in, what came out, how it ended. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from backends.data.plan import Kept, Sent
from widgets.bars import bytes_text, literal, moment_text
from widgets.command_list import exit_cell
from widgets.facts import field
from widgets.glyphs import Tone
from widgets.tones import heading, toned

NOT_KEPT = "not known: it runs, was lost, or is too long ago to be kept"


def whole(sent: Sent, now: float) -> Content:
    """To be read where a line of the list has no room for it."""
    return Content("\n").join(_lines(sent, now))


def _lines(sent: Sent, now: float) -> Iterator[Content]:
    ended = exit_cell(sent)
    yield toned(sent.command, Tone.WARN if sent.writes else Tone.STRONG)
    yield Content("")
    yield field("At", moment_text(sent.at, now))
    yield Content.assemble(field("Exit code", ""), toned(ended.text, ended.tone))
    if sent.duration_s is not None:
        yield field("Took", f"{sent.duration_s * 1000:.0f} ms")
    yield from _part("What came out", sent.stdout)
    if sent.stderr is None or sent.stderr.text:
        yield from _part("What it said of errors (stderr)", sent.stderr)
    yield from _part("What went in (stdin)", sent.stdin)


def _part(title: str, kept: Kept | None) -> Iterator[Content]:
    yield from heading(title)
    if kept is None or not kept.text:
        yield toned(NOT_KEPT if kept is None else "nothing", Tone.MUTED)
        return
    for line in kept.text.rstrip("\n").split("\n"):
        yield Content(literal(line.expandtabs()))
    if kept.left_out_bytes:
        yield toned(f"… and {bytes_text(kept.left_out_bytes)} more", Tone.MUTED)
