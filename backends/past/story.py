"""The timeline of a span: what changed and was done, each under what brought it about. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from backends.data.timeline import Entry, Severity
from backends.past.deeds import deeds
from backends.past.differences import differences
from backends.past.inputs import Input

FENCED = "node-fenced"
_ENDED = frozenset({FENCED, "fencing-failed", "node-left"})
"""How the loss of a node goes on."""
CAUSES_NODE = frozenset({"node-lost", "node-left", FENCED, "standby"})
"""What takes the VMs away from a node."""
BRINGS_BACK = frozenset({"node-back", "standby-over"})
"""What lets VMs come to a node again."""
CAUSES_VM = frozenset({"prefer", "ban", "cleared", "target-role", "configuration"})
"""What moves, stops or starts the VM that it names."""
_LASTS_S = 900.0
"""So long after a cause something of its own may come: a node's VMs stop one after the other."""
_SLACK_S = 1.5
"""Histories have whole seconds."""


def story(inputs: Sequence[Input], fencings: Sequence[Entry] = ()) -> tuple[Entry, ...]:
    """The entries between the first and the last of these inputs, in the order of time.

    `fencings`: what the fencer remembers; where it does, nothing is concluded from the inputs.
    """
    if not inputs:
        return ()
    told = [each for each in fencings if inputs[0].at <= each.at <= inputs[-1].at]
    known = {entry.node for entry in told if entry.kind == FENCED}
    changed = [
        entry
        for pair in pairwise(inputs)
        for entry in differences(*pair)
        if entry.kind != FENCED or entry.node not in known
    ]
    done = [replace(entry, at=_not_before(entry, inputs)) for entry in deeds(inputs)]
    entries = sorted((*changed, *told, *done), key=lambda entry: entry.at)
    return _grouped(entries, inputs)


def _not_before(entry: Entry, inputs: Sequence[Input]) -> float:
    """An operation follows its decision, within the second that its history has cut off.

    Of several decisions in that second the last: each one before it had been overtaken.
    """
    return max((each.at for each in inputs if entry.at < each.at < entry.at + 1), default=entry.at)


def _grouped(entries: Sequence[Entry], inputs: Sequence[Input]) -> tuple[Entry, ...]:
    effects: dict[int, list[int]] = {}
    alone: list[int] = []
    for number in range(len(entries)):
        cause = _cause(number, entries, inputs)
        (alone if cause is None else effects.setdefault(cause, [])).append(number)

    def whole(number: int) -> Entry:
        return replace(entries[number], effects=tuple(map(whole, effects.get(number, ()))))

    return tuple(map(whole, alone))


def _cause(number: int, entries: Sequence[Entry], inputs: Sequence[Input]) -> int | None:
    """The newest entry before this one that explains it."""
    entry = entries[number]
    if entry.kind in _ENDED:
        return _newest(number, entries, lambda other: _ends(other, entry))
    if entry.vm is None or entry.kind in CAUSES_VM or entry.who is not None:
        return None
    was_on = _place(entry.vm, entry.at, inputs)

    def explains(other: Entry) -> bool:
        if other.kind in CAUSES_NODE:
            return other.node in (entry.node, *was_on) and other.node is not None
        if other.kind in BRINGS_BACK:
            return other.node is not None and other.node == entry.target
        if other.vm != entry.vm:
            return False
        return other.kind in CAUSES_VM or other.worst is Severity.BAD

    return _newest(number, entries, explains)


def _ends(other: Entry, entry: Entry) -> bool:
    """Whether a node was fenced, or went, because it was lost, could not stop a VM, or was
    fenced."""
    before = ("node-lost", "stop-failed", "stop-timed-out", *([FENCED] * (entry.kind != FENCED)))
    return other.node == entry.node and other.kind in before


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


def active_on(each: Input, vm: str) -> tuple[str, ...]:
    """The nodes where the last that was done with a VM leaves it running."""
    newest: dict[str, bool] = {}
    for operation in each.cib.history.get(vm, ()):
        if operation.pending:
            continue
        if operation.task in ("start", "migrate_from", "monitor"):
            newest[operation.node] = operation.rc == 0
        elif operation.task in ("stop", "migrate_to") and operation.succeeded:
            newest[operation.node] = False
    return tuple(node for node, runs in newest.items() if runs)


def worst_first(entries: Iterable[Entry]) -> list[Entry]:
    """For a digest: the gravest first, then the newest."""
    order = list(Severity)
    return sorted(entries, key=lambda entry: (-order.index(entry.worst), -entry.at))
