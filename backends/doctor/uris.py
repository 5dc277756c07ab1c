"""Where the agents migrate to: the URIs that they make of their parameters. Pure.

Source: `VirtualDomain_migrate_to` and `mk_migrateuri` of resource-agents 4.12; alteeve's server
agent goes over ssh and through a tunnel.
"""

from __future__ import annotations

import re

from backends.doctor.configuration import Resource
from backends.pacemaker.agents import ALTEEVE_SERVER

TLS, TCP, SSH = "tls", "tcp", "ssh"
TRANSPORTS = frozenset({TLS, TCP, SSH, "libssh", "libssh2"})
"""What libvirt knows of them for another host."""

_USER = re.compile(r"[a-z][-a-z0-9]*")
_HYPERVISOR = re.compile(r"(.*)://[^/:]*(:?[0-9]*)/(.*)")
_SCHEME = re.compile(r"[^:+]+(?:\+([^:]+))?://(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)")


def target_name(resource: Resource, node: str) -> str:
    """The name under which the target is reached: with the suffix of the migration network."""
    suffix = resource.parameters.get("migration_network_suffix", "")
    first, dot, rest = node.partition(".")
    return f"{first}{suffix}{dot}{rest}"


def remote_uri(resource: Resource, node: str) -> str:
    """What virsh connects to when this VM is to come to that node."""
    if resource.agent == ALTEEVE_SERVER:
        return f"qemu+ssh://{node}/system"
    own = resource.parameters.get("remoteuri")
    if own:
        return own.replace("%n", node)
    transport = resource.parameters.get("migration_transport", "")
    user = resource.parameters.get("migration_user", "")
    name = target_name(resource, node)
    if _USER.fullmatch(user):
        name = f"{user}@{name}"
    hypervisor = resource.parameters.get("hypervisor") or "qemu:///system"
    found = _HYPERVISOR.fullmatch(hypervisor)
    if found is None:
        return hypervisor
    plus = f"+{transport}" if transport else ""
    return f"{found[1]}{plus}://{name}{found[2]}/{found[3]}"


def transport_of(uri: str) -> str:
    """`tls` where the URI names none (libvirt's default for a remote host)."""
    found = _SCHEME.match(uri)
    return (found[1] if found is not None else None) or TLS


def host_of(uri: str) -> str:
    """The machine that a URI names; empty for none."""
    found = _SCHEME.match(uri)
    return found[2] if found is not None else ""


def memory_host(resource: Resource, node: str) -> str | None:
    """Where the RAM goes on a port of QEMU's own; `None` where it goes another way."""
    options = resource.parameters.get("migrate_options", "")
    given = resource.parameters.get("migrateuri") or "--migrateuri=" in options
    if resource.agent == ALTEEVE_SERVER or given or resource.parameters.get("migrateport"):
        return None
    return None if "--tunnelled" in options else target_name(resource, node)
