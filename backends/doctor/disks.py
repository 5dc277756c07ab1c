"""Storage: what the disks of the running VMs are, and whether every node means the same by them."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.data.picture import VM
from backends.doctor import places, shared
from backends.doctor.case import Case, once
from backends.doctor.configuration import Resource
from backends.doctor.copied_disks import is_copied, is_the_same
from backends.doctor.domain_disks import Disk, disks_of
from backends.doctor.filesystems import CLUSTERED
from backends.doctor.listening import SETTINGS, settings_of
from backends.doctor.places import Place, Sharing

VERSION = Probe.of("storage qemu", "virsh", "-c", "qemu:///system", "version")
PLACES = "storage places"

DROPS_CACHE = (4, 0)
"""From this QEMU on the target forgets what it had cached of a disk (file driver, `drop-cache`)."""
_UNCACHED = frozenset({"none", "directsync"})


@dataclass(frozen=True, slots=True)
class Storage:
    """The disks of each running VM, and what their paths are on each node."""

    disks: Mapping[str, tuple[Disk, ...]] = field(default_factory=dict)
    places: Mapping[str, Mapping[str, Place]] = field(default_factory=dict)
    same_groups: frozenset[str] = frozenset()

    def where(self, path: str, hosts: Iterable[str]) -> dict[str, Place]:
        """What a path is, by node, where that is known."""
        known = {node: self.places.get(node, {}) for node in hosts}
        return {node: places[path] for node, places in known.items() if path in places}

    def vms_on(self, case: Case, holds: Callable[[Place], bool]) -> tuple[str, ...]:
        """The VMs with a disk on a place of which something holds."""
        return tuple(vm.id for vm, _ in case.vms if any(map(holds, self.homes(vm))))

    def homes(self, vm: VM) -> list[Place]:
        """What its disks are on the node on which it runs."""
        known = self.places.get(vm.node or "", {})
        places = (known.get(disk.path or "") for disk in self.disks.get(vm.id, ()))
        return [place for place in places if place is not None and place.exists]


@once
def known_disks(case: Case) -> dict[str, tuple[Disk, ...]]:
    """Of every VM whose domain libvirt described."""
    return {
        vm.id: disks_of(domain)
        for vm, _ in case.vms
        if (domain := shared.domain(case, vm.id)) is not None
    }


@once
def paths(case: Case) -> list[str]:
    """Every path that a disk has, each once."""
    disks = (disk for each in known_disks(case).values() for disk in each)
    return list(dict.fromkeys(disk.path for disk in disks if disk.path))


def known_places(case: Case) -> dict[str, dict[str, Place]]:
    """What each node said of the paths; a node that did not answer is left out."""
    found = {}
    for node in case.nodes:
        output = case.output(node, PLACES)
        if output.answered and output.stdout:
            try:
                found[node] = places.parse(output.stdout)
            except BadAnswer:
                continue
    return found


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    for vm, resource in case.vms:
        if vm.node is None:
            continue
        if vm.id not in storage.disks:
            seen = f"libvirt on {vm.node} did not describe the domain of {vm.id}"
            yield Finding(Topic.STORAGE, "disks", State.UNKNOWN, seen, vm=vm.id)
            continue
        problems = [
            finding
            for disk in storage.disks[vm.id]
            for finding in (
                *_of_disk(case, vm, resource, disk, storage),
                *_of_cache(case, vm, resource, disk, storage),
            )
        ]
        yield from problems
        if not problems:
            seen = ", ".join(disk.target for disk in storage.disks[vm.id]) or "no disks"
            yield Finding(
                Topic.STORAGE, "disks", State.OK, f"{seen}: the same on every node", vm=vm.id
            )


def _of_disk(
    case: Case, vm: VM, resource: Resource, disk: Disk, storage: Storage
) -> Iterator[Finding]:
    if disk.path is None:
        yield from _of_remote(vm, disk)
        return
    if case.others(vm.node or "") and not case.targets(vm.id):
        return
    where = storage.where(disk.path, case.hosts(vm.id))
    home = where.get(vm.node or "")
    if home is None or not home.exists or len(where) < 2:
        seen = f"{disk.target}: what {disk.path} is was not learned from every node"
        yield _finding(vm, State.UNKNOWN, seen, "only a disk that all nodes share can move along")
        return
    missing = [node for node, place in where.items() if not place.exists]
    there = {node: place for node, place in where.items() if place.exists}
    how, evidence = places.sharing(there, storage.same_groups)
    own = places.own_file_system(home)
    if own and missing:
        how, evidence = Sharing.LOCAL, f"a file system of one node alone ({own})"
    if is_copied(resource, disk) and not (missing and home.is_block):
        if is_the_same(how):
            seen = f"{disk.target}: {disk.path} is {evidence}, and migrate_options have it copied"
            why = "it would be copied onto itself: QEMU fails to lock it, or its data is lost"
            yield _finding(vm, State.WRONG, seen, why, effect=Effect.SENDING_FAILS)
        return
    if disk.writable and how is Sharing.LOCAL:
        lacking = f"; there is no such file on {', '.join(missing)}" if missing else ""
        yield _finding(
            vm,
            State.WRONG,
            f"{disk.target}: {disk.path} lies on {evidence}{lacking}",
            "the target of a live migration would not find the disk, or another one by its name",
            node=vm.node,
            cures=_to_shared(vm, resource, disk),
            effect=Effect.SENDING_FAILS,
        )
        return
    for node in missing:
        yield _finding(
            vm,
            State.WRONG,
            f"{disk.target}: there is no {disk.path}",
            "QEMU could not open the disk there: the migration fails",
            node=node,
            cures=_to_bring(home, disk, vm),
            effect=Effect.SENDING_FAILS,
            ways=(Way(target=node),),
        )
    if not missing and disk.writable:
        yield from _of_sharing(case, vm, resource, disk, how, evidence)


def _of_sharing(
    case: Case, vm: VM, resource: Resource, disk: Disk, how: Sharing, evidence: str
) -> Iterator[Finding]:
    seen = f"{disk.target}: {disk.path} is {evidence}"
    if how is Sharing.DIFFERENT:
        why = "after a migration the guest would write to another disk: its data is lost"
        cures = _stable_path(vm, resource)
        yield _finding(vm, State.WRONG, seen, why, cures=cures, effect=Effect.HARMS)
    elif how is Sharing.UNKNOWN:
        why = "only a disk that all nodes share can move along"
        yield _finding(vm, State.UNKNOWN, seen, why)
    elif how is Sharing.FOREIGN and not _unsafe(resource):
        settings = settings_of(case.output(vm.node or "", SETTINGS.name).lines)
        told = "shared_filesystems" in settings
        yield _finding(
            vm,
            State.UNKNOWN if told else State.WRONG,
            seen,
            "libvirt takes it for local unless shared_filesystems in qemu.conf names it"
            if told
            else "libvirt takes this file system for local and refuses to migrate",
            cures=_to_allow(vm, resource),
            effect=None if told else Effect.SENDING_FAILS,
        )


def _to_allow(vm: VM, resource: Resource) -> tuple[Cure, ...]:
    options = f"{resource.parameters.get('migrate_options', '')} --unsafe".strip()
    words = ("crm_resource", "-r", vm.id, "-p", "migrate_options", "-v", options)
    return (
        Cure((shlex.join(words),), restarts=True),
        Cure(
            ('shared_filesystems = [ "DIRECTORY" ]    # a libvirt that knows it, on every node',),
            "/etc/libvirt/qemu.conf",
        ),
    )


def _of_remote(vm: VM, disk: Disk) -> Iterator[Finding]:
    seen = f"{disk.target}: {disk.kind} {disk.remote or ''}".rstrip()
    if disk.kind == "network" and not disk.only_here:
        return
    if disk.kind in ("network", "nvme"):
        why = "what one node alone serves is not there for the guest on another"
        seen = f"{seen}, served by the node itself"
        failing = Effect.SENDING_FAILS
        yield _finding(vm, State.WRONG, seen, why, node=vm.node, effect=failing)
    else:
        cure = Cure((f"virsh -c qemu:///system domblklist --details {shlex.quote(_name(vm))}",))
        why = "only a disk that all nodes share can move along; of this one that is not told"
        yield _finding(vm, State.UNKNOWN, seen, why, cures=(cure,))


def _of_cache(
    case: Case, vm: VM, resource: Resource, disk: Disk, storage: Storage
) -> Iterator[Finding]:
    if disk.path is None or disk.cache in _UNCACHED or not disk.writable or disk.shareable:
        return
    place = storage.places.get(vm.node or "", {}).get(disk.path)
    if place is not None and place.mount is not None and place.mount.fstype in CLUSTERED:
        return
    old = {node: version for node in case.nodes if (version := _qemu(case, node)) < DROPS_CACHE}
    if not old:
        return
    known = {node: version for node, version in old.items() if version != (0, 0)}
    listed = ", ".join(f"{node} has QEMU {a}.{b}" for node, (a, b) in known.items())
    refused = bool(known) and not _unsafe(resource)
    yield Finding(
        Topic.STORAGE,
        "cache",
        State.WRONG if refused else State.WARNING,
        f"{disk.target}: cache={disk.cache or 'default'}; "
        + (listed or "the version of QEMU is not known"),
        "Before QEMU 4.0 a target may go on with old pages of its own cache: libvirt refuses, and"
        " with --unsafe the guest's data may be damaged.",
        vm=vm.id,
        cures=(
            Cure((f"<driver name='qemu' cache='none'/>  (of {disk.target})",), resource.config),
        ),
        effect=Effect.SENDING_FAILS if refused else None,
    )


def _qemu(case: Case, node: str) -> tuple[int, int]:
    """The version of QEMU there; (0, 0) where it is not known."""
    text = case.output(node, VERSION.name).stdout
    found = re.search(r"^Running hypervisor: QEMU (\d{1,4})\.(\d{1,4})", text, re.MULTILINE)
    return (int(found[1]), int(found[2])) if found else (0, 0)


def _unsafe(resource: Resource) -> bool:
    return "--unsafe" in resource.parameters.get("migrate_options", "").split()


def _name(vm: VM) -> str:
    return vm.domain or vm.id


def _to_shared(vm: VM, resource: Resource, disk: Disk) -> tuple[Cure, ...]:
    words = ("blockcopy", _name(vm), disk.target, "SHARED-PATH", "--wait", "--pivot")
    copy = shlex.join(("virsh", "-c", "qemu:///system", *words, "--transient-job"))
    return (
        Cure((copy,), node=vm.node),
        Cure(("<source file='SHARED-PATH'/>",), resource.config),
    )


def _to_bring(home: Place, disk: Disk, vm: VM) -> tuple[Cure, ...]:
    if not disk.writable and "backing" not in disk.target:
        words = ("change-media", _name(vm), disk.target, "--eject")
        return (Cure((shlex.join(("virsh", "-c", "qemu:///system", *words)),), node=vm.node),)
    if home.mount is not None and not home.is_block:
        mount = ("mount", "-t", home.mount.fstype, home.mount.source, home.mount.target)
        return (Cure((shlex.join(mount),)),)
    if groups := home.volume_groups:
        return (Cure(tuple(f"lvchange -asy {shlex.quote(group)}" for group in groups)),)
    return (Cure(("lsblk --paths --output NAME,WWN,TRAN",)),)


def _stable_path(vm: VM, resource: Resource) -> tuple[Cure, ...]:
    return (
        Cure(("ls -l /dev/disk/by-id/",), node=vm.node),
        Cure(("<source dev='/dev/disk/by-id/…'/>",), resource.config),
    )


def _finding(
    vm: VM,
    state: State,
    seen: str,
    why: str,
    node: str | None = None,
    cures: Iterable[Cure] = (),
    effect: Effect | None = None,
    ways: tuple[Way, ...] = (),
) -> Finding:
    return Finding(
        Topic.STORAGE,
        "disks",
        state,
        seen,
        why,
        node,
        vm.id,
        tuple(cures),
        effect=effect,
        ways=ways,
    )
