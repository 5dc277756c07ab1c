"""What else a guest uses of its host: bridges, networks, firmware, devices handed to it.

Sources: "Domain XML format" of libvirt; `qemuMigrationSrcIsAllowedHostdev` (qemu_migration.c) of
libvirt 9, which forbids devices of the host except USB ones and PCI ones that a team replaces.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.doctor.case import Case, once
from backends.doctor.disks import VERSION
from backends.doctor.shared import domain, unanswered

THINGS = "devices"
NETWORKS = Probe("device networks", "virsh -q -c qemu:///system net-list --name")
_FIRMWARE = ("loader", "kernel", "initrd", "dtb")
_ALL_FORBIDDEN = 9
"""Up to this libvirt; later ones leave some devices to QEMU and their driver."""


@dataclass(frozen=True, slots=True)
class Needs:
    """What a guest needs by name on the node to which it goes."""

    links: tuple[str, ...] = ()
    networks: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    handed: tuple[str, ...] = ()
    """The kinds of the host's devices that it has itself."""


def needs_of(xml: etree._Element) -> Needs:
    """From the live XML of its domain."""
    links: dict[str, None] = {}
    networks: dict[str, None] = {}
    handed: list[str] = []
    for interface in xml.iterfind("devices/interface"):
        source, kind = interface.find("source"), interface.get("type")
        name = None
        if source is not None:
            name = source.get({"bridge": "bridge", "direct": "dev"}.get(kind or "", "network"))
        if kind == "hostdev" and not _replaced(interface):
            handed.append("pci")
        elif name and kind == "network":
            networks[name] = None
        elif name and kind in ("bridge", "direct"):
            links[name] = None
    for device in xml.iterfind("devices/hostdev"):
        if not _replaced(device):
            handed.append(device.get("type") or "of capabilities")
    files = (xml.findtext(f"os/{name}") for name in _FIRMWARE)
    return Needs(tuple(links), tuple(networks), tuple(filter(None, files)), tuple(handed))


def _replaced(device: etree._Element) -> bool:
    """Whether libvirt takes it out before a migration, and another of the team goes on."""
    team = device.find("teaming")
    return team is not None and team.get("type") == "transient"


def further_probes(case: Case, node: str) -> Iterator[Probe]:
    """Whether what the guests of the other nodes need is there; all of it in one look."""
    needs = [
        each for each, vms in _needed(case).items() if any(case.may_go(vm, node) for vm in vms)
    ]
    links = sorted({name for each in needs for name in each.links})
    files = sorted({name for each in needs for name in each.files})
    if links or files:
        yield Probe(
            THINGS,
            f"for n in {shlex.join(links)}; do"
            ' [ -e "/sys/class/net/$n" ] && printf \'link %s\\n\' "$n"; done\n'
            f"for f in {shlex.join(files)}; do"
            ' [ -e "$f" ] && printf \'file %s\\n\' "$f"; done; true',
        )
    if any(each.networks for each in needs):
        yield NETWORKS


@once
def _needed(case: Case) -> Mapping[Needs, list[str]]:
    """What is needed, and by which VMs: many need the same."""
    found: dict[Needs, list[str]] = {}
    for vm, _, needs in _running(case):
        found.setdefault(needs, []).append(vm)
    return found


@once
def _running(case: Case) -> tuple[tuple[str, str, Needs], ...]:
    return tuple(
        (vm.id, vm.node, needs_of(xml))
        for vm, _ in case.vms
        if (xml := domain(case, vm.id)) is not None and vm.node is not None
    )


def judge(case: Case) -> Iterator[Finding]:
    for vm, home, needs in _running(case):
        good = True
        for finding in (*_handed(case, vm, home, needs), *_missing(case, vm, needs)):
            good = False
            yield finding
        if good:
            told = ", ".join((*needs.links, *needs.networks, *needs.files)) or "nothing more"
            seen = f"needs {told} of its host"
            yield Finding(Topic.DEVICES, "devices", State.OK, seen, vm=vm)


def _missing(case: Case, vm: str, needs: Needs) -> Iterator[Finding]:
    things = [("link", name, f"link {name}") for name in needs.links]
    things += [("file", name, f"file {name}") for name in needs.files]
    looks = [("there", THINGS, things)] if things else []
    if networks := [("network", name, name) for name in needs.networks]:
        looks.append(("network", NETWORKS.name, networks))
    for target in filter(case.answered, case.targets(vm)) if looks else ():
        for kind, probe, wanted in looks:
            output = case.output(target, probe)
            if not output.ok:
                what = f"what {vm} needs there ({kind})"
                unknown = unanswered(Topic.DEVICES, "devices", target, what, output)
                yield Finding(
                    Topic.DEVICES, "devices", State.UNKNOWN, unknown.seen, node=target, vm=vm
                )
                continue
            known = {line.strip() for line in output.lines}
            for what, name, line in wanted:
                if line not in known:
                    yield _not_there(vm, target, what, name)


def _not_there(vm: str, target: str, what: str, name: str) -> Finding:
    quoted = shlex.quote(name)
    seen, cure = {
        "link": (f"there is no bridge or link {name}", f"ip link show {quoted}"),
        "network": (
            f"the network {name} is not active",
            f"virsh -c qemu:///system net-start {quoted}",
        ),
        "file": (f"there is no {name}", f"ls -l {quoted}"),
    }[what]
    cures = [Cure((cure,))]
    if what == "network":
        cures.append(Cure((f"virsh -c qemu:///system net-autostart {quoted}",)))
    return Finding(
        Topic.DEVICES,
        "devices",
        State.WRONG,
        seen,
        f"{vm} uses it, and can neither be migrated to {target} nor started there",
        target,
        vm,
        tuple(cures),
        effect=Effect.SENDING_FAILS,
        ways=(Way(target=target),),
    )


def _handed(case: Case, vm: str, home: str, needs: Needs) -> Iterator[Finding]:
    for kind in dict.fromkeys(needs.handed):
        version = re.search(r"libvirt (\d{1,4})\.", case.output(home, VERSION.name).stdout)
        forbidden = kind != "usb" and version is not None and int(version[1]) <= _ALL_FORBIDDEN
        yield Finding(
            Topic.DEVICES,
            "devices",
            State.WRONG if forbidden else State.UNKNOWN,
            f"it has a device of its host ({kind})",
            "libvirt refuses to migrate it"
            if forbidden
            else "it can be migrated only where the other node has such a device, and QEMU can",
            vm=vm,
            effect=Effect.SENDING_FAILS if forbidden else None,
        )
