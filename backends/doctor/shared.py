"""Probes that several topics read, and their parsers."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from backends.data.errors import BadAnswer
from backends.data.examination import Finding, Output, Probe, State, Topic
from backends.data.picture import VM
from backends.doctor.case import Case
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


def _files_to_name(case: Case) -> list[str]:
    """Of the VMs whose domain's name the picture does not have yet."""
    return sorted({own.config for vm, own in case.vms if own.config and vm.domain is None})


def domains(case: Case, node: str) -> dict[str, etree._Element]:
    """The running domains of a node by name; none where libvirt did not say."""
    return _described(case.output(node, DOMAINS.name).stdout)


@lru_cache(maxsize=32)
def _described(text: str) -> dict[str, etree._Element]:
    """Kept, because every topic asks for every VM: nobody may change what is returned."""
    found: dict[str, etree._Element] = {}
    for part in text.split("</domain>")[:-1]:
        try:
            root = parse((part + "</domain>").encode(), "virsh dumpxml")
        except BadAnswer:
            continue
        found[root.findtext("name", "")] = root
    return found


def domain(case: Case, vm: str) -> etree._Element | None:
    """The live XML of a VM's domain, from the node on which it runs."""
    known = case.picture.vm(vm)
    if known is None or known.node is None:
        return None
    return domains(case, known.node).get(_name_of_domain(case, known, known.node))


def _name_of_domain(case: Case, vm: VM, node: str) -> str:
    own = case.configuration.resources.get(vm.id)
    if vm.domain is not None or own is None or own.config is None:
        return vm.domain or vm.id
    text = case.output(node, "domain names").stdout.encode()
    return config_names.parse(text, _files_to_name(case)).get(own.config, vm.id)


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
