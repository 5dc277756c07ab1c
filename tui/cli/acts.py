"""What the acts have in common."""

from __future__ import annotations

from backends.clusters.base import Backend
from backends.data.errors import Refused, Unknown
from backends.data.picture import VM
from tui.cli.configuration import Target


def need_writing(target: Target, act: str) -> None:
    """Raises `Refused` where only looking was asked for."""
    if target.read_only:
        raise Refused(
            f"read-only: {act} would change the cluster",
            cure="leave out --read-only, here or in the configuration file",
        )


def named_vm(backend: Backend, vm_id: str) -> VM:
    """The VM of that name. Raises `Unknown`."""
    vm = backend.picture.vm(vm_id)
    if vm is None:
        known = ", ".join(sorted(vm.id for vm in backend.picture.vms)[:20]) or "none"
        raise Unknown(f"no VM {vm_id!r} in this cluster", cure=f"the VMs are: {known}")
    return vm


def state_of(backend: Backend, vm_id: str) -> dict[str, object]:
    """Where the VM is and how, as far as it is known now."""
    vm = _known(backend, vm_id)
    return {"state": vm.state.value if vm else None, "node": vm.node if vm else None}


def state_words(backend: Backend, vm_id: str) -> str:
    """The same in words."""
    vm = _known(backend, vm_id)
    if vm is None:
        return f"where {vm_id} is now is not known"
    return (
        f"{vm_id} is {vm.state.value} on {vm.node}" if vm.node else f"{vm_id} is {vm.state.value}"
    )


def _known(backend: Backend, vm_id: str) -> VM | None:
    picture = backend.picture
    return None if picture.stale_pacemaker() else picture.vm(vm_id)
