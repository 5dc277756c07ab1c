"""What of a running guest no migration carries over: CPU, TPM, shared directories, encryption.

Sources: `kvm_arch_init_vcpu` (invtsc) and the blockers of sev.c, 9p.c and ivshmem.c of QEMU 7 to
10; `qemuMigrationSrcIsAllowed` of libvirt 9 to 11; "TPM device" and "CPU model" of the domain XML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lxml import etree

from backends.data.examination import Cure, Effect, Finding, State, Topic
from backends.doctor.case import Case, once
from backends.doctor.disks import VERSION
from backends.doctor.shared import domain

_ASKED_FOR = frozenset({"require", "force"})
_NO_VIRTIOFS = 9
"""Up to this libvirt virtiofs keeps a guest where it is; later ones leave it to virtiofsd."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a guest cannot leave, and what would let it."""

    check: str
    seen: str
    why: str
    cure: str
    sure: bool = True
    """Whether every release refuses it."""
    until_libvirt: int | None = None
    """Where only releases up to that major one are known to."""


def kept_by(xml: etree._Element) -> tuple[Kept, ...]:
    """From the live XML of its domain."""
    return (*_by_cpu(xml), *_by_encryption(xml), *_by_devices(xml))


@once
def _running(case: Case) -> tuple[tuple[str, str, tuple[Kept, ...]], ...]:
    return tuple(
        (vm.id, vm.node, kept)
        for vm, _ in case.vms
        if vm.node is not None
        and (xml := domain(case, vm.id)) is not None
        and (kept := kept_by(xml))
    )


def judge(case: Case) -> Iterator[Finding]:
    for vm, home, kept in _running(case):
        for each in kept:
            yield replace(_finding(each, _libvirt(case, home)), vm=vm)


def _finding(kept: Kept, libvirt: int | None) -> Finding:
    old = kept.until_libvirt is not None and libvirt is not None and libvirt <= kept.until_libvirt
    wrong = kept.sure or old
    return Finding(
        Topic.CPU if kept.check == "cpu" else Topic.DEVICES,
        kept.check,
        State.WRONG if wrong else State.UNKNOWN,
        kept.seen,
        kept.why,
        cures=(Cure((kept.cure,)),),
        effect=Effect.SENDING_FAILS if wrong else None,
    )


def _libvirt(case: Case, node: str) -> int | None:
    """Its major release there, where it is known."""
    said = re.search(r"libvirt (\d{1,4})\.", case.output(node, VERSION.name).stdout)
    return int(said[1]) if said is not None else None


def _by_cpu(xml: etree._Element) -> Iterator[Kept]:
    """A clock that is promised never to change: on another host only with a frequency of its own.

    QEMU gives it to who asks for it, and with `migratable='off'` to whoever can have it.
    """
    cpu = xml.find("cpu")
    if cpu is None or _has_frequency(xml):
        return
    clock = "<timer name='tsc' frequency='HZ' mode='native'/> in <clock>, or without it"
    asked = {
        feature.get("name")
        for feature in cpu.iterfind("feature")
        if feature.get("policy", "require") in _ASKED_FOR
    }
    if "invtsc" in asked:
        yield Kept(
            "cpu",
            "its CPU has invtsc, and its clock no TSC frequency",
            "QEMU refuses to migrate it: its clock could run otherwise on another host",
            clock,
        )
    elif cpu.get("migratable") == "off":
        yield Kept(
            "cpu",
            "its CPU has migratable='off'",
            "it has features of its host that QEMU refuses to migrate (invtsc)",
            f"migratable='on'; or {clock}",
        )


def _has_frequency(xml: etree._Element) -> bool:
    return any(
        timer.get("name") == "tsc" and timer.get("frequency")
        for timer in xml.iterfind("clock/timer")
    )


def _by_encryption(xml: etree._Element) -> Iterator[Kept]:
    security = xml.find("launchSecurity")
    kind = security.get("type", "") if security is not None else ""
    if kind.startswith(("sev", "tdx")):
        yield Kept(
            "encryption",
            f"its memory is encrypted for its host ({kind})",
            "QEMU refuses to migrate it",
            "without <launchSecurity> it can be moved",
        )


def _by_devices(xml: etree._Element) -> Iterator[Kept]:
    for backend in xml.iterfind("devices/tpm/backend"):
        if backend.get("type") == "passthrough":
            yield Kept(
                "tpm",
                "it has the TPM of its host",
                "QEMU refuses to migrate it: what that TPM knows stays there",
                "<backend type='emulator' version='2.0'/>",
            )
        elif backend.get("type") == "external":
            yield Kept(
                "tpm",
                "its TPM is a process that libvirt does not run",
                "whether its state comes along is that process's affair",
                "<backend type='emulator' version='2.0'/>",
                sure=False,
            )
    for directory in xml.iterfind("devices/filesystem"):
        target = directory.find("target")
        name = target.get("dir", "") if target is not None else ""
        driver = directory.find("driver")
        if driver is not None and driver.get("type") == "virtiofs":
            yield Kept(
                "shared directory",
                f"it shares a directory of its host (virtiofs {name})",
                "libvirt refuses to migrate it, or virtiofsd must be able to (1.11)",
                "a network file system inside the guest",
                sure=False,
                until_libvirt=_NO_VIRTIOFS,
            )
        elif directory.get("type", "mount") == "mount":
            yield Kept(
                "shared directory",
                f"it shares a directory of its host (9p {name})",
                "QEMU refuses to migrate it while the guest has that mounted",
                "a network file system inside the guest",
                sure=False,
            )
    for memory in xml.iterfind("devices/shmem"):
        if memory.get("role") != "master":
            yield Kept(
                "shared memory",
                f"it shares memory with others on its host ({memory.get('name', '')})",
                "libvirt refuses to migrate it",
                "without <shmem> it can be moved",
            )
