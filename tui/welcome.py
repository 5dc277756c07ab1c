"""What somebody is told on connecting: what went wrong since the last look."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual.content import Content

from backends.acts.looks import Looks
from backends.data.timeline import Entry, Severity
from backends.past.story import worst_first
from tui.dialog import Dialog
from widgets.bars import moment_text
from widgets.events import MARKS
from widgets.glyphs import Tone
from widgets.tones import toned

MOST = 10


class Welcome:
    """Of a cluster that was never looked at before nothing is news: its events tell it."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks
        self.since: float | None = None
        """When the cluster was looked at last, before this time; `None` where it never was."""

    def begin(self, cluster: str, now: float) -> None:
        """Somebody looks at the cluster from now on."""
        self.since = self._looks.last(cluster)
        self._looks.note(cluster, now)

    def end(self, cluster: str, now: float) -> None:
        """Nobody looks any more; what was until now has been seen."""
        self._looks.note(cluster, now)

    def digest(self, entries: Iterable[Entry], now: float) -> Dialog | None:
        """What is to be told; `None` where nothing bad has happened since the last look.

        What an operator did on purpose is no bad news; that something failed is, whoever began it.
        """
        since, self.since = self.since, None
        if since is None:
            return None
        recent = [entry for entry in entries if entry.at > since]
        if not any(entry.worst is Severity.BAD for entry in recent):
            return None
        heading = f"What happened since {moment_text(since, now)}"
        return Dialog(heading, _lines(worst_first(recent), now), bad=True)


def _lines(entries: Sequence[Entry], now: float) -> Content:
    lines = [_line(entry, now) for entry in entries[:MOST]]
    if (more := len(entries) - MOST) > 0:
        lines.append(toned(f"… and {more} more", Tone.MUTED))
    lines.append(toned("4 shows all of it, w says why, [ goes back there", Tone.MUTED))
    return Content("\n").join(lines)


def _line(entry: Entry, now: float) -> Content:
    glyph, tone = MARKS[entry.worst]
    when = toned(f"{moment_text(entry.at, now)} ", Tone.MUTED)
    author = f" (by {entry.who})" if entry.who else ""
    led_to = [each for each in entry.all() if each is not entry and each.severity is Severity.BAD]
    consequence = f": {led_to[0].text}" if led_to else ""
    more = f" (and {len(entry.effects)} things after it)" if len(entry.effects) > 1 else ""
    what = toned(f"{entry.text}{author}{consequence}{more}", Tone.TEXT)
    return Content.assemble(when, toned(f"{glyph} ", tone), what)
