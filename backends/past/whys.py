"""Why: the decisive decision of the scheduler, what led to it, and what would have saved the guest.

The scheduler of that very cluster is asked, over the input that it recorded: once as it was, for
its reason, and once for each thing that could have been otherwise. Only what it answers is offered.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from backends.data import commands
from backends.data.errors import VmferryError
from backends.data.plan import Action, ActionKind, Command
from backends.data.timeline import Entry, Severity
from backends.data.why import Saving, Why
from backends.pacemaker.cib import VMResource
from backends.past.inputs import Input
from backends.past.record import Moment, Record
from backends.past.story import story

ENDS_GUEST = frozenset({ActionKind.STOP, ActionKind.RECOVER, ActionKind.RESTART, ActionKind.MOVE})
BLOCK = "block"
_SLACK_S = 1.0


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What could have been otherwise, as the commands that would have made it so."""

    what: str
    commands: tuple[Command, ...]


async def why(record: Record, subject: str, inputs: Sequence[Input]) -> Why:
    """Why the gravest thing that happened to a VM or a node in this span has happened.

    Raises nothing of its own: what cannot be asked is told as a doubt.
    """
    chain = chain_of(story(inputs, await record.fencings()), subject)
    if not chain:
        return Why(subject)
    event = chain[-1]
    vm = event.vm or next((each.vm for each in chain if each.vm), None)
    if vm is None:
        return Why(subject, event, chain)
    decisive, action, doubts = await _decisive(record, vm, chain, inputs)
    if decisive is None or action is None:
        return Why(subject, event, chain, doubts=tuple(doubts))
    savings = []
    if action.kind in ENDS_GUEST:
        for what_if in _what_ifs(vm, decisive):
            try:
                planned = await record.foresee(_of(decisive), what_if.commands)
            except VmferryError as error:
                doubts.append(f"{what_if.what}: {error.what}")
                continue
            own = tuple(each for each in planned if each.resource == vm)
            if not any(each.kind in ENDS_GUEST for each in own):
                savings.append(Saving(what_if.what, own))
    return Why(subject, event, chain, decisive.at, action, tuple(savings), tuple(doubts))


def chain_of(entries: Sequence[Entry], subject: str) -> tuple[Entry, ...]:
    """From the first cause to the gravest thing that happened to the subject itself; of several
    the newest counts, and what was brought about before what brought it about."""
    order = list(Severity)
    ways = [way for entry in entries for way in _ways(entry)]
    own = [way for way in ways if subject in (way[-1].vm, way[-1].node)]

    def weight(way: tuple[Entry, ...]) -> tuple[bool, int, float, int]:
        last = way[-1]
        return last.vm == subject, order.index(last.severity), last.at, len(way)

    return max(own, key=weight, default=())


def _ways(entry: Entry) -> Iterator[tuple[Entry, ...]]:
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


def _what_ifs(vm: str, decisive: Input) -> Iterator[WhatIf]:
    """What an operator could have set before, each by itself."""
    resource = next((each for each in decisive.cib.vms if each.id == vm), None)
    if resource is None:
        return
    if resource.migrate_to_on_fail != BLOCK:
        yield WhatIf(f"with on-fail={BLOCK} on its migrate_to", (_blocking(resource),))
    if not resource.maintenance:
        yield WhatIf("with the VM in maintenance", (commands.hands_off(vm),))
    if any(each.vm == vm for each in decisive.cib.constraints):
        left = ", ".join(each.id for each in decisive.cib.constraints if each.vm == vm)
        yield WhatIf(f"without the leftover {left}", (commands.clear(vm),))
    if not resource.allow_migrate:
        yield WhatIf("with allow-migrate=true", (commands.set_meta(vm, "allow-migrate", "true"),))


def _blocking(resource: VMResource) -> Command:
    """On the operation that it has; where it has none of its own, on one that is made for it."""
    own = resource.migrate_to_op_id
    if own is not None:
        return commands.block_on_failure(resource.id, own)
    words = {"id": f"{resource.id}-migrate_to", "name": "migrate_to", "interval": "0s"}
    return commands.set_operation(resource.id, {**words, "on-fail": BLOCK})
