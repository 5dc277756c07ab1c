"""The picture and the plan as JSON: schema 1, a contract. `null` means "not known", never zero.

Units are in the names, moments are epoch seconds, `vm` and `node` are the cluster's own names.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable

from backends.data.picture import (
    VM,
    Cluster,
    Constraint,
    Failure,
    Fencing,
    Migration,
    Node,
    Stale,
    VMState,
)
from backends.data.plan import Action, Command, Plan
from backends.judgement.changes import Event

SCHEMA = 1

Document = dict[str, object]


def status_document(picture: Cluster) -> Document:
    """One picture: what `status --json` prints."""
    return {
        "schema": SCHEMA,
        "cluster": cluster_document(picture),
        "nodes": [node_document(node) for node in picture.nodes],
        "vms": [vm_document(vm) for vm in picture.vms],
        "migrations": [migration_document(migration) for migration in picture.migrations],
        "failures": [_failure(failure) for failure in picture.failures],
        "fencing": [_fencing(fencing) for fencing in picture.fencing],
    }


def summary_document(picture: Cluster) -> Document:
    """The first line of `watch --json`: how many nodes and VMs are in which state."""
    return {
        "schema": SCHEMA,
        "event": "summary",
        "at": _number(picture.taken_at),
        "cluster": cluster_document(picture),
        "nodes": _tally(node.state.value for node in picture.nodes),
        "vms": _tally(vm.state.value for vm in picture.vms),
        "migrations": len(picture.migrations),
        "failures": len(picture.failures),
    }


def event_document(event: Event) -> Document:
    """Every further line of `watch --json`; `event` is its kind."""
    return {
        "schema": SCHEMA,
        "event": event.kind,
        "at": _number(event.at),
        "severity": event.severity.value,
        "text": event.text,
        "vm": event.vm,
        "node": event.node,
    }


def plan_document(plan: Plan) -> Document:
    """A move before it is made: what `preview --json` prints."""
    return {
        "schema": SCHEMA,
        "vm": ", ".join(plan.vms),
        "node": plan.node,
        "verdict": plan.verdict.kind.value,
        "reasons": list(plan.verdict.reasons),
        "actions": [action_document(action) for action in plan.verdict.actions],
        "reboots": list(plan.verdict.reboots),
        "steps": list(plan.steps),
        "warnings": list(plan.warnings),
        "commands": [command_document(command) for command in plan.commands],
        "deadline_s": _number(plan.deadline_s),
    }


def cluster_document(picture: Cluster) -> Document:
    return {
        "name": picture.name,
        "quorum": picture.quorum,
        "dc": picture.dc,
        "maintenance": picture.maintenance,
        "fencing_enabled": picture.fencing_enabled,
        "stale": [_stale(stale) for stale in picture.stale],
    }


def node_document(node: Node) -> Document:
    return {
        "name": node.name,
        "state": node.state.value,
        "is_dc": node.is_dc,
        "standby": node.standby,
        "maintenance": node.maintenance,
        "unclean": node.unclean,
        "health": node.health,
        "cpu_percent": _number(node.cpu_percent),
        "memory_bytes": node.memory_bytes,
        "memory_used_bytes": node.memory_used_bytes,
        "hypervisor": {
            "state": node.hypervisor.state.value,
            "reason": node.hypervisor.reason,
            "libvirt": node.hypervisor.libvirt,
            "qemu": node.hypervisor.emulator,
        },
    }


def vm_document(vm: VM) -> Document:
    return {
        "id": vm.id,
        "domain": vm.domain,
        "node": vm.node,
        "nodes": _nodes_of(vm),
        "state": vm.state.value,
        "live_migration": {
            "possible": vm.live_migration.possible,
            "reason": vm.live_migration.reason,
        },
        "orphan": vm.orphan,
        "managed": vm.managed,
        "failed": vm.failed,
        "vcpus": vm.vcpus,
        "memory_bytes": vm.memory_bytes,
        "cpu_percent": _number(vm.cpu_percent),
        "constraints": [constraint_document(constraint) for constraint in vm.constraints],
    }


def _nodes_of(vm: VM) -> list[str] | None:
    """Every node on which Pacemaker holds it for active: two while it migrates, and where it runs
    twice; none where it is stopped."""
    return None if vm.state is VMState.UNKNOWN and not vm.nodes else list(vm.nodes)


def migration_document(migration: Migration) -> Document:
    return {
        "vm": migration.vm,
        "source": migration.source,
        "target": migration.target,
        "phase": migration.phase.value,
        "percent": _number(migration.percent),
        "remaining_bytes": migration.remaining_bytes,
        "total_bytes": migration.total_bytes,
        "rate_bytes_per_s": migration.rate_bytes_per_s,
        "dirty_rate_bytes_per_s": migration.dirty_rate_bytes_per_s,
        "iteration": migration.iteration,
        "downtime_ms": migration.downtime_ms,
        "eta_s": _number(migration.eta_s),
        "deadline_s": _number(migration.deadline_s),
    }


def constraint_document(constraint: Constraint) -> Document:
    return {
        "id": constraint.id,
        "node": constraint.node,
        "kind": constraint.kind.value,
        "expires": constraint.expires,
    }


def _failure(failure: Failure) -> Document:
    return {
        "resource": failure.resource,
        "node": failure.node,
        "task": failure.task,
        "rc": failure.rc,
        "reason": failure.reason,
        "at": _number(failure.at),
    }


def _fencing(fencing: Fencing) -> Document:
    return {
        "node": fencing.node,
        "action": fencing.action,
        "status": fencing.status,
        "completed": fencing.completed,
    }


def _stale(stale: Stale) -> Document:
    return {
        "source": stale.source,
        "node": stale.node,
        "since": _number(stale.since),
        "reason": stale.reason,
    }


def action_document(action: Action) -> Document:
    return {
        "kind": action.kind.value,
        "resource": action.resource,
        "source": action.source,
        "target": action.target,
        "reason": action.reason,
    }


def command_document(command: Command) -> Document:
    return {"node": command.node, "command": str(command), "purpose": command.purpose}


def _tally(states: Iterable[str]) -> dict[str, int]:
    return dict(Counter(states))


def _number(value: float | None) -> float | None:
    """JSON has no NaN and no infinity."""
    return round(value, 3) if value is not None and math.isfinite(value) else None
