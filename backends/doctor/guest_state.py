"""What a guest has beside its disks: UEFI's variables, an emulated TPM, the memory it is saved to.

A live migration carries the first two over, wherever they lie. A start elsewhere finds what lies on
shared storage, and nothing else.

Sources: "BIOS bootloader" and "TPM device" of libvirt's domain XML; `start` and `stop` of
VirtualDomain 4.12 (`snapshot`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from backends.data.examination import Cure, Finding, Probe, State, Topic
from backends.data.picture import VM
from backends.doctor import places, shared, tpm
from backends.doctor.case import Case, once
from backends.doctor.configuration import Resource
from backends.doctor.disks import Storage
from backends.doctor.filesystems import SHARED
from backends.doctor.places import Sharing

_CHECK = "guest state"
_SWTPM = "/var/lib/libvirt/swtpm"


@dataclass(frozen=True, slots=True)
class GuestState:
    """Something of a guest in a file or a directory of its node, and what is lost with it."""

    what: str
    path: str
    lost: str
    returns: bool = False
    """Whether what was left behind is taken up again when the guest comes back."""
    is_locked: bool = False
    """Whether a process of the source holds it until the guest is gone."""


@once
def states(case: Case) -> tuple[tuple[VM, tuple[GuestState, ...]], ...]:
    """Of the VMs that have something of the kind."""
    found = ((vm, tuple(_of_vm(case, vm, resource))) for vm, resource in case.vms)
    return tuple((vm, its) for vm, its in found if its)


def _of_vm(case: Case, vm: VM, resource: Resource) -> Iterator[GuestState]:
    domain = shared.domain(case, vm.id)
    if domain is not None:
        yield from _of_domain(domain)
    if snapshot := resource.parameters.get("snapshot"):
        lost = "it boots, instead of going on where it was saved"
        yield GuestState("the memory it is saved to (snapshot)", snapshot, lost, returns=True)


def _of_domain(domain: etree._Element) -> Iterator[GuestState]:
    nvram = domain.find("os/nvram")
    if nvram is not None:
        source = nvram.find("source")
        path = (nvram.text or "").strip() or (source.get("file") if source is not None else None)
        if path:
            yield GuestState(
                "UEFI's variables", path, "its boot entries and keys are those of a new one"
            )
    for backend in domain.iterfind("devices/tpm/backend[@type='emulator']"):
        source = backend.find("source")
        given = source.get("path") if source is not None else None
        path = given or f"{_SWTPM}/{domain.findtext('uuid', '').strip()}"
        lost = "its TPM is empty, and what that unlocks stays locked (encrypted disks)"
        yield GuestState("the state of its TPM", path, lost, is_locked=True)


def further_probes(case: Case, _node: str) -> Iterator[Probe]:
    """Whether swtpm hands over a lock, where a guest has one that it holds."""
    if any(each.is_locked for _, its in states(case) for each in its):
        yield tpm.CAPABILITIES


@once
def paths(case: Case) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(each.path for _, its in states(case) for each in its))


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    for vm, its in states(case):
        for each in its:
            where = storage.where(each.path, case.hosts(vm.id))
            there = {node: place for node, place in where.items() if place.exists}
            if vm.node in there and case.targets(vm.id):
                how, evidence = places.sharing(there, storage.same_groups)
                own = places.own_file_system(there[vm.node])
                if own and len(there) == 1:
                    how, evidence = Sharing.LOCAL, f"a file system of one node alone ({own})"
                if how in (Sharing.SHARED, Sharing.FOREIGN) and each.is_locked:
                    seen = f"{each.what}: {each.path} is {evidence}"
                    mount = there[vm.node].mount
                    known = mount is not None and mount.fstype in SHARED
                    yield from tpm.judge(case, vm, each.path, seen, known=known)
                else:
                    yield from _finding(vm, each, how, evidence)


def _finding(vm: VM, it: GuestState, how: Sharing, evidence: str) -> Iterator[Finding]:
    if how is Sharing.LOCAL:
        why = f"started on another node, {it.lost}"
        if it.returns:
            why += "; back here it goes on with that old memory, and damages its newer disks"
        yield Finding(
            Topic.STORAGE,
            _CHECK,
            State.WRONG if it.returns else State.WARNING,
            f"{it.what}: {it.path} lies on {evidence}",
            why,
            vm.node,
            vm.id,
            (Cure((f"a file system that all nodes share, at {it.path}",)),),
        )
