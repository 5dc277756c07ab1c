"""What was done to VMs, out of the operation histories of recorded inputs. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backends.data.picture import NodeState, Operation
from backends.data.timeline import Entry, Severity
from backends.past.inputs import Input

TIMED_OUT = 2
"""`PCMK_EXEC_TIMEOUT`"""
NOT_RUNNING = 7
"""`OCF_NOT_RUNNING`"""
LATELY_S = 900.0
"""So long before the first input may have happened what led to it, and burned with its DC."""

Key = tuple[str, str, str, float | None, int]


def _key(vm: str, operation: Operation) -> Key:
    """By when it began as well: call ids begin anew with a node's Pacemaker."""
    return vm, operation.node, operation.task, operation.at, operation.call_id


def operations(inputs: Sequence[Input]) -> Iterator[tuple[str, Operation]]:
    """Each operation of a VM that ended after the first of these inputs, once.

    Where that knows of a node to be fenced, the failures that it knew already belong to it: the DC
    that had recorded what was before may be the very node.
    """
    known: set[Key] = set()
    for number, each in enumerate(inputs):
        for vm in each.cib.vms:
            for operation in each.cib.history.get(vm.id, ()):
                key = _key(vm.id, operation)
                if operation.pending or key in known:
                    continue
                known.add(key)
                if number or (not operation.succeeded and _is_of_the_loss(operation, each)):
                    yield vm.id, operation


def _is_of_the_loss(operation: Operation, first: Input) -> bool:
    began = operation.at is not None and operation.at >= first.at - LATELY_S
    return began and NodeState.UNCLEAN in first.nodes.values()


def deeds(inputs: Sequence[Input]) -> tuple[Entry, ...]:
    """Starts, stops, migrations and failures, in the order in which they began."""
    done: dict[str, list[Operation]] = {}
    for vm, operation in operations(inputs):
        if operation.at is not None:
            done.setdefault(vm, []).append(operation)
    found = [entry for vm, each in done.items() for entry in _of_vm(vm, each)]
    return tuple(sorted(found, key=lambda entry: entry.at))


def _of_vm(vm: str, done: Iterable[Operation]) -> Iterator[Entry]:
    order = sorted(done, key=lambda operation: (operation.at or 0.0, operation.call_id))
    arrivals = [each for each in order if each.task == "migrate_from"]
    left: set[str] = set()
    for operation in order:
        at = operation.at or 0.0
        if operation.task == "migrate_to" and operation.succeeded:
            came = next(
                (a for a in arrivals if a.node == operation.target and (a.at or 0.0) >= at), None
            )
            if came is not None and came.succeeded:
                left.add(operation.node)
            yield _migrated(vm, operation, came)
        elif operation.task == "stop" and operation.succeeded and operation.node in left:
            left.remove(operation.node)  # the last step of a migration, no stop of the guest
        elif operation.task in ("start", "stop") and operation.succeeded:
            yield _started_or_stopped(vm, operation)
        elif not operation.succeeded and not _finds_nothing(operation):
            yield _failed(vm, operation)


def _finds_nothing(operation: Operation) -> bool:
    """A probe that found what it should: nothing. What runs again and again should find it."""
    probe = operation.task == "monitor" and not operation.interval_ms
    return probe and operation.rc == NOT_RUNNING and operation.status == 0


def _migrated(vm: str, left: Operation, came: Operation | None) -> Entry:
    way = f"{left.node} → {left.target or '?'}"
    at = left.at or 0.0
    if came is None or came.at is None or not came.succeeded:
        return Entry(
            at,
            "migration-open",
            Severity.WARNING,
            f"{vm} was copied {way}, and its arrival is not recorded",
            *(vm, left.node, left.target),
            took_s=left.exec_ms / 1000,
        )
    took_s = came.at + came.exec_ms / 1000 - at
    text = f"{vm} migrated {way} in {took_s:.0f} s"
    return Entry(at, "migrated", Severity.GOOD, text, vm, left.node, left.target, took_s=took_s)


def _started_or_stopped(vm: str, operation: Operation) -> Entry:
    started = operation.task == "start"
    verb = "started" if started else "stopped"
    took_s = operation.exec_ms / 1000
    return Entry(
        operation.at or 0.0,
        verb,
        Severity.NEUTRAL if started else Severity.WARNING,
        f"{vm} was {verb} on {operation.node} in {took_s:.0f} s",
        vm,
        operation.node,
        operation.node if started else None,
        took_s=took_s,
    )


def _failed(vm: str, operation: Operation) -> Entry:
    took_s = operation.exec_ms / 1000
    timed_out = operation.status == TIMED_OUT
    ended = "it did not run" if operation.rc == NOT_RUNNING else f"it ended with {operation.rc}"
    reason = operation.exit_reason or (f"no answer within {took_s:.0f} s" if timed_out else ended)
    words = {
        "migrate_to": f"the migration of {vm} {operation.node} → {operation.target or '?'}",
        "migrate_from": f"the arrival of {vm} on {operation.node}",
        "monitor": f"the monitor of {vm} on {operation.node}",
    }
    what = words.get(operation.task, f"the {operation.task} of {vm} on {operation.node}")
    return Entry(
        operation.at or 0.0,
        f"{operation.task}-{'timed-out' if timed_out else 'failed'}",
        Severity.BAD,
        f"{what} {'timed out' if timed_out else 'failed'}: {reason}",
        vm,
        operation.node,
        operation.target,
        took_s=took_s,
        reason=reason,
    )
