"""What happened between two pictures, as events. Pure: the strip, `watch` and notices share it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from backends.data.picture import VM, Cluster, Migration, Node, NodeState, VMState
from backends.data.timeline import Severity


@dataclass(frozen=True, slots=True)
class Event:
    """`kind` is stable, for scripts; `text` is for people. `at` is epoch seconds."""

    at: float
    kind: str
    severity: Severity
    text: str
    vm: str | None = None
    node: str | None = None


_NODE_SEVERITY = {
    NodeState.ONLINE: Severity.GOOD,
    NodeState.UNCLEAN: Severity.BAD,
    NodeState.OFFLINE: Severity.BAD,
}
_NODE_WORDS = {
    NodeState.STANDBY: "is in standby",
    NodeState.MAINTENANCE: "is in maintenance",
    NodeState.PENDING: "is joining the cluster",
}
_VM_SEVERITY = {
    VMState.RUNNING: Severity.GOOD,
    VMState.FAILED: Severity.BAD,
    VMState.BLOCKED: Severity.BAD,
    VMState.PAUSED: Severity.WARNING,
    VMState.STOPPED: Severity.WARNING,
    VMState.UNKNOWN: Severity.WARNING,
}


def changes(before: Cluster, after: Cluster) -> tuple[Event, ...]:
    """The events between two pictures of one cluster, in the order in which they matter."""
    if before == after:
        return ()
    return tuple(
        Event(after.taken_at, kind, severity, text, vm, node)
        for kind, severity, text, vm, node in _changes(before, after)
    )


_Change = tuple[str, Severity, str, str | None, str | None]


def _changes(before: Cluster, after: Cluster) -> Iterator[_Change]:
    yield from _of_cluster(before, after)
    nodes = {node.name: node for node in before.nodes}
    for node in after.nodes:
        yield from _of_node(nodes.pop(node.name, None), node)
    for name in nodes:
        yield "node-removed", Severity.WARNING, f"{name} left the configuration", None, name
    vms = {vm.id: vm for vm in before.vms}
    migrations = {m.vm: m for m in before.migrations}
    moving = {m.vm: m for m in after.migrations}
    for vm in after.vms:
        known = vms.pop(vm.id, None)
        yield from _of_migration(migrations.get(vm.id), moving.get(vm.id), vm)
        if known is not vm:
            yield from _of_vm(known, vm, migrations.get(vm.id))
    for name in vms:
        yield "vm-removed", Severity.WARNING, f"{name} left the configuration", name, None
    remembered = set(before.failures)
    for failure in after.failures:
        if failure not in remembered:
            reason = f": {failure.reason}" if failure.reason else ""
            text = f"{failure.task} of {failure.resource} failed on {failure.node}{reason}"
            yield "failure", Severity.BAD, text, failure.resource, failure.node
    seen = set(before.fencing)
    for fencing in after.fencing:
        if fencing not in seen:
            severity = Severity.WARNING if fencing.status == "success" else Severity.BAD
            text = f"fencing of {fencing.node} ({fencing.action}): {fencing.status}"
            yield "fencing", severity, text, None, fencing.node


def _of_cluster(before: Cluster, after: Cluster) -> Iterator[_Change]:
    if before.quorum != after.quorum and after.quorum is not None:
        severity = Severity.GOOD if after.quorum else Severity.BAD
        text = "the cluster has quorum" if after.quorum else "the cluster lost quorum"
        yield "quorum", severity, text, None, None
    if before.dc != after.dc and after.dc is not None:
        yield "dc", Severity.NEUTRAL, f"{after.dc} is the DC", None, after.dc
    if before.voice != after.voice and before.voice and after.voice:
        text = f"asking {after.voice} now, no longer {before.voice}"
        yield "voice", Severity.WARNING, text, None, after.voice
    if before.maintenance != after.maintenance and after.maintenance is not None:
        word = "is in" if after.maintenance else "left"
        yield "maintenance", Severity.WARNING, f"the cluster {word} maintenance", None, None
    old = {(stale.source, stale.node) for stale in before.stale}
    new = {(stale.source, stale.node) for stale in after.stale}
    for stale in after.stale:
        if (stale.source, stale.node) not in old:
            where = f" on {stale.node}" if stale.node else ""
            text = f"{stale.source}{where} does not answer: {stale.reason}"
            yield "stale", Severity.WARNING, text, None, stale.node
    for source, name in sorted(old - new, key=str):
        where = f" on {name}" if name else ""
        yield "fresh", Severity.GOOD, f"{source}{where} answers again", None, name


def _of_node(before: Node | None, after: Node) -> Iterator[_Change]:
    if before is None:
        yield "node-added", Severity.NEUTRAL, f"{after.name} was added", None, after.name
        return
    if before.state is not after.state:
        severity = _NODE_SEVERITY.get(after.state, Severity.WARNING)
        words = _NODE_WORDS.get(after.state, f"is {after.state.value}")
        yield "node", severity, f"{after.name} {words}", None, after.name


def _of_migration(before: Migration | None, after: Migration | None, vm: VM) -> Iterator[_Change]:
    if after is not None and before is None:
        way = f"{after.source} → {after.target or '?'}"
        yield "migration-started", Severity.NEUTRAL, f"{vm.id} migrates {way}", vm.id, after.target
    elif after is not None and before is not None and after.phase is not before.phase:
        text = f"{vm.id}: {after.phase.value}"
        yield "migration-phase", Severity.NEUTRAL, text, vm.id, after.target
    elif before is not None and after is None:
        if vm.node == before.target and vm.state in (VMState.RUNNING, VMState.PAUSED):
            text = f"{vm.id} is on {vm.node}"
            yield "migration-done", Severity.GOOD, text, vm.id, vm.node
        elif vm.node is None and vm.state is VMState.UNKNOWN:
            text = f"the migration of {vm.id} ended, and where it runs is not known yet"
            yield "migration-ended", Severity.WARNING, text, vm.id, before.target
        else:
            text = f"the migration of {vm.id} ended without reaching {before.target or 'a target'}"
            yield "migration-failed", Severity.BAD, text, vm.id, before.target


def _of_vm(before: VM | None, after: VM, migrated: Migration | None) -> Iterator[_Change]:
    if before is None:
        yield "vm-added", Severity.NEUTRAL, f"{after.id} was added", after.id, after.node
        return
    settled = after.state is VMState.RUNNING and before.state is VMState.MIGRATING
    if before.state is not after.state and after.state is not VMState.MIGRATING and not settled:
        severity = _VM_SEVERITY.get(after.state, Severity.NEUTRAL)
        yield "vm", severity, _standing(after), after.id, after.node
    elif before.node != after.node and after.node and before.node and migrated is None:
        text = f"{after.id} went from {before.node} to {after.node}"
        yield "vm-moved", Severity.WARNING, text, after.id, after.node
    gone = {constraint.id for constraint in before.constraints}
    for constraint in after.constraints:
        if constraint.id not in gone:
            text = f"constraint {constraint.id} was set"
            yield "constraint", Severity.NEUTRAL, text, after.id, constraint.node
    left = {constraint.id for constraint in after.constraints}
    for constraint in before.constraints:
        if constraint.id not in left:
            text = f"constraint {constraint.id} was removed"
            yield "constraint-removed", Severity.NEUTRAL, text, after.id, constraint.node


def _standing(vm: VM) -> str:
    """The guest of a VM that Pacemaker calls failed or blocked may well run."""
    where = f" on {vm.node}" if vm.node else ""
    if vm.state is VMState.UNKNOWN:
        return f"{'whether' if where else 'where'} {vm.id} runs{where} is not known"
    if vm.state in (VMState.FAILED, VMState.BLOCKED):
        return f"Pacemaker reports {vm.id} as {vm.state.value}{where}"
    return f"{vm.id} is {vm.state.value}{where}"
