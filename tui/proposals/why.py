"""Why, as it is read in a dialog."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content

from backends.data.why import Place, Whereabouts, Why
from backends.judgement.whereabouts import in_words
from widgets.bars import moment_text
from widgets.events import MARKS
from widgets.glyphs import Tone
from widgets.tones import heading, toned


def explanation(now: Whereabouts | None, past: Why | None, at: float) -> Content:
    """`at`: the moment in sight, epoch seconds."""
    lines = [*(_standing(now) if now else ()), *(_past(past, at) if past else ())]
    return Content("\n").join(lines or [toned("nothing is known of it", Tone.MUTED)])


def _standing(now: Whereabouts) -> Iterator[Content]:
    yield toned(now.text, Tone.STRONG)
    for reason in now.reasons:
        yield toned(f"  {reason}", Tone.TEXT)
    if now.places:
        yield from heading("Scores")
    for place in now.places:
        yield _place(place)


def _place(place: Place) -> Content:
    reasons = "; ".join(place.reasons)
    return Content.assemble(
        toned(f"  {place.node}  ", Tone.TEXT),
        toned(in_words(place.score), Tone.STRONG),
        toned(f"  {reasons}" if reasons else "", Tone.MUTED),
    )


def _past(past: Why, at: float) -> Iterator[Content]:
    if past.event is None:
        return
    yield from heading("What happened")
    for depth, entry in enumerate(past.chain):
        glyph, tone = MARKS[entry.severity]
        author = f" (by {entry.who})" if entry.who else ""
        when = toned(f"  {moment_text(entry.at, at)} {'  ' * depth}", Tone.MUTED)
        text = toned(f"{entry.text}{author}", Tone.TEXT)
        yield Content.assemble(when, toned(f"{glyph} ", tone), text)
    if past.decision is not None:
        reason = f": {past.decision.reason}" if past.decision.reason else ""
        decided = moment_text(past.decided_at, at)
        yield toned(f"  {decided} the scheduler decided: {past.decision}{reason}", Tone.TEXT)
    if past.savings:
        yield from heading("What would have saved it, as the scheduler computes it")
    for saving in past.savings:
        then = "; ".join(map(str, saving.planned)) or "nothing would have been done to it"
        yield toned(f"  {saving.what}: {then}", Tone.OK)
    for doubt in past.doubts:
        yield toned(f"  not known: {doubt}", Tone.WARN)
