"""What brought what about: each entry of a timeline under its cause. Pure."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace

from backends.data.timeline import Entry, Severity
from backends.past.inputs import Input
from backends.past.places import active_on

FENCED = "node-fenced"
FENCING_FAILED = "fencing-failed"
LOST = "node-lost"
VM_DOWN = "vm-down"
BARRED = "barred"
_STOPS = ("stop-failed", "stop-timed-out")
_ENDED = frozenset({LOST, FENCED, FENCING_FAILED, "node-left"})
"""How a node is lost, and how that goes on."""
_TAKES_VMS = frozenset({LOST, "node-left", FENCED, "standby"})
"""What takes the VMs away from a node."""
_BRINGS_BACK = frozenset({"node-back", "standby-over"})
"""What lets VMs come to a node again."""
_OF_VM = frozenset({"prefer", "ban", "cleared", "target-role", "configuration", BARRED})
"""What moves, stops or starts the VM that it names."""
_COPIES = ("migrate_to-", "migrate_from-")
_LASTS_S = 900.0
"""So long after a cause something of its own may come: a node's VMs stop one after the other."""
_NOTICED_S = 30.0
"""So long after a copy has failed its other end may be known to be lost."""
_SLACK_S = 1.5
"""Histories have whole seconds."""


def grouped(entries: Sequence[Entry], inputs: Sequence[Input]) -> tuple[Entry, ...]:
    """Those that nothing explains, each with what it brought about; `entries` by their time."""
    causes = [_cause(number, entries, inputs) for number in range(len(entries))]
    for number in range(len(entries)):
        lost = _end_lost(number, entries, causes)
        if lost is not None:
            causes[number] = lost
    effects: dict[int, list[int]] = {}
    alone: list[int] = []
    for number, cause in enumerate(causes):
        (alone if cause is None else effects.setdefault(cause, [])).append(number)

    def whole(number: int) -> Entry:
        return replace(entries[number], effects=tuple(map(whole, effects.get(number, ()))))

    return tuple(map(whole, alone))


def _cause(number: int, entries: Sequence[Entry], inputs: Sequence[Input]) -> int | None:
    """The newest entry before this one that explains it."""
    entry = entries[number]
    if entry.kind in _ENDED:
        return _newest(number, entries, lambda other: _ends(other, entry))
    if entry.kind == VM_DOWN:
        return _newest(number, entries, lambda other: _leaves_down(other, entry))
    if entry.vm is None or entry.who is not None:
        return None
    if entry.kind == BARRED:
        return _newest(number, entries, lambda other: is_counted(other, entry))
    if entry.kind in _OF_VM:
        return None
    was_on = _place(entry.vm, entry.at, inputs)
    left = was_on if entry.kind == "started" else (entry.node, *was_on)
    return _newest(number, entries, lambda other: _explains(other, entry, left))


def _explains(other: Entry, entry: Entry, left: Collection[str | None]) -> bool:
    """`left`: the nodes that the VM has left, or was to leave."""
    if other.kind in _TAKES_VMS:
        return other.node is not None and other.node in left
    if other.kind in _BRINGS_BACK:
        return other.node is not None and other.node == entry.target
    if other.vm != entry.vm:
        return False
    if other.kind == "prefer":
        return entry.target == other.node if entry.target else entry.node != other.node
    if other.kind == BARRED and entry.severity is Severity.BAD:
        return False
    if other.kind in ("ban", BARRED):
        return other.node in left
    return other.kind in _OF_VM or other.severity is Severity.BAD


def _ends(other: Entry, entry: Entry) -> bool:
    """Whether a node was fenced, or went, because it was lost, could not stop a VM, or was
    fenced."""
    before = {LOST, *_STOPS} if entry.kind in (FENCED, FENCING_FAILED) else {*_STOPS, FENCED}
    return other.node == entry.node and other.kind in before | ({LOST} - {entry.kind})


def _leaves_down(other: Entry, entry: Entry) -> bool:
    return other.node == entry.node and other.kind in _ENDED


def is_counted(other: Entry, entry: Entry) -> bool:
    """Whether it is one of the failures for which a VM may not run on a node any more."""
    same = (other.vm, other.node) == (entry.vm, entry.node)
    return same and other.severity is Severity.BAD


def _end_lost(number: int, entries: Sequence[Entry], causes: Sequence[int | None]) -> int | None:
    """What a failed copy failed of: one of its ends was lost meanwhile, and nothing explains that.

    It stands by its beginning, so that its cause comes after it.
    """
    entry = entries[number]
    if entry.severity is not Severity.BAD or not entry.kind.startswith(_COPIES):
        return None
    known = entry.at + (entry.took_s or 0) + _NOTICED_S
    return next(
        (
            other
            for other in range(number + 1, len(entries))
            if entries[other].kind in _ENDED
            and causes[other] is None
            and entries[other].node in (entry.node, entry.target)
            and entries[other].at <= known
        ),
        None,
    )


def _newest(number: int, entries: Sequence[Entry], explains: Callable[[Entry], bool]) -> int | None:
    entry = entries[number]
    for earlier in range(number - 1, -1, -1):
        other = entries[earlier]
        if entry.at - other.at > _LASTS_S:
            return None
        if explains(other):
            return earlier
    return None


def _place(vm: str, at: float, inputs: Sequence[Input]) -> tuple[str, ...]:
    """The nodes on which a VM had run last by the decision before a moment."""
    older = [each for each in inputs if each.at <= at + _SLACK_S]
    for each in reversed(older):
        if each.at <= at - _LASTS_S:
            break
        places = active_on(each, vm)
        if places:
            return places
    return ()
