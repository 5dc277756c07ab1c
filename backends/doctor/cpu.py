"""Topic 5: can each running guest go on with its CPU, machine type and emulator on each other node?

What QEMU there could give is compared with the CPU that the guest has got here, not with what its
configuration asks for: `virsh hypervisor-cpu-compare` (libvirt 4.4 and newer).
"""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from backends.data.examination import Cure, Effect, Finding, Output, Probe, State, Topic, Way
from backends.doctor.case import Case, once
from backends.doctor.shared import DOMAINS, capabilities, domain, unanswered

_URI = "qemu:///system"


@dataclass(frozen=True, slots=True)
class Machine:
    """What a running guest needs of a node."""

    kind: str
    """`kvm`, `qemu`, …"""
    emulator: str
    arch: str
    type: str
    cpu: str | None
    """Its `<cpu>` element; `None` where it has QEMU's default."""
    passthrough: bool = False

    @property
    def probe(self) -> Probe | None:
        """The comparison, where there is a model to compare."""
        if self.cpu is None or self.passthrough:
            return None
        digest = hashlib.sha256(repr(self).encode()).hexdigest()[:16]
        words = (
            "virsh", "-q", "-c", _URI, "hypervisor-cpu-compare", "/dev/stdin", "--error",
            "--virttype", self.kind, "--emulator", self.emulator,
            "--arch", self.arch, "--machine", self.type,
        )  # fmt: skip
        script = f"printf %s {shlex.quote(self.cpu)} | {shlex.join(words)}"
        return Probe(f"cpu {digest}", script)


def machine_of(xml: etree._Element) -> Machine:
    """From the live XML of its domain."""
    cpu, os_type = xml.find("cpu"), xml.find("os/type")
    model = cpu is not None and cpu.find("model") is not None
    return Machine(
        kind=xml.get("type", "kvm"),
        emulator=xml.findtext("devices/emulator", ""),
        arch=os_type.get("arch", "x86_64") if os_type is not None else "x86_64",
        type=os_type.get("machine", "") if os_type is not None else "",
        cpu=etree.tostring(cpu, encoding="unicode", with_tail=False)
        if cpu is not None and model
        else None,
        passthrough=cpu is not None and cpu.get("mode") in ("host-passthrough", "maximum"),
    )


def further_probes(case: Case, node: str) -> Iterator[Probe]:
    """The comparisons with the guests of the other nodes, each kind once."""
    machines = [machine for machine, homes in _homes(case).items() if homes - {node}]
    emulators = sorted({machine.emulator for machine in machines} - {""})
    if emulators:
        script = f'for e in {shlex.join(emulators)}; do [ -x "$e" ] && echo "$e"; done; true'
        yield Probe("emulators", script)
    for machine in machines:
        if machine.probe is not None:
            yield machine.probe


@once
def _homes(case: Case) -> Mapping[Machine, set[str]]:
    """The nodes on which such a guest runs: there are few kinds, however many VMs there are."""
    found: dict[Machine, set[str]] = {}
    for _, home, machine in _running(case):
        found.setdefault(machine, set()).add(home)
    return found


@once
def _running(case: Case) -> tuple[tuple[str, str, Machine], ...]:
    """Each VM that libvirt described, where it runs, and what it needs."""
    return tuple(
        (vm.id, vm.node, machine_of(xml))
        for vm, _ in case.vms
        if (xml := domain(case, vm.id)) is not None and vm.node is not None
    )


def judge(case: Case) -> Iterator[Finding]:
    seen: set[str] = set()
    fits: dict[tuple[Machine, str | None], set[str]] = {}
    for vm, home, machine in _running(case):
        seen.add(vm)
        good: list[str] = []
        # Only where a guest has the CPU of its host does it matter which host that is.
        fit = fits.setdefault((machine, home if machine.passthrough else None), set())
        for target in filter(case.answered, case.targets(vm)):
            found = [] if target in fit else [*_judge_target(case, vm, machine, home, target)]
            yield from found
            if not found:
                fit.add(target)
                good.append(target)
        if good:
            text = f"its CPU, {machine.type} and {machine.emulator} are there on {', '.join(good)}"
            yield Finding(Topic.CPU, "cpu", State.OK, text, vm=vm)
    for known, _ in case.vms:
        if known.node and known.id not in seen and case.answered(known.node):
            output = case.output(known.node, DOMAINS.name)
            what = "the CPU of its domain"
            finding = unanswered(Topic.CPU, "cpu", known.node, what, output)
            yield Finding(
                Topic.CPU, "cpu", State.UNKNOWN, finding.seen, node=known.node, vm=known.id
            )


