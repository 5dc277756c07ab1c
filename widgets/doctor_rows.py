"""What the doctor found, as rows of a table. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from backends.data.examination import Finding, Report, State
from backends.doctor.advice import FRESH_S
from backends.doctor.pace import rest_s
from backends.doctor.telling import TROUBLE, place, places, troubles
from widgets.bars import cut, literal
from widgets.glyphs import Mark, Tone
from widgets.table import Cell, Row

MARKS = {
    State.WRONG: Mark("✖", "wrong", Tone.BAD),
    State.UNKNOWN: Mark("?", "unknown", Tone.WARN),
    State.WARNING: Mark("⚠", "warning", Tone.WARN),
    State.OK: Mark("✔", "ok", Tone.OK),
    State.NOT_USED: Mark("·", "not used", Tone.MUTED),
}
WAITS = Mark("◷", "waits", Tone.BUSY)
"""A cure that is confirmed, and carried out when its VM stops."""
MEANINGS = {
    State.WRONG: "a live migration fails or reboots the guest, or its data is in danger",
    State.UNKNOWN: "it could not be found out",
    State.WARNING: "it works, and something is to be known about it",
    State.OK: "as it should be",
    State.NOT_USED: "this cluster does not use it",
}
ASK_AGAIN_S = 60.0
"""What was not found out may be by then: a node under load does not answer everything in time."""
WHERE = 28
"""In cells: one long name shall not push what was seen off the screen."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cure that waits for its VM to stop: what it does, exactly how, and since when."""

    key: str
    vm: str
    what: str
    commands: tuple[str, ...]
    at: float


@dataclass(frozen=True, slots=True)
class Examination:
    """What is known from examining the cluster. The moments are those of the screen's clock."""

    report: Report | None = None
    at: float | None = None
    running_since: float | None = None
    stale_since: float | None = None
    """When the cluster's configuration was seen to be another one."""
    failed: str = ""
    """Why the last one came to nothing; `report` is then an earlier one's."""
    before: float | None = None
    """When the one was that `new` and `gone` compare with."""
    new: frozenset[Finding] = field(default_factory=frozenset)
    gone: int = 0
    waiting: tuple[Waiting, ...] = ()

    def is_old(self, now: float) -> bool:
        """Whether who relies on it now should have the cluster examined again."""
        if self.report is None or self.at is None or self.failed:
            return True
        if self.rests_for_s(now) > 0:
            return False
        age_s = now - self.at
        if self.stale_since is not None:
            return True
        unknown = any(finding.state is State.UNKNOWN for finding in self.report.findings)
        return age_s > (ASK_AGAIN_S if unknown else FRESH_S)

    def rests_for_s(self, now: float) -> float:
        """The seconds for which the cluster is spared after what the last examination cost."""
        if self.report is None or self.at is None:
            return 0.0
        return max(0.0, self.at + rest_s(self.report.worked_s) - now)

    @property
    def waits(self) -> frozenset[str]:
        """The commands that wait for a stop."""
        return frozenset(command for waiting in self.waiting for command in waiting.commands)


def compared(before: Report | None, now: Report) -> tuple[frozenset[Finding], int]:
    """The troubles that were not there before, and how many are no more."""
    if before is None:
        return frozenset(), 0
    old, new = _troubles(before), _troubles(now)
    return frozenset(new[key] for key in new.keys() - old.keys()), len(old.keys() - new.keys())


def _troubles(report: Report) -> dict[tuple[str | None, ...], Finding]:
    """What was seen may differ a little each time; what matters is that it is there."""
    return {
        (each.topic, each.check, each.state, each.node, each.vm): each
        for each in report.findings
        if each.state in TROUBLE
    }


@dataclass(frozen=True, slots=True)
class Entry:
    """A row: one finding, or several that are told as one."""

    key: str
    findings: tuple[Finding, ...] = ()
    folded: bool | None = None
    """`None`: there is nothing to fold."""
    inner: bool = False
    """Whether it is one of those of a row above."""
    waiting: Waiting | None = None

    @property
    def state(self) -> State:
        return self.findings[0].state

    @property
    def vm(self) -> str | None:
        """The one VM that it is about, where it is one."""
        if self.waiting is not None:
            return self.waiting.vm
        vms = {finding.vm for finding in self.findings}
        return vms.pop() if len(vms) == 1 else None

    @property
    def node(self) -> str | None:
        """The node that all of it is about, if it is one."""
        nodes = {finding.node for finding in self.findings}
        return nodes.pop() if len(nodes) == 1 else None

    def curable(self, report: Report) -> bool:
        """Whether vmferry itself can carry a cure out."""
        return bool(self.commands(report))

    def commands(self, report: Report) -> tuple[str, ...]:
        """What vmferry itself would send to cure it."""
        return tuple(
            str(cure.command)
            for finding in self.findings
            if finding.state in TROUBLE and finding.vm is not None
            for cure in report.cures(finding)
            if cure.command is not None
        )


