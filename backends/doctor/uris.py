"""Where the agents migrate to: the URIs that they make of their parameters. Pure.

Source: `VirtualDomain_migrate_to` and `mk_migrateuri` of resource-agents 4.12; alteeve's server
agent goes over ssh and through a tunnel.
"""

from __future__ import annotations

import re
from collections import Counter

from backends.doctor.case import Case, once
from backends.doctor.configuration import Resource
from backends.pacemaker.agents import ALTEEVE_SERVER

TLS, TCP, SSH = "tls", "tcp", "ssh"
TRANSPORTS = frozenset({TLS, TCP, SSH, "libssh", "libssh2"})
"""What libvirt knows of them for another host."""

SSH_TRANSPORTS = frozenset({SSH, "libssh", "libssh2"})
QEMU = "qemu"
LOCAL_QEMU = "qemu:///system"
UNABLE = frozenset({"lxc", "test"})
"""Drivers of libvirt without migration."""
TUNNELS = frozenset({"--tunnelled"})
"""With these of virsh's options the RAM goes through the connection of the two libvirts."""

_USER = re.compile(r"[a-z][-a-z0-9]*")
_HYPERVISOR = re.compile(r"(.*)://[^/:]*(:?[0-9]*)/(.*)")
_SCHEME = re.compile(r"[^:+]+(?:\+([^:]+))?://(?:[^@/]*@)?(\[[^\]]*\]|[^/:]*)")


@once
def routes(case: Case) -> tuple[tuple[Resource, tuple[str, ...]], ...]:
    """The VMs by the way that their migrations take: one resource for all that take it, and their
    ids. There are few, however many VMs there are."""
    alike: dict[tuple[str | bool, ...], tuple[Resource, list[str]]] = {}
    for vm, resource in case.vms:
        alike.setdefault(_route(resource), (resource, []))[1].append(vm.id)
    return tuple((resource, tuple(vms)) for resource, vms in alike.values())


def _route(resource: Resource) -> tuple[str | bool, ...]:
    """All that the URIs of a migration are made of, but for the target."""
    parameters = (resource.parameters.get(name, "") for name in _LEADING)
    return (
        resource.agent == ALTEEVE_SERVER,
        _tunnelled(resource),
        migrate_uri(resource) or "",
        *parameters,
    )


_LEADING = (
    "hypervisor",
    "migrateport",
    "migration_network_suffix",
    "migration_transport",
    "migration_user",
    "remoteuri",
)


def target_name(resource: Resource, node: str) -> str:
    """The name under which the target is reached: with the suffix of the migration network."""
    return with_suffix(node, suffix_of(resource))


def suffix_of(resource: Resource) -> str:
    """What a node's name has added to it in the migration network."""
    return resource.parameters.get("migration_network_suffix", "")


def with_suffix(node: str, suffix: str) -> str:
    """A node's name in the migration network."""
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
    hypervisor = resource.parameters.get("hypervisor") or LOCAL_QEMU
    found = _HYPERVISOR.fullmatch(hypervisor)
    if found is None:
        return hypervisor
    plus = f"+{transport}" if transport else ""
    return f"{found[1]}{plus}://{name}{found[2]}/{found[3]}"


def transport_of(uri: str) -> str:
    """`tls` where the URI names none (libvirt's default for a remote host)."""
    found = _SCHEME.match(uri)
    return (found[1] if found is not None else None) or TLS


def user_of(uri: str) -> str:
    """Who logs in there; root, who runs the agent, where the URI names nobody."""
    found = re.match(r"[^:]+://([^@/]*)@", uri)
    return found[1] if found is not None else "root"


def host_of(uri: str) -> str:
    """The machine that a URI names; empty for none."""
    found = _SCHEME.match(uri)
    return found[2] if found is not None else ""


def driver_of(resource: Resource) -> str:
    """Of which kind of libvirt the VM is (`qemu`, `xen`, `lxc`, …)."""
    return driver(resource.parameters.get("hypervisor") or LOCAL_QEMU)


def driver(uri: str) -> str:
    """libvirt's driver in a URI of it."""
    return re.split(r"[+:]", uri, maxsplit=1)[0]


@once
def hypervisor_of(case: Case) -> str:
    """The libvirt that the VMs are of, by which the nodes are asked: that of most."""
    named = Counter(resource.parameters.get("hypervisor") or LOCAL_QEMU for _, resource in case.vms)
    return max(named, key=named.__getitem__, default=LOCAL_QEMU)


def makes_remote(resource: Resource) -> bool:
    """Whether the agent can put another host into the hypervisor's URI."""
    hypervisor = resource.parameters.get("hypervisor") or LOCAL_QEMU
    return _HYPERVISOR.fullmatch(hypervisor) is not None


def is_user(name: str) -> bool:
    """Whether the agent takes it for the name of a user."""
    return _USER.fullmatch(name) is not None


def scheme_of(uri: str) -> str:
    """What stands before the colon (`tcp:HOST:PORT` is of QEMU's old form); empty for nothing."""
    found = re.match(r"([A-Za-z][-A-Za-z0-9+.]*):", uri)
    return found[1] if found is not None else ""


def memory_host(resource: Resource, node: str) -> str | None:
    """Where the RAM goes on a port of QEMU's own; `None` where it goes another way."""
    if resource.agent == ALTEEVE_SERVER or _tunnelled(resource):
        return None
    given = migrate_uri(resource)
    if given is None:
        return target_name(resource, node)
    name = node if resource.parameters.get("remoteuri") else target_name(resource, node)
    return host_of(given.replace("%n", name)) or None


def _tunnelled(resource: Resource) -> bool:
    return bool(TUNNELS.intersection(resource.parameters.get("migrate_options", "").split()))


def picks_port(resource: Resource) -> bool:
    """Whether the agent picks the port, one of 64 from 49152 on, and not libvirt."""
    return bool(resource.parameters.get("migration_network_suffix")) and not migrate_uri(resource)


def names_port(resource: Resource) -> bool:
    """Whether every migration of it goes to one port that it names."""
    if given := migrate_uri(resource):
        return re.search(r":[0-9]+/?$", given) is not None
    return picks_port(resource) and bool(resource.parameters.get("migrateport"))


def migrate_uri(resource: Resource) -> str | None:
    """The one that is given; `%n` in it is the target, with its suffix where there is one."""
    options = resource.parameters.get("migrate_options", "")
    option = re.search(r"--migrateuri=(\S*)", options)
    return resource.parameters.get("migrateuri") or (option[1] if option is not None else None)
