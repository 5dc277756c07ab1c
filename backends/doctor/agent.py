"""Topic 4: parameters that the agent itself refuses, or passes over without a word.

Sources: `VirtualDomain_validate_all`, which comes before every action, `mk_migrateuri` and
`VirtualDomain_migrate_to` of resource-agents 4.12 to 4.16; the schemes of a migration URI are those
of `qemuMigrationSrcPerformNative` and `qemuMigrationDstPrepareDirect` of libvirt 11.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from backends.data import commands
from backends.data.examination import Cure, Effect, Finding, Probe, State, Topic, Way
from backends.doctor.case import Case, once
from backends.doctor.configuration import Resource
from backends.doctor.uris import (
    LOCAL_QEMU,
    QEMU,
    SSH,
    SSH_TRANSPORTS,
    TUNNELS,
    UNABLE,
    driver,
    driver_of,
    hypervisor_of,
    is_user,
    makes_remote,
    migrate_uri,
    picks_port,
    remote_uri,
    scheme_of,
    transport_of,
)
from backends.pacemaker.agents import ALTEEVE_SERVER
from backends.pacemaker.xml import truth

SYNC = Probe.of("csync2", "sh", "-c", "command -v csync2; true")
_SCHEMES = frozenset({"tcp", "rdma", "unix"})
_DECIMAL = re.compile(r"[0-9]+")
_SHUTDOWN_MODES = ("acpi", "agent", "initctl", "signal", "paravirt")
"""What `virsh shutdown --mode` takes; several are joined by commas."""
_EVERY_ACTION = "the agent refuses every action on it, and so a migration, a start and a probe"


def probes(case: Case, _node: str) -> Iterator[Probe]:
    """csync2, without which `sync_config_on_stop` ends every action."""
    if _synced(case):
        yield SYNC


@once
def _synced(case: Case) -> frozenset[str]:
    """The VMs whose config file the agent hands on to the other nodes."""
    return frozenset(
        vm.id for vm, resource in case.vms if _set(resource, "sync_config_on_stop") is True
    )


def judge(case: Case) -> Iterator[Finding]:
    for vm, resource in case.vms:
        if resource.agent != ALTEEVE_SERVER:
            for finding in (
                *_refused(resource),
                *_leading(resource),
                *_user(resource),
                *_hypervisor(case, resource),
                *_shutdown(resource),
            ):
                yield replace(finding, vm=vm.id)
    for node in case.nodes:
        output = case.output(node, SYNC.name)
        if output.ok and not output.lines and _synced(case):
            yield _no_csync2(case, node)


def _set(resource: Resource, name: str) -> bool | None:
    return truth(resource.parameters.get(name))


def _refused(resource: Resource) -> Iterator[Finding]:
    """What `VirtualDomain_validate_all` ends with «not configured»."""
    given = resource.parameters
    for name, unit in (("migration_speed", "MiB/s"), ("migration_downtime", "ms")):
        said = given.get(name, "").strip()
        if said and not _DECIMAL.fullmatch(said):
            seen = f"{name} is {said}: only a whole number of {unit} is taken, without a unit"
            number = re.match(r"[0-9]+", said)
            command = commands.set_parameter(resource.id, name, number[0] if number else "0")
            yield _wrong(name, seen, _EVERY_ACTION, *Cure.of(command, restarts=True))
    if _set(resource, "force_stop") is True and given.get("snapshot"):
        seen = f"force_stop is set beside snapshot ({given['snapshot']})"
        yield _wrong("snapshot", seen, _EVERY_ACTION, *_unset(resource, "force_stop", "snapshot"))
    if _set(resource, "stateless") is True and not given.get("backingfile"):
        seen = "stateless is set, and no backingfile"
        yield _wrong("stateless", seen, _EVERY_ACTION, *_unset(resource, "stateless"))


def _leading(resource: Resource) -> Iterator[Finding]:
    """Where the RAM and the call for it are sent."""
    given = resource.parameters
    uri = migrate_uri(resource)
    if uri and driver_of(resource) == QEMU and not TUNNELS.intersection(_options(resource)):
        scheme = scheme_of(uri)
        if scheme not in _SCHEMES:
            seen = (
                f"migrateuri is {uri}: {scheme} is no scheme of a migration"
                if scheme
                else f"migrateuri is {uri}, without a scheme"
            )
            why = (
                "the RAM goes over tcp, rdma or unix: libvirt refuses the migration at once; what "
                "connects the two libvirts is migration_transport or remoteuri"
            )
            yield _wrong("migrateuri", seen, why, Cure(("migrateuri=tcp://%n",)))
    for name, said in (("migrateuri", uri), ("remoteuri", given.get("remoteuri"))):
        if said and "%n" not in said and scheme_of(said) != "unix":
            yield Finding(
                Topic.RESOURCE,
                name,
                State.WARNING,
                f"{name} is {said}, without %n",
                "a migration to any node goes to this one, and from it to itself",
            )
    port = given.get("migrateport", "")
    if port and picks_port(resource) and not _DECIMAL.fullmatch(port):
        why = "no port to which the RAM could go: libvirt refuses the migration"
        yield _wrong("migrateport", f"migrateport is {port}", why, *_unset(resource, "migrateport"))


def _user(resource: Resource) -> Iterator[Finding]:
    user = resource.parameters.get("migration_user", "")
    if not user or resource.parameters.get("remoteuri"):
        return
    transport = transport_of(remote_uri(resource, "node"))
    seen = f"migration_user is {user}"
    if not is_user(user):
        why = (
            "the agent takes small letters, digits and hyphens, and passes over any other name: "
            "root logs in on the target"
        )
    elif transport not in SSH_TRANSPORTS:
        seen = f"{seen}, and the transport {transport}"
        why = f"only {SSH} logs in as a user: over {transport} it means nothing"
    else:
        return
    yield Finding(Topic.RESOURCE, "migration_user", State.WARNING, seen, why)


def _hypervisor(case: Case, resource: Resource) -> Iterator[Finding]:
    uri, kind = resource.parameters.get("hypervisor") or LOCAL_QEMU, driver_of(resource)
    if kind in UNABLE:
        why = f"libvirt's driver for {kind} cannot migrate: a move is a failed one, and a restart"
        yield _wrong("hypervisor", f"hypervisor is {uri}", why)
    elif not resource.parameters.get("remoteuri") and not makes_remote(resource):
        why = "the agent makes no URI of another host from it: it would migrate to itself"
        yield _wrong("hypervisor", f"hypervisor is {uri}", why, Cure((f"hypervisor={LOCAL_QEMU}",)))
    elif kind != driver(hypervisor_of(case)):
        why = f"the nodes are asked by {hypervisor_of(case)}: of its domain nothing is learned"
        yield Finding(Topic.RESOURCE, "hypervisor", State.UNKNOWN, f"hypervisor is {uri}", why)
    elif kind != QEMU:
        why = "what QEMU needs for a migration is not asked for"
        yield Finding(Topic.RESOURCE, "hypervisor", State.OK, f"hypervisor is {uri}", why)


def _shutdown(resource: Resource) -> Iterator[Finding]:
    said = resource.parameters.get("shutdown_mode", "")
    unknown = [mode for mode in filter(None, said.split(",")) if mode not in _SHUTDOWN_MODES]
    if unknown:
        yield Finding(
            Topic.RESOURCE,
            "shutdown_mode",
            State.WARNING,
            f"shutdown_mode is {said}: virsh knows {', '.join(_SHUTDOWN_MODES)}",
            "virsh refuses to shut the guest down: whatever stops it cuts its power instead",
            cures=_unset(resource, "shutdown_mode"),
        )


def _options(resource: Resource) -> list[str]:
    return resource.parameters.get("migrate_options", "").split()


def _no_csync2(case: Case, node: str) -> Finding:
    vms = tuple(vm.id for vm, _ in case.vms if vm.id in _synced(case))
    return Finding(
        Topic.RESOURCE,
        "sync_config_on_stop",
        State.WRONG,
        "sync_config_on_stop is set, and csync2 is not installed",
        "the agent ends every action there with «not installed»",
        node,
        cures=(Cure(("install csync2 there, or unset sync_config_on_stop",)),),
        concerns=vms,
        effect=Effect.SENDING_FAILS,
        ways=(Way(source=node), Way(target=node)),
    )


def _unset(resource: Resource, *names: str) -> tuple[Cure, ...]:
    """One of these parameters taken away; which, is for the operator to say."""
    lines = (f"crm_resource --resource {resource.id} --delete-parameter {name}" for name in names)
    return tuple(Cure((line,), restarts=True) for line in lines)


def _wrong(check: str, seen: str, why: str, *cures: Cure) -> Finding:
    return Finding(
        Topic.RESOURCE, check, State.WRONG, seen, why, cures=cures, effect=Effect.SENDING_FAILS
    )
