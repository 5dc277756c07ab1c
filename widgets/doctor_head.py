"""The head of the doctor's view: what it comes to, and how far it can be believed."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from backends.data.examination import Finding, State
from backends.doctor.telling import TROUBLE, total, verdict
from backends.judgement.prospect import UNKNOWN, Prospect
from widgets.bars import duration_text, moment_text
from widgets.doctor_rows import MARKS, Examination
from widgets.glyphs import PASSAGE_MARKS, Tone
from widgets.tones import toned


class DoctorHead(Widget):
    """A line or a few; the age of what it says goes on."""

    DEFAULT_CSS = """
    DoctorHead { height: auto; padding: 0 1; }
    """

    found: reactive[Examination] = reactive(Examination(), layout=True)
    vm: reactive[str | None] = reactive(None, layout=True)
    prospect: reactive[Prospect] = reactive(UNKNOWN, layout=True)
    """The last word on a live migration of the VM."""

    @dataclass
    class Clicked(Message):
        """Another examination is wanted."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        super().__init__()
        self._clock = clock

    def on_mount(self) -> None:
        self._age_timer = self.set_interval(1, self.refresh, pause=True)

    def on_show(self) -> None:
        self._age_timer.resume()

    def on_hide(self) -> None:
        """To refresh what is not in sight would make Textual lay out the whole screen anew."""
        self._age_timer.pause()

    def on_resize(self) -> None:
        self.refresh(layout=True)

    def on_click(self) -> None:
        self.post_message(self.Clicked())

    def show(self, found: Examination, vm: str | None, prospect: Prospect = UNKNOWN) -> None:
        """Draw this; `vm`: as the head of its checklist."""
        self.found, self.vm, self.prospect = found, vm, prospect

    def render(self) -> Content:
        return Content("\n").join([*self._flowing(self._sum()), *self._more()])

    def _flowing(self, parts: Iterable[Content]) -> Iterator[Content]:
        """Side by side as long as there is room, and broken only between them."""
        line = Content("")
        for part in parts:
            room = self.content_size.width - line.cell_length - 2
            if line and self.content_size.width and part.cell_length > room:
                yield line
                line = Content("")
            line = Content.assemble(line, "  ", part) if line else part
        yield line

    def _sum(self) -> Iterator[Content]:
        found, vm = self.found, self.vm
        yield toned("Doctor" if vm is None else vm, Tone.STRONG)
        if found.report is not None:
            findings = found.report.findings if vm is None else found.report.of_vm(vm)
            if vm is not None:
                said = verdict(findings, self.prospect)
                yield toned(said, PASSAGE_MARKS[self.prospect.passage].tone)
            yield toned(total(findings), _tone(findings) if vm is None else Tone.MUTED)
        if found.running_since is not None:
            yield toned(f"examining … {self._age(found.running_since)}", Tone.BUSY)
        elif found.at is not None:
            at = f"examined {moment_text(found.at, self._clock())}, {self._age(found.at)} ago"
            yield toned(at, Tone.MUTED)
        elif not found.failed:
            yield toned("not examined yet: r examines the cluster", Tone.MUTED)

    def _more(self) -> Iterator[Content]:
        found = self.found
        if found.failed:
            yield toned(f"✖ not examined: {found.failed}", Tone.BAD)
        if found.stale_since is not None and found.running_since is None:
            since = moment_text(found.stale_since, self._clock())
            text = f"⚠ the configuration has changed at {since}: r examines again"
            yield toned(text, Tone.WARN)
        if found.before is not None and (found.new or found.gone):
            counts = {"new": len(found.new), "gone": found.gone}
            told = ", ".join(f"{count} {word}" for word, count in counts.items() if count)
            yield toned(f"since {moment_text(found.before, self._clock())}: {told}", Tone.ACCENT)

    def _age(self, moment: float) -> str:
        return duration_text(self._clock() - moment)


def _tone(findings: Iterable[Finding]) -> Tone:
    worst = min(findings, key=lambda each: each.state.rank, default=None)
    return MARKS[worst.state if worst and worst.state in TROUBLE else State.OK].tone
