"""What libvirt keeps of the VMs beside Pacemaker: a definition in the way, a start at boot.

VirtualDomain needs no definition in libvirt. One by the name of a VM with another UUID, or the
other way round, keeps it from arriving ("domain … is already defined with uuid …",
virdomainobjlist.c).
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.data.picture import VM
from backends.doctor.case import Case
from backends.doctor.shared import domain, unanswered

DEFINED = Probe(
    "defined domains",
    "virsh -q -c qemu:///system list --all --persistent --uuid --name || exit\n"
    "echo '#autostart'\n"
    "virsh -q -c qemu:///system list --all --autostart --name",
)
_CHECK = "definition"
_LINE = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}) +(.*?) *")


@dataclass(frozen=True, slots=True)
class Defined:
    """`uuids` are by name, `names` by UUID."""

    uuids: dict[str, str]
    names: dict[str, str]
    autostart: frozenset[str]

    def concerns(self, name: str, uuid: str | None) -> bool:
        """Whether anything is defined there by this name or this UUID."""
        return name in self.uuids or uuid in self.names or name in self.autostart


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield DEFINED


def parse_defined(text: str) -> Defined:
    """What `DEFINED` printed."""
    listed, _, started = text.partition("#autostart\n")
    found = filter(None, map(_LINE.fullmatch, listed.splitlines()))
    uuids = {line[2]: line[1] for line in found}
    begun = frozenset(filter(None, (line.rstrip() for line in started.splitlines())))
    return Defined(uuids, {uuid: name for name, uuid in uuids.items()}, begun)


def judge(case: Case) -> Iterator[Finding]:
    if not case.vms:
        return
    known = [(vm, *_known_as(case, vm)) for vm, _ in case.vms]
    for node in filter(case.answered, case.nodes):
        output = case.output(node, DEFINED.name)
        if not output.ok:
            yield unanswered(
                Topic.RESOURCE, _CHECK, node, "what libvirt itself has defined", output
            )
            continue
        defined = parse_defined(output.stdout)
        good = True
        for vm, name, uuid in known:
            if not defined.concerns(name, uuid):
                continue
            for finding in _judge_vm(vm, name, uuid, node, defined):
                good = False
                yield finding
        if good:
            seen = "libvirt has no definition of its own in a VM's way"
            yield Finding(Topic.RESOURCE, _CHECK, State.OK, seen, node=node)


def _known_as(case: Case, vm: VM) -> tuple[str, str | None]:
    """Its domain's name, and its UUID while it runs."""
    xml = domain(case, vm.id)
    if xml is None:
        return vm.domain or "", None
    return xml.findtext("name", ""), xml.findtext("uuid")


def _judge_vm(
    vm: VM, name: str, uuid: str | None, node: str, defined: Defined
) -> Iterator[Finding]:
    if name in defined.autostart:
        words = ("virsh", "-c", "qemu:///system", "autostart", "--disable", name)
        yield Finding(
            Topic.RESOURCE,
            _CHECK,
            State.WRONG,
            f"libvirt itself starts {name} when the node boots",
            f"{vm.id} may then run twice, on one disk: only Pacemaker may start it",
            node,
            vm.id,
            (Cure((shlex.join(words),)),),
        )
    if uuid is None or node == vm.node:
        return
    for other in dict.fromkeys((name, defined.names.get(uuid, name))):
        its_uuid = defined.uuids.get(other)
        if its_uuid is not None and (other == name) != (its_uuid == uuid):
            yield Finding(
                Topic.RESOURCE,
                _CHECK,
                State.WRONG,
                f"libvirt has a domain {other} of its own there, with UUID {its_uuid}",
                f"that is another one than {vm.id}, and libvirt refuses to let it in",
                node,
                vm.id,
                (Cure((shlex.join(("virsh", "-c", "qemu:///system", "undefine", other)),)),),
                effect=Effect.SENDING_FAILS,
                ways=(Way(target=node),),
            )