def entries(found: Examination, vm: str | None, unfolded: frozenset[str]) -> Iterator[Entry]:
    """All rows, in their order; those of one VM as a checklist."""
    for waiting in found.waiting:
        if vm in (None, waiting.vm):
            yield Entry(waiting.key, waiting=waiting)
    if found.report is None:
        return
    if vm is not None:
        checklist = sorted(found.report.of_vm(vm), key=lambda each: each.topic.rank)
        yield from _single(checklist, "", inner=False)
        return
    for alike in troubles(found.report.findings):
        yield from _group(alike, unfolded)
    for state in (State.OK, State.NOT_USED):
        findings = tuple(each for each in found.report.findings if each.state is state)
        if findings:
            yield Entry(state.value, findings)


def _group(alike: tuple[Finding, ...], unfolded: frozenset[str]) -> Iterator[Entry]:
    first = alike[0]
    key = "\n".join((first.state, first.topic, first.check, first.why))
    if len(alike) == 1:
        yield Entry(key, alike)
        return
    folded = key not in unfolded
    yield Entry(key, alike, folded)
    if not folded:
        yield from _single(alike, key, inner=True)


def _single(findings: Sequence[Finding], prefix: str, *, inner: bool) -> Iterator[Entry]:
    for number, each in enumerate(findings):
        key = "\n".join((prefix, each.topic, each.check, place(each), str(number)))
        yield Entry(key, (each,), inner=inner)


def row(entry: Entry, found: Examination, *, checklist: bool) -> Row:
    """Its cells: state, the key that cures it, what, where, what was seen."""
    if entry.waiting is not None:
        what = Cell("for its next stop", Tone.STRONG)
        return (_state(WAITS), Cell(""), what, _cut(entry.waiting.vm), Cell(entry.waiting.what))
    trouble = entry.state in TROUBLE
    if not trouble and not checklist:
        count = Cell(f"{len(entry.findings)} check{'s' if len(entry.findings) > 1 else ''}")
        return (_state(MARKS[entry.state]), Cell(""), count, Cell(""), _topics(entry))
    state, what = _state(MARKS[entry.state]), _check(entry.findings[0])
    if entry.inner:
        state = what = Cell("")
    return (state, _cure(entry, found), what, _cut(_where(entry)), Cell(_seen(entry)))


def _check(finding: Finding) -> Cell:
    tone = Tone.STRONG if finding.state in TROUBLE else Tone.MUTED
    return Cell(f"{finding.topic}: {finding.check}", tone)


def _cut(where: str) -> Cell:
    return Cell(cut(literal(where), WHERE))


def _state(mark: Mark) -> Cell:
    return Cell(f"{mark.glyph} {mark.word}", mark.tone)


def _cure(entry: Entry, found: Examination) -> Cell:
    own = entry.commands(found.report) if found.report is not None else ()
    if own:
        waits = found.waits.issuperset(own)
        return Cell(WAITS.glyph, WAITS.tone) if waits else Cell("c", Tone.ACCENT)
    typed = entry.state in TROUBLE and any(finding.cures for finding in entry.findings)
    return Cell("→" if typed else "", Tone.MUTED)


def _where(entry: Entry) -> str:
    where = places(entry.findings)
    if entry.folded is None:
        return f"  {place(entry.findings[0])}" if entry.inner else ", ".join(where)
    of_vms, of_nodes = (
        all(getattr(each, name) is None for each in entry.findings) for name in ("node", "vm")
    )
    noun = "VMs" if of_vms else "nodes" if of_nodes else "places"
    return f"{'▸' if entry.folded else '▾'} {len(where)} {noun}"


def _seen(entry: Entry) -> str:
    """What all of them have in common, where it is not the same."""
    first = entry.findings[0]
    same = all(finding.seen == first.seen for finding in entry.findings)
    return first.seen if same else first.why or f"{first.seen} …"


def _topics(entry: Entry) -> Cell:
    used = entry.state is State.OK
    words = dict.fromkeys(
        each.topic.value if used else f"{each.topic} ({each.check})" for each in entry.findings
    )
    return Cell(", ".join(words), Tone.MUTED)
