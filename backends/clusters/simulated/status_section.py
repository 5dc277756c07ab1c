"""The status of a simulated cluster, as the CIB would have it: its nodes, and what they did."""

from __future__ import annotations

from lxml import etree

from backends.clusters.simulated.examined import carried_by_xml
from backends.clusters.simulated.history import MONITOR
from backends.clusters.simulated.state import Guest, Host, State
from backends.data.picture import Operation

_MONITORED_EVERY_MS = 10_000


def status(root: etree._Element, state: State) -> None:
    """Put it under the CIB."""
    section = etree.SubElement(root, "status")
    guests = [guest for guest in tuple(state.guests.values()) if carried_by_xml(guest.id)]
    for host in state.hosts.values():
        node = etree.SubElement(section, "node_state", _node(host))
        lrm = etree.SubElement(node, "lrm", {"id": host.id})
        resources = etree.SubElement(lrm, "lrm_resources")
        for guest in guests:
            _done(resources, guest, host.name)


def _node(host: Host) -> dict[str, str]:
    member = host.online or host.pending
    joined = host.online and not host.pending
    return {
        "id": host.id,
        "uname": host.name,
        "in_ccm": "true" if member else "false",
        "crmd": "online" if member else "offline",
        "join": "member" if joined else "down",
        "expected": "member" if joined or host.unclean else "down",
    }


def _done(resources: etree._Element, guest: Guest, node: str) -> None:
    done = [(slot, op) for (where, slot), op in tuple(guest.history.items()) if where == node]
    if not done:
        return
    words = {"id": guest.id, "class": "ocf", "provider": "heartbeat", "type": "VirtualDomain"}
    resource = etree.SubElement(resources, "lrm_resource", words)
    for slot, operation in done:
        etree.SubElement(resource, "lrm_rsc_op", _entry(guest, slot, operation))


def _entry(guest: Guest, slot: str, operation: Operation) -> dict[str, str]:
    interval = _MONITORED_EVERY_MS if slot == MONITOR else 0
    key = f"{operation.call_id}:1:0:simulated"
    entry = {
        "id": f"{guest.id}_{slot}_{interval}",
        "operation": operation.task,
        "call-id": str(operation.call_id),
        "rc-code": str(operation.rc),
        "op-status": str(operation.status),
        "interval": str(interval),
        "transition-key": key,
        "transition-magic": f"{operation.status}:{operation.rc};{key}",
        "last-rc-change": str(int(operation.at or 0)),
        "exec-time": str(operation.exec_ms),
        "exit-reason": operation.exit_reason,
    }
    ends = {"migrate_source": operation.source, "migrate_target": operation.target}
    return entry | {name: node for name, node in ends.items() if node is not None}
