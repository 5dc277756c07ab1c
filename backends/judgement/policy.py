"""Constraints that look like a move's or a ban's, and are a site's own placement. Pure.

`crm_resource --ban` keeps a VM from the node that it leaves: whoever is banned from several nodes
where he never was, or from one without the agent, is kept from there on purpose. SEAPATH's
vm_manager does so for its observers and remote nodes, and sets the preferred host with `--move`.
Pacemaker itself cannot tell the two apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from backends.data import commands
from backends.data.picture import VM, Cluster, Constraint, ConstraintKind
from backends.data.plan import Command

SEAPATH = "ocf:seapath:VirtualDomain"
NOT_INSTALLED_RC = 5
"""`OCF_ERR_INSTALLED`: what a probe says where no VM can run."""


def why_on_purpose(vm: VM, constraint: Constraint) -> str | None:
    """What gives reason to believe that this one is kept on purpose; `None` where nothing does."""
    if constraint.expires is not None or constraint.node is None:
        return None
    if vm.agent == SEAPATH:
        return "SEAPATH keeps its placement in such constraints"
    if constraint.kind is ConstraintKind.BAN:
        return _why_kept_from(vm, constraint.node)
    banned = any(c.kind is ConstraintKind.BAN and why_on_purpose(vm, c) for c in vm.constraints)
    return "it stands beside bans that are kept on purpose" if banned else None


def _why_kept_from(vm: VM, node: str) -> str | None:
    """One ban by itself is what `crm_resource --ban` leaves, wherever the VM was."""
    if not _was_never_on(vm, node):
        return None
    if any(op.node == node and op.rc == NOT_INSTALLED_RC for op in vm.history):
        return "its agent is not installed there"
    bans = (c for c in vm.constraints if c.kind is ConstraintKind.BAN and c.node is not None)
    never = [c for c in bans if c.expires is None and _was_never_on(vm, c.node or "")]
    return "it is kept from several nodes, and was never there" if len(never) > 1 else None


def _was_never_on(vm: VM, node: str) -> bool:
    """Whether Pacemaker has looked for it there, and never found or started it. It forgets what was
    on a node that was restarted since; of one where it never looked nothing is known."""
    known = [op for op in vm.history if op.node == node]
    return bool(known) and not any(op.task != "monitor" or op.succeeded for op in known)


def left_over(vm: VM) -> tuple[Constraint, ...]:
    """The constraints of a VM that nobody seems to keep on purpose."""
    return tuple(c for c in vm.constraints if why_on_purpose(vm, c) is None)


def barring(vm: VM) -> dict[str, Constraint]:
    """The nodes from which it is kept on purpose, by what."""
    return {
        c.node: c
        for c in vm.constraints
        if c.kind is ConstraintKind.BAN and c.node is not None and why_on_purpose(vm, c)
    }


def outlasting(picture: Cluster, vms: Iterable[str]) -> frozenset[str]:
    """The constraints of these VMs that no move of theirs touches: the scheduler counts them in."""
    known = (vm for vm in map(picture.vm, vms) if vm is not None)
    return frozenset(c.id for vm in known for c in barring(vm).values())


def going(vm: VM, target: str | None) -> tuple[Constraint, ...]:
    """What the end of a move to `target` removes: all of them, but where bans are kept on purpose
    only what such a move sets or lifts."""
    if target is None or not barring(vm).keys() - {target}:
        return vm.constraints
    return tuple(c for c in vm.constraints if c.kind is ConstraintKind.PREFER or c.node == target)


def dropped(vm: VM, target: str) -> tuple[Constraint, ...]:
    """What seems to be kept on purpose, and would go with the end of such a move."""
    return tuple(c for c in going(vm, target) if c.node != target and why_on_purpose(vm, c))


def lost(vm: VM, targets: Collection[str]) -> tuple[Constraint, ...]:
    """What seems to be kept on purpose, and whichever of these nodes it moves to takes away."""
    kept = (c for c in vm.constraints if targets and why_on_purpose(vm, c))
    return tuple(c for c in kept if all(c in going(vm, target) for target in targets))


def clearing(vm: VM, target: str | None) -> Command:
    """What removes them."""
    if target is None or going(vm, target) == vm.constraints:
        return commands.clear(vm.id)
    return commands.clear_move(vm.id, target)


def told(vm: VM, target: str, *, keep: bool = False) -> Iterator[str]:
    """What becomes of the constraints that stand now when the VM moves to `target`: first, what
    somebody may have meant to keep."""
    gone = going(vm, target)
    for c in sorted(vm.constraints, key=lambda c: (c not in gone, c.kind)):
        why = why_on_purpose(vm, c)
        if c not in gone:
            yield f"{c.id} stays: it keeps {vm.id} from {c.node} ({why or 'as before'})"
        elif keep and c.kind is ConstraintKind.PREFER:
            yield f"{c.id} names {target} from now on: {vm.id} goes back there whenever it can"
        elif keep and c.node != target:
            yield f"{c.id} stays: it keeps {vm.id} from {c.node}"
        elif why is None:
            yield f"the constraint {c.id} that stands now will be removed as well"
        else:
            yield (
                f"{c.id} seems to be kept on purpose ({why}) and goes: {vm.id} no longer prefers "
                f"{c.node}, and stays on {target}; kept (o in the dialog, migrate --keep) it "
                f"names {target}, and {vm.id} goes back there whenever it can"
            )
