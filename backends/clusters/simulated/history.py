"""The operation history and the failures, written as Pacemaker writes them into the CIB."""

from __future__ import annotations

from backends.clusters.simulated.state import PENDING_RC, Guest, State
from backends.data.picture import Failure, Operation

MONITOR = "monitor"
NOT_RUNNING = 7
"""`OCF_NOT_RUNNING`, the good answer of a probe where the VM is not."""
_OF_ITS_OWN = frozenset({"migrate_to", "migrate_from"})


def began(
    state: State, guest: Guest, node: str, task: str, way: tuple[str | None, str | None]
) -> None:
    """An operation started: an entry without a result, and without a call id yet."""
    source, target = way if task in _OF_ITS_OWN else (None, None)
    operation = Operation(node, task, -1, PENDING_RC, -1, state.now, source=source, target=target)
    _keep(guest, _slot(task), operation)
    state.touch(guest)
    state.happened()


def ended(
    state: State, guest: Guest, node: str, task: str, rc: int = 0, status: int = 0, why: str = ""
) -> None:
    """The running operation got its result."""
    entry = guest.history.get((node, _slot(task)))
    host = state.hosts[node]
    host.call_id += 1
    began_at = entry.at if entry is not None and entry.pending else None
    since = state.now if began_at is None else began_at
    operation = Operation(
        node,
        task,
        host.call_id,
        rc,
        status,
        since,
        exec_ms=round(1000 * (state.now - since)),
        exit_reason=why,
        source=entry.source if entry else None,
        target=entry.target if entry else None,
    )
    _keep(guest, _slot(task), operation)
    if rc not in (0, NOT_RUNNING):
        state.failures.append(Failure(guest.id, node, task, rc, why, state.now))
    state.touch(guest)
    state.happened()


def monitored(state: State, guest: Guest, node: str) -> None:
    """The recurring monitor found it running."""
    host = state.hosts[node]
    host.call_id += 1
    _keep(guest, MONITOR, Operation(node, MONITOR, host.call_id, 0, 0, state.now, exec_ms=90))


def let_go(guest: Guest, node: str) -> None:
    """The recurring monitor is cancelled where the VM is stopped or leaves."""
    guest.history.pop((node, MONITOR), None)


def forgotten(state: State, guest: Guest, node: str | None = None) -> None:
    """A cleanup, or a lost node: its history and its failures are gone."""
    for key in [key for key in guest.history if node in (None, key[0])]:
        del guest.history[key]
    state.failures = [
        failure
        for failure in state.failures
        if failure.resource != guest.id or node not in (None, failure.node)
    ]
    state.touch(guest)
    state.happened()


def _keep(guest: Guest, slot: str, operation: Operation) -> None:
    """Put it last: the order is that of the call ids, and what runs has none yet."""
    guest.history.pop((operation.node, slot), None)
    guest.history[operation.node, slot] = operation


def _slot(task: str) -> str:
    return task if task in _OF_ITS_OWN else "last"
