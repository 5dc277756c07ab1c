"""What stands in the columns of the list, and how each of them sorts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from backends.data.picture import VM, HypervisorState, Migration, Node
from backends.judgement.health import Grade, Problem
from backends.judgement.prospect import UNKNOWN, Prospect
from widgets.bars import UNKNOWN as NO_NUMBER
from widgets.bars import bytes_text, percent_text
from widgets.glyphs import GRADE_MARKS, NODE_MARKS, PASSAGE_MARKS, VM_MARKS, Mark, Tone
from widgets.ink import Span
from widgets.natural import natural

SortKey = tuple[float, ...] | tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: a VM, or a node with how many VMs are on it."""

    vm: VM | None = None
    node: Node | None = None
    problems: tuple[Problem, ...] = ()
    prospect: Prospect = UNKNOWN
    migration: Migration | None = None
    count: int = 0

    @property
    def key(self) -> str:
        return self.vm.id if self.vm else self.node.name if self.node else ""

    @property
    def grade(self) -> Grade:
        return self.problems[0].grade if self.problems else Grade.FINE

    @property
    def words(self) -> str:
        """What a filter looks through."""
        parts = [self.key, *(problem.text for problem in self.problems)]
        if self.vm is not None:
            parts += [self.vm.domain or "", self.vm.node or "", self.vm.state.value]
        elif self.node is not None:
            parts.append(self.node.state.value)
        return "\n".join(parts).casefold()


@dataclass(frozen=True, slots=True)
class Column:
    """`weight` says who goes first where there is no room: the least. Without a width it has the
    rest, and at least `ROOM` of it."""

    title: str
    span: Callable[[Entry], Span]
    sorts: Callable[[Entry], SortKey]
    width: int = 0
    right: bool = False
    weight: int = 9


ROOM = 20
"""What is wrong has at least so many cells; other columns make way for it."""


def _name(entry: Entry) -> SortKey:
    return natural(entry.key)


def _number(value: float | None) -> SortKey:
    """The most first; what is not known last."""
    return (1.0,) if value is None else (0.0, -value)


def _marked(mark: Mark) -> Span:
    return f"{mark.glyph} {mark.word}", mark.tone


def _known(value: float | None, text: str) -> Span:
    return (NO_NUMBER, Tone.FAINT) if value is None else (text.strip(), Tone.TEXT)


def _state(entry: Entry) -> Span:
    if entry.migration is not None and entry.vm is not None:
        percent = entry.migration.percent
        share = entry.migration.phase.value if percent is None else f"{percent:.0f}%"
        return f"{VM_MARKS[entry.vm.state].glyph} {share}", Tone.BUSY
    if entry.vm is not None:
        return _marked(VM_MARKS[entry.vm.state])
    return _marked(NODE_MARKS[entry.node.state]) if entry.node else ("", Tone.TEXT)


def _place(entry: Entry) -> Span:
    vm = entry.vm
    if vm is None or vm.node is None:
        return NO_NUMBER, Tone.FAINT
    return (f"{vm.node}→{entry.migration.target or '?'}" if entry.migration else vm.node), (
        Tone.BUSY if entry.migration else Tone.TEXT
    )


def _problem(entry: Entry) -> Span:
    if not entry.problems:
        return "", Tone.TEXT
    first, more = entry.problems[0], len(entry.problems) - 1
    mark = GRADE_MARKS[first.grade]
    also = f"  (+{more})" if more else ""
    return f"{mark.glyph} {first.text}{also}", mark.tone


def _sickness(entry: Entry) -> SortKey:
    first = entry.problems[0] if entry.problems else None
    return (
        float(entry.grade.rank),
        float(first.kind.rank) if first else 0.0,
        -float(len(entry.problems)),
    )


def _cpu(entry: Entry) -> float | None:
    return entry.vm.cpu_percent if entry.vm else entry.node.cpu_percent if entry.node else None


def _memory(entry: Entry) -> float | None:
    if entry.vm is not None:
        return entry.vm.memory_bytes
    return entry.node.memory_used_bytes if entry.node else None