def _judge_target(
    case: Case, vm: str, machine: Machine, home: str, target: str
) -> Iterator[Finding]:
    emulators = case.output(target, "emulators")
    if machine.emulator and emulators.ok and machine.emulator not in emulators.lines:
        yield Finding(
            Topic.CPU,
            "emulator",
            State.WRONG,
            f"{machine.emulator} is not there",
            f"{vm} can neither be migrated to {target} nor started there",
            target,
            vm,
            (Cure((f"install the same QEMU as on {home}",)),),
            effect=Effect.SENDING_FAILS,
            ways=(Way(target=target),),
        )
        return
    if lacking := [*_judge_machine(case, vm, machine, target)]:
        # Of a machine type that it lacks libvirt does not compare the CPU.
        yield from lacking
        return
    if machine.passthrough:
        yield from _judge_passthrough(case, vm, home, target)
    elif machine.probe is not None:
        output = case.output(target, machine.probe.name)
        if output.answered and not output.ok and "incompatible" in output.stderr:
            yield Finding(
                Topic.CPU,
                "cpu",
                State.WRONG,
                f"its CPU cannot run there: {_lacking(output)}",
                f"a migration of {vm} to {target} fails when the guest is to go on there",
                target,
                vm,
                _CURES,
                effect=Effect.SENDING_FAILS,
                ways=(Way(target=target),),
            )
        elif not output.ok:
            yield _unknown(
                unanswered(Topic.CPU, "cpu", target, "whether its CPU can run", output), vm
            )


_CURES = (
    Cure(("virsh hypervisor-cpu-baseline FILE: FILE has `virsh domcapabilities` of every node",)),
    Cure(
        (
            "put the <cpu mode='custom' match='exact'> that it prints into the domain's XML on "
            "every node; the VM has it from its next start on",
        )
    ),
)


def _lacking(output: Output) -> str:
    return output.stderr.strip().splitlines()[-1].removeprefix("error: ").rpartition("CPU: ")[2]


def _unknown(finding: Finding, vm: str) -> Finding:
    return Finding(Topic.CPU, finding.check, State.UNKNOWN, finding.seen, node=finding.node, vm=vm)


def _judge_machine(case: Case, vm: str, machine: Machine, target: str) -> Iterator[Finding]:
    root = capabilities(case).get(target)
    if root is None:
        return
    arch = next((a for a in root.iterfind("guest/arch") if a.get("name") == machine.arch), None)
    kinds = [each.get("type") for each in arch.iterfind("domain")] if arch is not None else []
    if machine.kind not in kinds:
        yield Finding(
            Topic.CPU,
            "virtualisation",
            State.WRONG,
            f"{machine.kind} guests of {machine.arch} cannot run there",
            f"{vm} can neither be migrated to {target} nor started there",
            target,
            vm,
            (Cure(("virt-host-validate qemu",)),),
            effect=Effect.SENDING_FAILS,
            ways=(Way(target=target),),
        )
        return
    listed = list(arch.iterfind(".//machine")) if arch is not None else []
    types = {each.text for each in listed} | {each.get("canonical") for each in listed}
    if machine.type and machine.type not in types:
        yield Finding(
            Topic.CPU,
            "machine type",
            State.WRONG,
            f"no machine type {machine.type} there",
            f"the QEMU of {target} is older than what {vm} runs on: its migration fails",
            target,
            vm,
            (Cure((f"bring QEMU on {target} up to the version of the other nodes",)),),
            effect=Effect.SENDING_FAILS,
            ways=(Way(target=target),),
        )


def _judge_passthrough(case: Case, vm: str, home: str, target: str) -> Iterator[Finding]:
    ours, theirs = _host_cpu(case, home), _host_cpu(case, target)
    if ours is None or theirs is None:
        seen = "the CPU of the host, which it has, is not known on both nodes"
        yield Finding(Topic.CPU, "cpu", State.UNKNOWN, seen, node=target, vm=vm)
    elif ours != theirs:
        # Two releases of libvirt have two names for one CPU, and its features stand beside a name.
        same = _silicon(case, home) == _silicon(case, target) is not None
        renamed = same and ours[0] != theirs[0]
        lacking = [] if renamed else sorted(ours[1] - theirs[1])
        wrong = not renamed and (bool(lacking) or ours[0] != theirs[0])
        less = f", which lacks {', '.join(lacking)}" if lacking else ""
        yield Finding(
            Topic.CPU,
            "cpu",
            State.WRONG if wrong else State.WARNING,
            f"it has the CPU of its host ({ours[0]}); there it is {theirs[0]}{less}",
            "the guest goes on with instructions that the CPU there may not have, and crashes",
            target,
            vm,
            _CURES,
            effect=Effect.HARMS if wrong else None,
            ways=(Way(target=target),),
        )


def _silicon(case: Case, node: str) -> tuple[str, ...] | None:
    """Vendor, family, model and stepping, of a libvirt that tells (6.0)."""
    root = capabilities(case).get(node)
    found = root.find("host/cpu/signature") if root is not None else None
    if root is None or found is None:
        return None
    numbers = (found.get(name, "") for name in ("family", "model", "stepping"))
    return (root.findtext("host/cpu/vendor", ""), *numbers)


def _host_cpu(case: Case, node: str) -> tuple[str, frozenset[str]] | None:
    """Vendor and model, and the features beyond that model."""
    root = capabilities(case).get(node)
    cpu = root.find("host/cpu") if root is not None else None
    if cpu is None:
        return None
    name = f"{cpu.findtext('vendor', '')} {cpu.findtext('model', '')}".strip()
    return name, frozenset(each.get("name", "") for each in cpu.iterfind("feature"))
