"""What the doctor found, told in full: seen where, why it matters, and what to do. Pure."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from itertools import islice

from textual.content import Content

from backends.data.examination import Finding, Report
from backends.doctor.telling import TROUBLE, by_what_was_seen, cure_lines
from widgets.bars import moment_text
from widgets.doctor_rows import MARKS, MEANINGS, WAITS, Entry, Examination, Waiting
from widgets.facts import keyed
from widgets.glyphs import Tone
from widgets.tones import heading, marked, toned

MOST_SEEN = 60
"""How many lines of what was seen are told; more would only be slow."""
MOST_CURES = 6


def details(entry: Entry, found: Examination) -> Iterator[Content]:
    """All that is known of a row, line by line."""
    report = found.report
    if entry.waiting is not None:
        yield from _waiting(entry.waiting)
    elif report is None:
        return
    elif entry.state in TROUBLE or len(entry.findings) == 1:
        yield from _finding(entry, report, found)
    else:
        yield Content.assemble(marked(MARKS[entry.state]), f"  {MEANINGS[entry.state]}")
        yield from _seen_lines(entry.findings, with_check=True)


def _waiting(waiting: Waiting) -> Iterator[Content]:
    title = toned(f"  for the next stop of {waiting.vm}: {waiting.what}", Tone.STRONG)
    yield Content.assemble(marked(WAITS), title)
    when = time.strftime("%Y-%m-%d %H:%M", time.localtime(waiting.at))
    yield toned(f"confirmed: {when}", Tone.MUTED)
    yield toned("It is carried out when the VM stands still, by a vmferry that is open then.")
    yield from heading("What will be sent")
    for command in waiting.commands:
        yield toned(f"$ {command}", Tone.ACCENT)
    yield Content("")
    yield keyed("x", "call it off")


def _finding(entry: Entry, report: Report, found: Examination) -> Iterator[Content]:
    first = entry.findings[0]
    new = not found.new.isdisjoint(entry.findings)
    yield Content.assemble(
        marked(MARKS[first.state]),
        toned(f"  {first.topic}: {first.check}", Tone.STRONG),
        toned(f"  new since {_since(found)}" if new else "", Tone.ACCENT),
    )
    yield from _seen_lines(entry.findings, with_check=False)
    if first.why:
        yield Content.assemble(toned("why: ", Tone.MUTED), toned(first.why))
    concerns = dict.fromkeys(vm for finding in entry.findings for vm in finding.concerns)
    if concerns:
        yield Content.assemble(toned("in the way of: ", Tone.MUTED), toned(", ".join(concerns)))
    if first.state in TROUBLE:
        yield from _cures(entry, report, found.waits)


def _since(found: Examination) -> str:
    return moment_text(found.before, found.at if found.at is not None else time.time())


def _seen_lines(findings: Sequence[Finding], *, with_check: bool) -> Iterator[Content]:
    by_check: dict[str, list[Finding]] = {}
    for finding in findings:
        check = f"{finding.topic}: {finding.check}  " if with_check else ""
        by_check.setdefault(check, []).append(finding)
    lines = [
        Content.assemble(
            toned(check, Tone.MUTED),
            toned(f"{', '.join(where)}: " if where else "", Tone.STRONG),
            toned(seen),
        )
        for check, alike in by_check.items()
        for seen, where in by_what_was_seen(alike).items()
    ]
    yield from islice(lines, MOST_SEEN)
    if len(lines) > MOST_SEEN:
        more = f"and {len(lines) - MOST_SEEN} more: v shows those of one VM"
        yield toned(more, Tone.MUTED)


def _cures(entry: Entry, report: Report, waits: frozenset[str]) -> Iterator[Content]:
    lines = cure_lines(report, entry.findings)
    if not lines:
        return
    yield from heading("What to do")
    for line in lines[:MOST_CURES]:
        own = line.cure.command
        if own is None:
            mark = toned("→ ", Tone.MUTED)
        elif str(own) in waits:
            mark = toned(f"{WAITS.glyph} ", WAITS.tone)
        else:
            mark = Content.styled("c ", "bold $primary")
        yield Content.assemble(mark, toned(str(line), Tone.TEXT if own is None else Tone.ACCENT))
    if len(lines) > MOST_CURES:
        more = f"  and {len(lines) - MOST_CURES} more like these: Enter opens the list"
        yield toned(more, Tone.MUTED)
    left = set(entry.commands(report)) - waits
    if left:
        yield Content("")
        every = " for all of them" if entry.folded is not None else ""
        yield keyed("c", f"vmferry does this itself{every}: first it shows what would happen")