def _libvirt(entry: Entry) -> Span:
    state = entry.node.hypervisor.state if entry.node else HypervisorState.UNKNOWN
    return {
        HypervisorState.UP: ("✔ up", Tone.OK),
        HypervisorState.DOWN: ("⚠ down", Tone.WARN),
        HypervisorState.UNKNOWN: (NO_NUMBER, Tone.FAINT),
    }[state]


def _cpus(entry: Entry) -> float | None:
    return entry.vm.vcpus if entry.vm else entry.node.cpus if entry.node else None


_STATE = Column("state", _state, lambda e: (float(_state_rank(e)),), 11)
_WRONG = Column("what is wrong", _problem, _sickness)
_LOAD = Column("CPU", lambda e: _known(_cpu(e), percent_text(_cpu(e))), lambda e: _number(_cpu(e)),
               5, right=True, weight=3)  # fmt: skip


def _state_rank(entry: Entry) -> int:
    if entry.vm is not None:
        return list(VM_MARKS).index(entry.vm.state)
    return list(NODE_MARKS).index(entry.node.state) if entry.node else 0


VM_COLUMNS = (
    Column("VM", lambda e: (e.key, Tone.STRONG), _name, 16),
    _STATE,
    Column("node", _place, lambda e: natural((e.vm and e.vm.node) or "~"), 12, weight=6),
    Column("a move is", lambda e: _marked(PASSAGE_MARKS[e.prospect.passage]),
           lambda e: (-float(list(PASSAGE_MARKS).index(e.prospect.passage)),), 14, weight=4),
    _LOAD,
    Column("vCPUs", lambda e: _known(_cpus(e), f"{_cpus(e)}"), lambda e: _number(_cpus(e)),
           5, right=True, weight=1),
    Column("memory", lambda e: _known(_memory(e), bytes_text(_memory(e))),
           lambda e: _number(_memory(e)), 8, right=True, weight=2),
    _WRONG,
)  # fmt: skip

NODE_COLUMNS = (
    Column("node", lambda e: (e.key, Tone.STRONG), _name, 16),
    replace(_STATE, width=13),
    Column("", lambda e: ("DC" if e.node and e.node.is_dc else "", Tone.ACCENT),
           lambda e: (float(not (e.node and e.node.is_dc)),), 2, weight=3),
    Column("VMs", lambda e: (str(e.count), Tone.TEXT), lambda e: _number(e.count),
           4, right=True, weight=7),
    _LOAD,
    Column("cores", lambda e: _known(_cpus(e), f"{_cpus(e)}"), lambda e: _number(_cpus(e)),
           5, right=True, weight=1),
    Column("used", lambda e: _known(_memory(e), bytes_text(_memory(e))),
           lambda e: _number(_memory(e)), 8, right=True, weight=6),
    Column("memory", lambda e: _known(e.node.memory_bytes if e.node else None,
                                      bytes_text(e.node.memory_bytes if e.node else None)),
           lambda e: _number(e.node.memory_bytes if e.node else None), 8, right=True, weight=5),
    Column("libvirt", _libvirt, lambda e: natural(_libvirt(e)[0]), 7, weight=2),
    _WRONG,
)  # fmt: skip


def fitting(columns: Sequence[Column], width: int) -> tuple[tuple[Column, int], ...]:
    """The columns that have room in so many cells, each with its width."""
    kept = list(columns)
    while len(kept) > 2 and width - _taken(kept) < ROOM:
        least = min(kept, key=lambda column: column.weight if column.width else 99)
        if least.weight >= 9:
            break
        kept.remove(least)
    rest = max(0, width - _taken(kept))
    return tuple((column, column.width or rest) for column in kept)


def _taken(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns)


def aligned(span: Span, width: int, *, right: bool) -> Span:
    """The text moved to the right edge of its column, where it is a number."""
    text, tone = span
    return (text.rjust(width), tone) if right else span
