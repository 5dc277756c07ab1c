"""What the cluster of the lab runs: its VMs, and the CIB that Pacemaker starts from."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from lab import files

MEMORY_MIB = 128
MONITOR_S = 60
"""Each monitor is some thirty processes: every 10 s, five VMs cost as much as their guests. A test
that has a guest vanish and waits until Pacemaker notices asks for shorter ones."""


@dataclass(frozen=True, slots=True)
class VM:
    """One VM as it is seeded. `migration_mib_per_s` limits the speed of its migrations."""

    name: str
    node: str
    live: bool = True
    domain: str = ""
    dirty_mib_per_s: float = 0.0
    buffer_mib: int = 0
    migration_mib_per_s: int = 0
    after_clone: bool = False
    group: str = ""

    @property
    def domain_name(self) -> str:
        return self.domain or self.name


VMS = (
    VM("web1", "alpha", dirty_mib_per_s=1.0, buffer_mib=64, migration_mib_per_s=14),
    VM("web2", "alpha", dirty_mib_per_s=0.5, buffer_mib=40, migration_mib_per_s=22),
    VM("db1", "bravo", live=False),
    VM("app1", "charlie", domain="app1-guest", after_clone=True),
    VM("mail1", "bravo", group="mail"),
)
CLONE = "storage-clone"


def preferred_node(vm: VM, nodes: Sequence[str]) -> str:
    """Where a VM starts: its own choice, or the first node where that one is not built."""
    return vm.node if vm.node in nodes else nodes[0]


def domain_xml(vm: VM) -> str:
    """The libvirt configuration of a VM."""
    return files.fill(
        "domain.xml",
        name=vm.name,
        domain=vm.domain_name,
        uuid=uuid.uuid5(uuid.NAMESPACE_DNS, f"lab-{vm.name}"),
        mac=f"52:54:00:4c:41:{VMS.index(vm) + 1:02x}",
        memory_mib=MEMORY_MIB,
        dirty_mib_per_s=vm.dirty_mib_per_s,
        buffer_mib=vm.buffer_mib,
    )


def cib_xml(nodes: Sequence[str]) -> str:
    """A CIB that has never run. A crm_feature_set newer than the daemons' fails every update."""
    cib = Element(
        "cib",
        {
            "validate-with": "pacemaker-3.8",
            "crm_feature_set": "3.0.14",
            "admin_epoch": "0",
            "epoch": "1",
            "num_updates": "0",
        },
    )
    configuration = SubElement(cib, "configuration")
    _options(SubElement(configuration, "crm_config"))
    SubElement(configuration, "nodes")
    resources = SubElement(configuration, "resources")
    constraints = SubElement(configuration, "constraints")
    _fencing(resources, nodes)
    clone = SubElement(resources, "clone", id=CLONE)
    _pairs(clone, "meta_attributes", f"{CLONE}-meta", {"interleave": "true"})
    _dummy(clone, "storage")
    groups: dict[str, Element] = {}
    for vm in VMS:
        node = preferred_node(vm, nodes)
        parent, placed = resources, vm.name
        if vm.group:
            placed = vm.group
            if vm.group not in groups:
                groups[vm.group] = SubElement(resources, "group", id=vm.group)
                _dummy(groups[vm.group], f"{vm.group}-ip")
            parent = groups[vm.group]
        _virtual_domain(parent, vm)
        SubElement(
            constraints, "rsc_location", id=f"prefer-{placed}", rsc=placed, node=node, score="50"
        )
        if vm.after_clone:
            SubElement(
                constraints,
                "rsc_order",
                {"id": f"order-{vm.name}", "first": CLONE, "then": vm.name, "kind": "Mandatory"},
            )
    defaults = SubElement(configuration, "rsc_defaults")
    _pairs(defaults, "meta_attributes", "rsc-options", {"resource-stickiness": "100"})
    SubElement(cib, "status")
    return ElementTree.tostring(cib, encoding="unicode")


def _options(parent: Element) -> None:
    """`load-threshold`: on a busy machine Pacemaker would begin one action a node at a time, and
    what is to be seen side by side would come one after the other."""
    options = {
        "cluster-name": "lab",
        "stonith-enabled": "true",
        "stonith-action": "off",
        "dc-deadtime": "2s",
        "cluster-recheck-interval": "60s",
        "no-quorum-policy": "stop",
        "migration-limit": "2",
        "load-threshold": "0%",
    }
    _pairs(parent, "cluster_property_set", "cib-bootstrap-options", options)


def _fencing(parent: Element, nodes: Sequence[str]) -> None:
    fencing = SubElement(
        parent, "primitive", {"id": "fencing", "class": "stonith", "type": "fence_lab"}
    )
    parameters = {"pcmk_host_list": " ".join(nodes), "pcmk_host_check": "static-list"}
    _pairs(fencing, "instance_attributes", "fencing-params", parameters)
    _operations(fencing, {"monitor": (120, 20)})


def _dummy(parent: Element, name: str) -> None:
    agent = {"id": name, "class": "ocf", "provider": "pacemaker", "type": "Dummy"}
    _operations(SubElement(parent, "primitive", agent), {"monitor": (60, 20)})


def _virtual_domain(parent: Element, vm: VM) -> None:
    agent = {"id": vm.name, "class": "ocf", "provider": "heartbeat", "type": "VirtualDomain"}
    primitive = SubElement(parent, "primitive", agent)
    parameters = {
        "config": f"/srv/lab/vm/{vm.name}.xml",
        "hypervisor": "qemu:///system",
        "migration_transport": "tcp",
        # libvirt takes a bind mount for a file system that is not shared.
        "migrate_options": "--unsafe",
        "autoset_utilization_cpu": "false",
        "autoset_utilization_hv_memory": "false",
        "autoset_utilization_host_memory": "false",
    }
    if vm.migration_mib_per_s:
        parameters["migration_speed"] = str(vm.migration_mib_per_s)
    _pairs(primitive, "instance_attributes", f"{vm.name}-params", parameters)
    if vm.live:
        _pairs(primitive, "meta_attributes", f"{vm.name}-meta", {"allow-migrate": "true"})
    timeouts = {"start": 90, "stop": 60, "migrate_to": 180, "migrate_from": 60}
    operations = {name: (0, timeout) for name, timeout in timeouts.items()}
    _operations(primitive, {"monitor": (MONITOR_S, 30), **operations})


def _operations(parent: Element, operations: dict[str, tuple[int, int]]) -> None:
    listed = SubElement(parent, "operations")
    for name, (interval_s, timeout_s) in operations.items():
        SubElement(
            listed,
            "op",
            id=f"{parent.get('id')}-{name}",
            name=name,
            interval=f"{interval_s}s",
            timeout=f"{timeout_s}s",
        )


def _pairs(parent: Element, kind: str, name: str, pairs: dict[str, str]) -> None:
    block = SubElement(parent, kind, id=name)
    for key, value in pairs.items():
        SubElement(block, "nvpair", id=f"{name}-{key}", name=key, value=value)
