"""Which nodes can run a VM at all, and what comes of a VM that is sent to another. Pure."""

from __future__ import annotations

from backends.data.picture import Cluster, NodeKind
from backends.data.plan import Action, ActionKind

NOT_INSTALLED = 5
"""`OCF_ERR_INSTALLED`: with it VirtualDomain ends where there is no virsh, also when it probes."""

INTERRUPTING = frozenset(
    {ActionKind.MOVE, ActionKind.RESTART, ActionKind.STOP, ActionKind.RECOVER, ActionKind.FENCE}
)
"""What the scheduler may do to a resource that ends the guest in it."""


def unfit(picture: Cluster, name: str | None) -> str | None:
    """Why this node can never run a VM, whatever Pacemaker thinks; `None` where nothing says so."""
    node = picture.node(name or "")
    if node is None:
        return None
    if node.kind is NodeKind.GUEST:
        return f"{name} is a guest node, a virtual machine itself"
    tried = False
    for vm in picture.vms:
        last = next((op for op in reversed(vm.history) if op.node == name), None)
        if last is not None and (last.task != "monitor" or last.rc != NOT_INSTALLED):
            return None
        tried = tried or last is not None
    absent = f"{name} has no hypervisor: its probe of every VM ended with «not installed»"
    return absent if tried else None


def ends_a_guest(picture: Cluster, action: Action) -> bool:
    """Whether a guest ends by this: a migration to where no VM can run fails."""
    if picture.vm(action.resource) is None:
        return False
    return action.kind in INTERRUPTING or led_astray(picture, action) is not None


def led_astray(picture: Cluster, action: Action) -> str | None:
    """Why a migration must fail, whose target the scheduler takes for a node like any other."""
    return unfit(picture, action.target) if action.kind is ActionKind.MIGRATE else None
