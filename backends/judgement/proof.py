"""Where a move stands, proven from the operation history and not from what was hoped. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum

from backends.data.picture import VM, Cluster, ConstraintKind, Operation, Phase, VMState

Call = tuple[str, str, int, float | None]


class Standing(StrEnum):
    UNDERWAY = "under way"
    MOVED = "moved live"
    REBOOTED = "restarted"
    UNPROVEN = "on the target, without a history that proves how"
    FAILED = "failed"
    BLOCKED = "failed and blocked"
    CALLED_OFF = "called off"
    DISTURBED = "somebody else changed its constraint while it was copied"
    FORGOTTEN = "Pacemaker lost sight of the copy while it went on"
    ENDANGERED = "the cluster changed while it was copied, so that it would have been restarted"
    """By what Pacemaker would do next: it would not let the migration arrive."""


def call(operation: Operation) -> Call:
    """What tells one entry of the history from every other, without trusting any clock."""
    return (operation.node, operation.task, operation.call_id, operation.at)


def calls(vm: VM) -> tuple[Call, ...]:
    return tuple(map(call, vm.history))


def newest(vm: VM, node: str) -> Operation | None:
    """The last thing that was done with the VM on a node, looking aside."""
    done = [op for op in vm.history if op.node == node and op.task != "monitor"]
    return done[-1] if done else None


def was_there(vm: VM, node: str) -> bool:
    """Whether the history tells of an earlier stay on a node where it is not now."""
    return node not in vm.nodes and newest(vm, node) is not None


def is_probed(vm: VM, node: str) -> bool:
    """Whether all that is known of the VM there is that it was looked for."""
    known = [op for op in vm.history if op.node == node]
    return bool(known) and not any(op.pending or op.task != "monitor" for op in known)


def endangered(picture: Cluster, vm: str) -> tuple[str, ...]:
    """The other VMs in flight whose guest Pacemaker may restart when anything is written now.

    They go to a node where they had been before; see `commands.forget_stay`.
    """
    others = [(picture.vm(m.vm), m) for m in picture.migrations if m.vm != vm]
    return tuple(
        other.id
        for other, migration in others
        if other is not None
        and migration.target is not None
        and migration.phase in (Phase.REQUESTED, Phase.WAITING, Phase.COPYING)
        and was_there(other, migration.target)
    )


def source_of(vm: VM) -> str | None:
    """The node of the newest failed migrate_to: there the guest still runs."""
    for node in vm.nodes:
        last = newest(vm, node)
        if last is not None and last.task == "migrate_to" and not last.pending:
            return None if last.succeeded else node
    return None


def only_on(vm: VM) -> str | None:
    """The one node, of several on which Pacemaker holds it for active, that ever had it.

    After a failed migrate_to it holds the target for one of them until a stop is recorded there.
    `None` where it has one node, and where none or more than one may have it.
    """
    had = [node for node in vm.nodes if _came_to(vm, node)]
    return had[0] if len(had) == 1 < len(vm.nodes) else None


def places(vm: VM) -> tuple[str, ...]:
    """The nodes on which it may run, of those on which Pacemaker holds it for active."""
    home = (source_of(vm) or only_on(vm)) if len(vm.nodes) > 1 else None
    return (home,) if home is not None else vm.nodes


def in_words_where(vm: VM) -> str:
    """Where it may run, and where it never came to though Pacemaker thinks so."""
    known = places(vm)
    rest = " and ".join(node for node in vm.nodes if node not in known)
    where = " and ".join(known) or vm.node or "no node"
    return f"{where} (Pacemaker counts on {rest} too, where it never arrived)" if rest else where


_NOT_THERE = (5, 7)
"""Exit codes of a monitor: what it needs is not installed, it does not run."""


def _came_to(vm: VM, node: str) -> bool:
    """Or may have come: a copy to it goes on, or is through."""
    arriving = (op for op in vm.history if op.task == "migrate_to" and op.target == node)
    if any(op.pending or op.succeeded for op in arriving):
        return True
    since: list[Operation] = []
    for operation in vm.history:
        if operation.node == node:
            stopped = operation.task == "stop" and operation.succeeded
            since = [] if stopped else [*since, operation]
    return any(
        op.rc not in _NOT_THERE
        if op.task == "monitor"
        else op.task in ("start", "migrate_to", "migrate_from")
        for op in since
    )


def was_started(before: Collection[Call], vm: VM) -> bool:
    """Whether the VM was started since its history was `before`."""
    known = set(before)
    return any(op.task == "start" and op.succeeded and call(op) not in known for op in vm.history)


def is_wanted(vm: VM, node: str) -> bool:
    """Whether a move's constraint asks for the VM to be there."""
    return any(c.kind is ConstraintKind.PREFER and c.node == node for c in vm.constraints)


def called_off(vm: VM, target: str) -> bool:
    """Whether nothing asks any more that the VM leave the node on which it rests."""
    at_rest = vm.state in (VMState.RUNNING, VMState.PAUSED) and not vm.maintenance
    elsewhere = len(vm.nodes) == 1 and vm.node != target
    return (
        elsewhere
        and at_rest
        and not is_wanted(vm, target)
        and not any(op.pending for op in vm.history)
    )


def standing(before: Collection[Call], vm: VM, target: str, *, in_flight: bool) -> Standing:
    """Where the move of `vm` to `target` stands.

    `before` is its history when the move was asked for; `in_flight` says that the cluster still
    migrates it.
    """
    if vm.state is VMState.BLOCKED:
        # In maintenance somebody is at it: an abort ends so, where a failure blocks.
        return Standing.UNDERWAY if vm.maintenance else Standing.BLOCKED
    known = set(before)
    new = [op for op in vm.history if call(op) not in known and op.task != "monitor"]
    running = vm.state in (VMState.RUNNING, VMState.PAUSED) and len(vm.nodes) == 1
    if in_flight or not running or any(op.pending for op in new):
        return Standing.UNDERWAY
    succeeded = {(op.task, op.node) for op in new if op.succeeded}
    if ("start", vm.node) in succeeded:
        return Standing.REBOOTED
    if vm.node == target:
        if ("migrate_from", target) not in succeeded:
            return Standing.UNPROVEN
        left = {task for task, node in succeeded if node != target}
        # A source that was fenced meanwhile has no history: there nothing is left to stop.
        return Standing.MOVED if "stop" in left or "migrate_to" not in left else Standing.UNDERWAY
    failed = any(op.task in ("migrate_to", "migrate_from") and not op.succeeded for op in new)
    return Standing.FAILED if failed else Standing.UNDERWAY
