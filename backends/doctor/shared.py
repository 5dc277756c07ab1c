"""Probes that several topics read, and their parsers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from lxml import etree

from backends.data.errors import BadAnswer
from backends.data.examination import Finding, Output, Probe, State, Topic
from backends.data.picture import VM
from backends.doctor.case import Case, once
from backends.pacemaker import domains as config_names
from backends.pacemaker.xml import number, parse

OS_RELEASE = Probe.of("os-release", "cat", "/etc/os-release")
CAPABILITIES = Probe.of("capabilities", "virsh", "-c", "qemu:///system", "capabilities")
DOMAINS = Probe(
    "domains",
    "names=$(virsh -q -c qemu:///system list --name) || exit\n"
    """words=$(printf '%s\\n' "$names" | sed -n "/'/d; s/..*/dumpxml '&';/p")\n"""
    'if [ -n "$words" ]; then virsh -q -c qemu:///system "$words"; fi',
)
"""The live XML of every running domain, one document after the other."""
USER = Probe.of("user", "id", "-u")
PROCESSES = Probe.of("processes", "ps", "-eo", "pid=,comm=,args=")


def probes(case: Case, node: str) -> Iterator[Probe]:
    yield from (OS_RELEASE, CAPABILITIES, DOMAINS, PROCESSES, USER)
    files = _files_to_name(case)
    if files:
        yield Probe.of("domain names", *config_names.command(files))


@once
def _files_to_name(case: Case) -> list[str]:
    """Of the VMs whose domain's name the picture does not have yet."""
    return sorted({own.config for vm, own in case.vms if own.config and vm.domain is None})


@once
def domains(case: Case) -> Mapping[str, etree._Element]:
    """The live XML of each VM's domain, from the node on which it runs, where libvirt told it."""
    found: dict[str, etree._Element] = {}
    described = {node: _described(case.output(node, DOMAINS.name).stdout) for node in case.nodes}
    for vm, _ in case.vms:
        xml = described.get(vm.node or "", {}).get(_name_of_domain(case, vm))
        if xml is not None:
            found[vm.id] = xml
    return found


def _described(text: str) -> dict[str, etree._Element]:
    """The running domains of a node by name."""
    found: dict[str, etree._Element] = {}
    for part in text.split("</domain>")[:-1]:
        try:
            root = parse((part + "</domain>").encode(), "virsh dumpxml")
        except BadAnswer:
            continue
        found[root.findtext("name", "")] = root
    return found


def domain(case: Case, vm: str) -> etree._Element | None:
    """The live XML of a VM's domain."""
    return domains(case).get(vm)


def _name_of_domain(case: Case, vm: VM) -> str:
    own = case.configuration.resources.get(vm.id)
    if vm.domain is not None or own is None or own.config is None:
        return vm.domain or vm.id
    return _named_in_files(case).get(vm.node or "", {}).get(own.config, vm.id)


@once
def _named_in_files(case: Case) -> Mapping[str, Mapping[str, str]]:
    """By node, the domain's name in each config file there."""
    files = _files_to_name(case)
    return {
        node: config_names.parse(case.output(node, "domain names").stdout.encode(), files)
        for node in case.nodes
    }


@once
def capabilities(case: Case) -> Mapping[str, etree._Element]:
    """`virsh capabilities` of each node, where libvirt told them."""
    found: dict[str, etree._Element] = {}
    for node in case.nodes:
        output = case.output(node, CAPABILITIES.name)
        try:
            found[node] = parse(output.stdout.encode(), "virsh capabilities")
        except BadAnswer:
            continue
    return found


def memory_bytes(case: Case, vm: VM) -> int | None:
    """How much it has: from the picture, or from its live XML, where libvirt writes KiB."""
    if vm.memory_bytes is not None:
        return vm.memory_bytes
    xml = domain(case, vm.id)
    kib = number(xml.findtext("memory")) if xml is not None else None
    return kib * 1024 if kib is not None else None


def unanswered(topic: Topic, check: str, node: str, what: str, output: Output) -> Finding:
    """What cannot be told of a node, because a probe did not answer or could not be made."""
    if not output.answered:
        seen = f"{what}: no answer in time"
    elif output.missing:
        seen = f"{what}: the command for it is not installed there"
    else:
        seen = f"{what}: {output.said or f'exit code {output.exit_status}'}"
    return Finding(topic, check, State.UNKNOWN, seen, node=node)
