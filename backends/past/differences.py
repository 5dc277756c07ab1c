"""What changed from one recorded input to the next: nodes, constraints, configuration. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backends.data.picture import LOST, Constraint, ConstraintKind, NodeState
from backends.data.timeline import Entry, Severity
from backends.pacemaker.cib import VMResource
from backends.past.inputs import Input
from backends.past.partitions import GONE

ITSELF = frozenset({"crmd", "pacemaker-controld", "attrd", "pacemaker-attrd", "pacemaker-fenced"})
"""Clients that write for Pacemaker itself: nobody asked for what they changed."""


def differences(before: Input, after: Input) -> Iterator[Entry]:
    """Entries of the moment of the later input; what explains most stands last.

    Pacemaker notes who wrote last. Of several things that were not written at once, of different
    VMs or nodes, it is not known whose the others are, nor which was the last.
    """
    found = list(_differences(before, after))
    written = after.cib.version.epoch - before.cib.version.epoch
    authored = {entry.vm or entry.node for entry in found if entry.who is not None}
    unsure = written > 1 and len(authored) > 1
    yield from (replace(entry, who=None) for entry in found) if unsure else found


def _differences(before: Input, after: Input) -> Iterator[Entry]:
    yield from _of_configuration(before, after)
    if before.quorum is not after.quorum and after.quorum is not None:
        severity = Severity.GOOD if after.quorum else Severity.BAD
        words = "the cluster has quorum again" if after.quorum else "the cluster lost quorum"
        yield Entry(after.at, "quorum", severity, words)
    if before.dc != after.dc and before.dc and after.dc:
        text = f"{after.dc} became the DC, after {before.dc}"
        yield Entry(after.at, "dc", Severity.NEUTRAL, text, node=after.dc)
    for (vm, node), reason in after.barred.items():
        if (vm, node) not in before.barred and after.nodes.get(node) not in GONE:
            text = f"{vm} may not run on {node} any more: {reason}"
            yield Entry(after.at, "barred", Severity.WARNING, text, vm, node, reason=reason)
    for name, state in after.nodes.items():
        yield from _of_node(name, before.nodes.get(name), state, before, after)


def who(after: Input) -> str | None:
    """Who changed the configuration; `None` where Pacemaker's own daemons wrote last."""
    return None if after.who.client in ITSELF or not after.who.client else str(after.who)


def _of_node(
    name: str, old: NodeState | None, new: NodeState, before: Input, after: Input
) -> Iterator[Entry]:
    at, author = after.at, who(after)
    if old is None or old is new:
        return
    if new is NodeState.UNCLEAN:
        text = f"{name} was lost: it must be fenced before its VMs start elsewhere"
        yield Entry(at, "node-lost", Severity.BAD, text, node=name)
    elif new is NodeState.OFFLINE and old is NodeState.UNCLEAN:
        took_s = at - before.at
        text = f"{name} was fenced, as {after.dc or 'the DC'} knew {took_s:.0f} s later at most"
        yield Entry(at, "node-fenced", Severity.WARNING, text, node=name, took_s=took_s)
    elif new is NodeState.OFFLINE:
        yield Entry(at, "node-left", Severity.WARNING, f"{name} left the cluster", node=name)
    elif old in LOST and new not in LOST:
        word = "" if new is NodeState.ONLINE else f", in {new.value}"
        text = f"{name} is back{word}"
        yield Entry(at, "node-back", Severity.GOOD, text, node=name)
    elif new in (NodeState.STANDBY, NodeState.MAINTENANCE):
        text = f"{name} was put in {new.value}"
        yield Entry(at, new.value, Severity.WARNING, text, node=name, who=author)
    elif old in (NodeState.STANDBY, NodeState.MAINTENANCE) and new is NodeState.ONLINE:
        text = f"{name} was taken out of {old.value}"
        yield Entry(at, f"{old.value}-over", Severity.GOOD, text, node=name, who=author)


def _of_configuration(before: Input, after: Input) -> Iterator[Entry]:
    if before.configuration == after.configuration:
        return
    at, author, told = after.at, who(after), False
    old = {constraint.id: constraint for constraint in before.cib.constraints}
    new = {constraint.id: constraint for constraint in after.cib.constraints}
    for name, constraint in new.items():
        if name in old and old[name].node == constraint.node:
            continue
        told = True
        ban = constraint.kind is ConstraintKind.BAN
        verb, kind = ("banned from", "ban") if ban else ("told to run on", "prefer")
        severity = Severity.WARNING if ban else Severity.NEUTRAL
        text = f"{constraint.vm} was {verb} {constraint.node} ({name})"
        yield Entry(at, kind, severity, text, constraint.vm, constraint.node, who=author)
    for name, constraint in old.items():
        if name not in new:
            told = True
            yield _cleared(at, constraint, author)
    if before.maintenance is not after.maintenance:
        told = True
        word = "put in" if after.maintenance else "taken out of"
        kind = "maintenance" if after.maintenance else "maintenance-over"
        text = f"the whole cluster was {word} maintenance"
        yield Entry(at, kind, Severity.WARNING, text, who=author)
    vms = {vm.id: vm for vm in before.cib.vms}
    for vm in after.cib.vms:
        for entry in _of_vm(vms.pop(vm.id, None), vm, after):
            told = True
            yield entry
    for name in vms:
        told = True
        text = f"{name} was removed from the configuration"
        yield Entry(at, "vm-removed", Severity.WARNING, text, name, who=author)
    if not told and author is not None and _standing(before) == _standing(after):
        text = "the configuration was changed"
        yield Entry(at, "configuration", Severity.NEUTRAL, text, who=author)


def _cleared(at: float, constraint: Constraint, author: str | None) -> Entry:
    """It names the node that the constraint named, and is told apart by its id."""
    name, vm = constraint.id, constraint.vm
    text = f"the constraint {name} of {vm} was removed"
    place = constraint.node
    return Entry(at, "cleared", Severity.NEUTRAL, text, vm, place, who=author, reason=name)


def _standing(each: Input) -> list[tuple[str, bool]]:
    """Standby and maintenance of nodes are told as such."""
    special = (NodeState.STANDBY, NodeState.MAINTENANCE)
    return [(name, state in special) for name, state in each.nodes.items()]


def _of_vm(old: VMResource | None, new: VMResource, after: Input) -> Iterator[Entry]:
    at, author = after.at, who(after)
    if old is None:
        yield Entry(at, "vm-added", Severity.NEUTRAL, f"{new.id} was added", new.id, who=author)
    elif old != new:
        if old.maintenance is not new.maintenance:
            word = "put in" if new.maintenance else "taken out of"
            text = f"{new.id} was {word} maintenance"
            yield Entry(at, "vm-maintenance", Severity.WARNING, text, new.id, who=author)
        elif old.target_role != new.target_role:
            text = f"the target role of {new.id} was set to {new.target_role or 'its default'}"
            yield Entry(at, "target-role", Severity.WARNING, text, new.id, who=author)
        else:
            text = f"the configuration of {new.id} was changed"
            yield Entry(at, "configuration", Severity.NEUTRAL, text, new.id, who=author)
