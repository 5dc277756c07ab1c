"""What the CIB of a simulated cluster would be: the doctor reads it like any other."""

from __future__ import annotations

from collections.abc import Mapping

from lxml import etree

from backends.clusters.simulated.examined import carried_by_xml, config_file
from backends.clusters.simulated.state import Guest, Location, MiB, State
from backends.clusters.simulated.status_section import status
from backends.data.picture import ConstraintKind

FENCE_PASSWORD = "S1mulated-not-to-be-seen"
"""Every real CIB has such a word in it, and no screen may show it."""


def cib(state: State) -> bytes:
    """The configuration of this cluster, as `cibadmin --query` would print it."""
    root = etree.Element("cib", _head(state))
    configuration = etree.SubElement(root, "configuration")
    options = etree.SubElement(configuration, "crm_config")
    limit = {} if state.migration_limit is None else {"migration-limit": str(state.migration_limit)}
    resting = {"maintenance-mode": "true"} if state.maintenance else {}
    set_ = {"cluster-name": state.name, "stonith-enabled": "true", **limit, **resting}
    _pairs(options, "cluster_property_set", "options", set_)
    nodes = etree.SubElement(configuration, "nodes")
    for host in state.hosts.values():
        node = etree.SubElement(nodes, "node", {"id": host.id, "uname": host.name})
        said = {"standby": host.standby, "maintenance": host.maintenance}
        words = {word: "on" for word, true in said.items() if true}
        _pairs(node, "instance_attributes", f"node-{host.id}", words)
    resources = etree.SubElement(configuration, "resources")
    constraints = etree.SubElement(configuration, "constraints")
    fencing = {"id": "fencing", "class": "stonith", "type": "fence_ipmilan"}
    device = etree.SubElement(resources, "primitive", fencing)
    _pairs(device, "instance_attributes", "fencing-params", {"passwd": FENCE_PASSWORD})
    for guest in tuple(state.guests.values()):
        if carried_by_xml(guest.id):
            _vm(resources, guest)
            _dependencies(constraints, guest)
    for location in tuple(state.constraints):
        if carried_by_xml(location.vm):
            _location(constraints, location)
    status(root, state)
    return etree.tostring(root)


def _head(state: State) -> dict[str, str]:
    version, author = state.version, state.author
    dc = state.hosts[state.dc].id if state.dc is not None else ""
    return {
        "admin_epoch": str(version.admin_epoch),
        "epoch": str(version.epoch),
        "num_updates": str(version.num_updates),
        "update-user": author.user,
        "update-client": author.client,
        "update-origin": author.origin,
        "have-quorum": "1" if state.quorum else "0",
        "dc-uuid": dc,
        "execution-date": str(int(state.now)),
    }


def _vm(resources: etree._Element, guest: Guest) -> None:
    parent = resources
    if guest.group is not None:
        parent = etree.SubElement(resources, "group", {"id": guest.group})
        for name in guest.companions:
            words = {"id": name, "class": "ocf", "provider": "heartbeat", "type": "IPaddr2"}
            etree.SubElement(parent, "primitive", words)
    words = {"id": guest.id, "class": "ocf", "provider": "heartbeat", "type": "VirtualDomain"}
    primitive = etree.SubElement(parent, "primitive", words)
    parameters = {
        "config": config_file(guest),
        "hypervisor": "qemu:///system",
        "migration_transport": "ssh",
    }
    if guest.migration_speed_bytes_per_s:
        parameters["migration_speed"] = str(guest.migration_speed_bytes_per_s // MiB)
    parameters |= guest.parameters
    _pairs(primitive, "instance_attributes", f"{guest.id}-params", parameters)
    meta = {"allow-migrate": "true"} if guest.allow_migrate else {}
    if guest.target_role is not None:
        meta["target-role"] = guest.target_role
    if guest.maintenance:
        meta["maintenance"] = "true"
    if not guest.managed:
        meta["is-managed"] = "false"
    if meta:
        _pairs(primitive, "meta_attributes", f"{guest.id}-meta", meta)
    operations = etree.SubElement(primitive, "operations")
    for name, timeout_s in (
        ("migrate_to", guest.migrate_to_timeout_s),
        ("migrate_from", guest.migrate_from_timeout_s),
    ):
        on_fail = guest.on_fail if name == "migrate_to" else None
        if timeout_s is not None or on_fail is not None:
            words = {"id": guest.operation_id(name), "name": name, "interval": "0s"}
            op = etree.SubElement(operations, "op", words)
            if timeout_s is not None:
                op.set("timeout", f"{timeout_s:g}s")
            if on_fail is not None:
                op.set("on-fail", on_fail)


def _location(constraints: etree._Element, location: Location) -> None:
    score = "INFINITY" if location.kind is ConstraintKind.PREFER else "-INFINITY"
    words = {"id": location.id, "rsc": location.vm, "role": "Started", "node": location.node}
    etree.SubElement(constraints, "rsc_location", {**words, "score": score})


def _dependencies(constraints: etree._Element, guest: Guest) -> None:
    for first in (*guest.needs, *guest.after):
        words = {"id": f"order-{first}-{guest.id}", "first": first, "then": guest.id}
        etree.SubElement(constraints, "rsc_order", words)
    for other, score in ((guest.colocated_with, "INFINITY"), (guest.apart_from, "-INFINITY")):
        if other is not None:
            words = {"id": f"with-{guest.id}", "rsc": guest.id, "with-rsc": other, "score": score}
            etree.SubElement(constraints, "rsc_colocation", words)


def _pairs(parent: etree._Element, kind: str, name: str, pairs: Mapping[str, str]) -> None:
    if not pairs:
        return
    block = etree.SubElement(parent, kind, {"id": name})
    for key, value in pairs.items():
        etree.SubElement(block, "nvpair", {"id": f"{name}-{key}", "name": key, "value": value})
