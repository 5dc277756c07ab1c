"""Why: the decisive decision of the scheduler, what led to it, and what would have saved the guest.

The scheduler of that very cluster is asked, over the input that it recorded: once as it was, for
its reason, and once for each thing that could have been otherwise. Only what it answers is offered.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from backends.data.errors import VmferryError
from backends.data.plan import Action
from backends.data.timeline import Entry, Severity
from backends.data.why import Saving, Why
from backends.past.causes import VM_DOWN
from backends.past.inputs import Input
from backends.past.leftovers import left_before
from backends.past.record import Moment, Record
from backends.past.story import story
from backends.past.what_ifs import (
    ENDS_GUEST,
    TIMED_OUT,
    Case,
    WhatIf,
    slowest_copy_s,
    what_ifs,
)

_SLACK_S = 1.0
Way = tuple[Entry, ...]
"""From a first cause to one of the things that it brought about."""

_SAME_S = 120.0
"""What was seen to happen is recorded within this."""


@dataclass(frozen=True, slots=True)
class Meant:
    """One thing that happened: an entry, or what was seen of it while it happened."""

    at: float
    kind: str

    def is_exactly(self, entry: Entry) -> bool:
        return (entry.at, entry.kind) == (self.at, self.kind)


async def why(
    record: Record, subject: str, inputs: Sequence[Input], meant: Meant | None = None
) -> Why:
    """Why the gravest thing that happened to a VM or a node in this span has happened, or the one
    that is `meant`.

    Raises nothing of its own: what cannot be asked is told as a doubt.
    """
    entries = story(inputs, await record.fencings())
    chain = chain_of(entries, subject, meant)
    if not chain:
        return Why(subject)
    event = chain[-1]
    vm = event.vm or next((each.vm for each in chain if each.vm), None)
    if vm is None:
        return Why(subject, event, chain)
    decisive, action, doubts = await _decisive(record, vm, chain, inputs)
    if decisive is None or action is None:
        return Why(subject, event, chain, doubts=tuple(doubts))
    case = Case(vm, decisive, action)
    savings: list[Saving] = []
    if case.is_harmed:
        slowest_s = slowest_copy_s(vm, inputs)
        doubts += _unproven(chain, slowest_s)
        for what_if in what_ifs(case, chain, slowest_s):
            try:
                own = await _planned(record, case, what_if)
            except VmferryError as error:
                doubts.append(f"{what_if.what}: {error.what}")
                continue
            if case.saved_by(own):
                savings.append(Saving(what_if.what, own))
                elder, unknown = await left_before(record, what_if.without, inputs, entries)
                chain, doubts = (*elder, *chain), [*doubts, *unknown]
    return Why(subject, event, chain, decisive.at, action, tuple(savings), tuple(doubts))


async def _planned(record: Record, case: Case, what_if: WhatIf) -> tuple[Action, ...]:
    """What the scheduler would have done with the VM."""
    in_time = case.vm if what_if.in_time else None
    planned = await record.foresee(_of(case.decisive), what_if.commands, in_time)
    return tuple(each for each in planned if each.resource == case.vm)


def _unproven(chain: Sequence[Entry], slowest_s: float | None) -> Iterator[str]:
    for each in chain:
        if each.kind == TIMED_OUT and (slowest_s is None or slowest_s < (each.took_s or 0)):
            yield (
                "whether a longer timeout would have helped: no copy of it that took as long "
                "and arrived is recorded"
            )


def chain_of(entries: Sequence[Entry], subject: str, meant: Meant | None = None) -> Way:
    """From the first cause to the gravest thing that happened to the subject itself; of several
    the newest counts, and what was brought about before what brought it about."""
    ways = [way for entry in entries for way in _ways(entry)]
    own = [way for way in ways if subject in (way[-1].vm, way[-1].node)]
    way = _gravest(own, subject) if meant is None else _nearest(ways, own, subject, meant)
    return (*_conditions(way[-1], entries), *way) if way else ()


def _gravest(own: Iterable[Way], subject: str) -> Way:
    order = list(Severity)

    def weight(way: Way) -> tuple[bool, int, float, int]:
        last = way[-1]
        return last.vm == subject, order.index(last.severity), last.at, len(way)

    return max(own, key=weight, default=())


def _nearest(ways: Iterable[Way], own: Iterable[Way], subject: str, meant: Meant) -> Way:
    """The very entry; where it was only seen, what is recorded of its subject about then: of a
    node rather what happened to it than what a VM did there, since a picture may come late."""
    exact = [way for way in ways if meant.is_exactly(way[-1])]
    same = [way for way in own if meant.is_exactly(way[-1])] or exact
    if same:
        return max(same, key=len)

    def distance(way: Way) -> tuple[bool, float]:
        last = way[-1]
        return (last.vm or last.node) != subject, abs(last.at - meant.at)

    near = [way for way in own if abs(way[-1].at - meant.at) <= _SAME_S]
    return min(near, key=distance, default=())


def _conditions(event: Entry, entries: Sequence[Entry]) -> Iterator[Entry]:
    """What had been so before, without which it would not have happened: the bans that were left
    behind, for a VM that found no other node when its own was lost."""
    if event.kind != VM_DOWN:
        return
    left: dict[str | None, Entry] = {}
    for each in entries:
        if each.vm == event.vm and each.at <= event.at:
            if each.kind == "ban":
                left[each.node] = each
            elif each.kind == "cleared":
                left.pop(each.node, None)
    yield from left.values()


def _ways(entry: Entry) -> Iterator[Way]:
    yield (entry,)
    for effect in entry.effects:
        for way in _ways(effect):
            yield (entry, *way)


async def _decisive(
    record: Record, vm: str, chain: Sequence[Entry], inputs: Sequence[Input]
) -> tuple[Input | None, Action | None, list[str]]:
    """The decision that did the most to the VM, from the first cause on until the event and what
    it brought about; the scheduler is asked anew what it decided."""
    last = max(each.at for each in chain[-1].all())
    began = chain[0].at - _SLACK_S
    candidates = [i for i in inputs if i.file is not None and began <= i.at <= last + _SLACK_S]
    before = [i for i in inputs if i.file is not None and i.at < began]
    doubts: list[str] = []
    mildest: tuple[Input | None, Action | None] = (None, None)
    for each in [*before[-1:], *candidates]:
        try:
            actions = await record.foresee(_of(each), ())
        except VmferryError as error:
            doubts.append(f"{each.name}: {error.what}")
            continue
        own = [action for action in actions if action.resource == vm]
        grave = next((action for action in own if action.kind in ENDS_GUEST), None)
        if grave is not None:
            return each, grave, doubts
        if own and mildest[0] is None:
            mildest = each, own[0]
    return *mildest, doubts


def _of(decision: Input) -> Moment:
    return Moment(decision.at, decision, decision.text)
