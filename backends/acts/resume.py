"""What an earlier run left open: found in the journal, told, and finished."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Iterator, Mapping, Sequence
from contextlib import aclosing

from backends.acts import cures, evacuation, homecoming
from backends.acts.journal import Act, Intent, Journal, Note
from backends.acts.migration import finish_clear, finish_move
from backends.acts.next_stop import is_due, waits
from backends.acts.safe_order import Way, finish_rescue, rests
from backends.acts.transaction import Report, Stage, vm_in
from backends.clusters.base import Backend
from backends.judgement.proof import Call, calls
from backends.judgement.remedies import in_short

_OF_NODES = frozenset({evacuation.KIND, homecoming.KIND})
_SENT_LATER = _OF_NODES | {cures.KIND}
"""Acts that go on although nothing was sent: they see for themselves what is still to do."""
_FINISH: Mapping[str, Callable[[Backend, Act], AsyncGenerator[Report]]] = {
    evacuation.KIND: evacuation.finish_evacuation,
    homecoming.KIND: homecoming.finish_bring_back,
    cures.KIND: cures.finish_cure,
    "move": finish_move,
    "clear": finish_clear,
}
"""All others are rescues."""


def left_open(backend: Backend, journal: Journal) -> Iterator[Act]:
    """The acts on this cluster that nobody carries out any more; those on others are let go.

    So are those that wait for a stop, as long as their VM is not stopped: `next_stop.waiting`.
    Rescues come first: a move cannot end while its VM is in maintenance. Those of whole nodes come
    last: the moves of an evacuation are acts of their own.
    """
    for act in sorted(journal.abandoned(), key=_rank):
        intent, picture = act.intent, backend.picture
        if intent.cluster == picture.name and (not waits(intent) or is_due(picture, intent)):
            yield act
        else:
            act.leave()


def _rank(act: Act) -> int:
    kind = act.intent.kind
    return 2 if kind in _OF_NODES else int(kind == "move")


def in_words(intent: Intent) -> str:
    """What was begun."""
    match intent.kind:
        case "move":
            return f"moving {intent.vm} from {intent.source} to {intent.target}"
        case "clear":
            return f"removing the constraints of {intent.vm}"
        case cures.KIND:
            when = f" {intent.way}" if waits(intent) else ""
            return f"curing {intent.vm}{when} ({in_short(intent.commands)})"
        case evacuation.KIND:
            return f"evacuating {intent.source}"
        case homecoming.KIND:
            return f"ending the standby of {intent.source}"
        case Way.ABORT:
            return f"aborting the migration of {intent.vm} to {intent.target}"
        case Way.GUARD:
            return f"guarding the migration of {intent.vm} to {intent.target}"
        case _:
            return f"recovering {intent.vm} on {intent.source}"


async def resume(backend: Backend, act: Act) -> AsyncGenerator[Report]:
    """Bring one of them to its end, and let go of it. Raises what the act itself raises."""
    kind, vm = act.intent.kind, act.intent.vm
    try:
        if kind not in _OF_NODES and backend.picture.vm(vm) is None:
            act.close("the VM is gone")
            yield Report(vm, Stage.DONE, f"{vm} is no longer in the configuration")
        elif kind not in _SENT_LATER and _nothing_happened(backend, act):
            act.close("nothing was sent")
            yield Report(vm, Stage.DONE, f"{vm}: nothing had been sent, nothing is left")
        elif kind in tuple(Way) and _is_over(backend, vm):
            act.close("nothing left to do")
            place = vm_in(backend.picture, vm).node
            yield Report(vm, Stage.DONE, f"{vm} is on {place}, and nothing is left to do")
        else:
            finish = _FINISH.get(kind, finish_rescue)
            async with aclosing(finish(backend, act)) as reports:
                async for report in reports:
                    yield report
    finally:
        act.leave()


def _is_over(backend: Backend, vm: str) -> bool:
    """Whether a VM that was to be saved rests in Pacemaker's hands, whoever brought that about.

    A constraint is of whoever moved it: who did will remove it.
    """
    known = vm_in(backend.picture, vm)
    return not known.maintenance and rests(known) and backend.picture.migration(vm) is None


def _nothing_happened(backend: Backend, act: Act) -> bool:
    """Whether the first command never reached the cluster, or has left no trace there."""
    vm = vm_in(backend.picture, act.intent.vm)
    sent = [entry for entry in act.entries if isinstance(entry, Note) and entry.command]
    if all(note.stage == Stage.PREPARING for note in sent):
        return True
    untouched = not vm.constraints and vm.own_maintenance == act.intent.maintenance
    return untouched and _aside(calls(vm), act) == _aside(act.intent.calls, act)


def _aside(history: Sequence[Call], act: Act) -> tuple[Call, ...]:
    """Without the target, where an earlier stay may be forgotten before a move is sent: whatever
    came of the move has left its trace on the source as well."""
    return tuple(entry for entry in history if entry[0] != act.intent.target)
