"""The timeline of a span: what changed and was done, each under what brought it about. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import pairwise

from backends.data.picture import NodeState
from backends.data.timeline import Entry, Severity
from backends.past.causes import BARRED, FENCED, LOST, grouped, is_counted
from backends.past.deeds import LATELY_S, deeds
from backends.past.differences import differences
from backends.past.inputs import Input
from backends.past.partitions import GONE, of_the_cluster, went_on_alone
from backends.past.places import downs


def story(inputs: Sequence[Input], fencings: Sequence[Entry] = ()) -> tuple[Entry, ...]:
    """The entries between the first and the last of these inputs, in the order of time.

    `fencings`: what the fencer remembers; where it does, nothing is concluded from the inputs.
    """
    everybodys, inputs = inputs, of_the_cluster(inputs)
    if not inputs:
        return ()
    decided = [each.at for each in inputs]
    changed = [*_found(inputs[0])]
    changed += [entry for pair in pairwise(inputs) for entry in differences(*pair)]
    ended = [
        replace(entry, at=_not_before(entry, _decided_for(entry, changed, decided)))
        for entry in fencings
    ]
    told = [each for each in ended if _begins(each, inputs[0]) <= each.at <= inputs[-1].at]
    known = {entry.node for entry in told if entry.kind == FENCED}
    freed = [*decided, *(entry.at for entry in told if entry.kind == FENCED)]
    done = [
        replace(entry, at=_not_before(entry, freed if entry.kind == "started" else decided))
        for entry in deeds(inputs)
    ]
    entries = [
        _told_apart(each, everybodys)
        for each in changed
        if each.kind != FENCED or each.node not in known
    ]
    entries += [*told, *done]
    entries += [_after_its_node(down, entries) for down in downs(inputs)]
    return grouped(_counted_first(sorted(entries, key=lambda entry: entry.at)), inputs)


def _counted_first(entries: list[Entry]) -> list[Entry]:
    """The decision that knows of a failure counts it: in one moment, the count comes after."""
    for barred in [entry for entry in entries if entry.kind == BARRED]:
        at = entries.index(barred)
        for number in range(len(entries) - 1, at, -1):
            if entries[number].at == barred.at and is_counted(entries[number], barred):
                entries.insert(number, entries.pop(at))
                break
    return entries


def _found(first: Input) -> Iterator[Entry]:
    """What was under way already: the DC that knew how it began may have been lost itself."""
    for name, state in first.nodes.items():
        if state is NodeState.UNCLEAN:
            text = f"{name} was lost by then: it must be fenced before its VMs start elsewhere"
            yield Entry(first.at, LOST, Severity.BAD, text, node=name)


def _told_apart(entry: Entry, inputs: Sequence[Input]) -> Entry:
    """A node that was cut off from one that died: to the others both are lost."""
    if entry.kind != LOST or not went_on_alone(entry.node or "", entry.at, inputs):
        return entry
    reason = "it went on alone, without quorum"
    return replace(entry, text=f"{entry.text}; it was cut off: {reason}", reason=reason)


def _begins(fencing: Entry, first: Input) -> float:
    """From when on it belongs to a story: of a node that is gone in the first input, before it."""
    gone = first.nodes.get(fencing.node or "") in GONE
    return first.at - LATELY_S if gone else first.at


def _after_its_node(down: Entry, entries: Iterable[Entry]) -> Entry:
    """A VM is down for good when its node has been fenced, or could not be."""
    ends = [each.at for each in entries if each.node == down.node and each.vm is None]
    return replace(down, at=max([down.at, *ends]))


def _decided_for(fencing: Entry, changed: Iterable[Entry], decided: Iterable[float]) -> list[float]:
    """When a fencing may have been decided: that of 3.0 has fractions, and follows its own node's
    loss alone, which may have been written down after it."""
    if fencing.at % 1 == 0:
        return list(decided)
    return [each.at for each in changed if each.kind == LOST and each.node == fencing.node]


def _not_before(entry: Entry, moments: Iterable[float]) -> float:
    """What was done follows its decision, and a start the fencing that it waited for, within the
    second that histories have cut off.

    Of several in that second the last: each one before it had been overtaken.
    """
    return max((at for at in moments if entry.at < at < entry.at + 1), default=entry.at)


def worst_first(entries: Iterable[Entry]) -> list[Entry]:
    """For a digest: the gravest first, then the newest."""
    order = list(Severity)
    return sorted(entries, key=lambda entry: (-order.index(entry.worst), -entry.at))
