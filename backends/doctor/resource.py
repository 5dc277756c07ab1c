"""Topic 4: what the cluster is told of each VM."""

from __future__ import annotations

from collections.abc import Iterator

from backends.data import commands
from backends.data.examination import Cure, Effect, Finding, State, Topic
from backends.data.picture import VM
from backends.doctor.case import Case
from backends.doctor.configuration import Resource
from backends.doctor.uris import SSH, TRANSPORTS, remote_uri, transport_of
from backends.pacemaker.agents import ALTEEVE_SERVER
from backends.pacemaker.xml import truth

_LIKE_A_VM = ("virtualdomain", "server", "xen", "lxc", "managevm", "kvm", "vm")
_LIKE_A_VMS = frozenset({"migration_transport", "hypervisor", "migration_network_suffix"})
"""Parameters of VirtualDomain's that nobody else has."""
_CAPACITY = "crm_attribute --utilization --name hv_memory --update MEBIBYTES"


def judge(case: Case) -> Iterator[Finding]:
    for vm, resource in case.vms:
        yield _judge_allow_migrate(vm, resource)
        yield from _judge_transport(vm, resource)
        yield from _judge_role(vm, resource)
        yield from _judge_recording(vm, resource)
        yield from _judge_agent(vm, resource)
    if not case.vms:
        seen = "no resource of a VM agent (heartbeat, seapath, alteeve)"
        yield Finding(Topic.RESOURCE, "agent", State.NOT_USED, seen)
    for resource in case.configuration.resources.values():
        if not resource.is_vm and _looks_like_a_vm(resource):
            yield Finding(
                Topic.RESOURCE,
                "agent",
                State.WARNING,
                f"{resource.id} is run by {resource.agent}, which vmferry does not know",
                "if it is a VM, it is neither shown nor looked after: name its agent in "
                f'config.toml (agents = ["{resource.agent}"])',
            )
    yield from _judge_utilization(case)


def _looks_like_a_vm(resource: Resource) -> bool:
    """By its agent's name, or since it may migrate by a way that VMs have."""
    kind, _, rest = resource.agent.partition(":")
    name = rest.rpartition(":")[2].lower()
    migrates = resource.allow_migrate is True and not _LIKE_A_VMS.isdisjoint(resource.parameters)
    return kind == "ocf" and (name in _LIKE_A_VM or name.endswith("virtualdomain") or migrates)


def _judge_agent(vm: VM, resource: Resource) -> Iterator[Finding]:
    """A VirtualDomain of somebody else's may have parameters of its own."""
    if resource.config or vm.domain or vm.orphan:
        return
    yield Finding(
        Topic.RESOURCE,
        "agent",
        State.WARNING,
        f"{vm.id} is run by {resource.agent}, and neither its domain nor a file of it is named",
        "its domain is looked for by the name of the VM: say in config.toml what the parameters of "
        f'its agent mean (agents = [{{ agent = "{resource.agent}", domain = "PARAMETER" }}])',
        vm=vm.id,
    )


def _judge_allow_migrate(vm: VM, resource: Resource) -> Finding:
    said = resource.meta.get("allow-migrate")
    if resource.allow_migrate is None:
        seen = "allow-migrate: a rule decides that only Pacemaker can evaluate"
        return Finding(Topic.RESOURCE, "allow-migrate", State.UNKNOWN, seen, vm=vm.id)
    if resource.allow_migrate:
        seen = f"allow-migrate is {said}"
        return Finding(Topic.RESOURCE, "allow-migrate", State.OK, seen, vm=vm.id)
    return Finding(
        Topic.RESOURCE,
        "allow-migrate",
        State.WARNING,
        f"allow-migrate is {said or 'not set'}",
        "a move, a standby or a rebalancing shuts the guest down and boots it elsewhere",
        vm=vm.id,
        cures=Cure.of(commands.set_meta(vm.id, "allow-migrate", "true")),
        effect=Effect.RESTARTS,
    )


def _judge_transport(vm: VM, resource: Resource) -> Iterator[Finding]:
    if resource.agent == ALTEEVE_SERVER or resource.parameters.get("remoteuri"):
        return
    said = resource.parameters.get("migration_transport")
    transport = transport_of(remote_uri(resource, "node"))
    if transport not in TRANSPORTS:
        yield Finding(
            Topic.RESOURCE,
            "migration_transport",
            State.WRONG,
            f"migration_transport is {said}",
            "libvirt has no such transport for another host: every migration fails at once",
            vm=vm.id,
            cures=Cure.of(commands.set_parameter(vm.id, "migration_transport", SSH), restarts=True),
            effect=Effect.SENDING_FAILS,
        )
    else:
        seen = f"migration_transport is {said}" if said else "migration_transport is not set: TLS"
        yield Finding(Topic.RESOURCE, "migration_transport", State.OK, seen, vm=vm.id)


def _judge_role(vm: VM, resource: Resource) -> Iterator[Finding]:
    role = resource.meta.get("target-role")
    if role is None or role.lower() == "started":
        return
    if role.lower() == "stopped":
        seen = "target-role is Stopped: it is not to run"
        yield Finding(Topic.RESOURCE, "target-role", State.NOT_USED, seen, vm=vm.id)
        return
    yield Finding(
        Topic.RESOURCE,
        "target-role",
        State.WARNING,
        f"target-role is {role}",
        "only Started and Stopped mean something for a VM",
        vm=vm.id,
        cures=Cure.of(commands.set_meta(vm.id, "target-role", "Started")),
    )


def _judge_recording(vm: VM, resource: Resource) -> Iterator[Finding]:
    """Pacemaker records what is under way, unless it is told not to."""
    silent = [
        name
        for name in ("migrate_to", "migrate_from", "stop")
        if truth(resource.operations.get(name, {}).get("record-pending")) is False
    ]
    if silent:
        yield Finding(
            Topic.RESOURCE,
            "record-pending",
            State.WARNING,
            f"record-pending is false for {', '.join(silent)}",
            "while it goes on nobody sees it: a migration shows no progress, and can neither be "
            "guarded nor safely ended",
            vm=vm.id,
            cures=(Cure((f"record-pending=true for {', '.join(silent)}, or none at all",)),),
        )


def _judge_utilization(case: Case) -> Iterator[Finding]:
    strategy = case.configuration.options.get("placement-strategy", "default")
    if strategy == "default":
        seen = "placement-strategy is default: Pacemaker does not look at capacity"
        yield Finding(Topic.RESOURCE, "utilization", State.NOT_USED, seen)
        return
    known = case.configuration.node_utilization
    for node in case.nodes:
        if not known.get(node):
            yield Finding(
                Topic.RESOURCE,
                "utilization",
                State.WARNING,
                f"placement-strategy is {strategy}, and the node has no capacity set",
                "what it has not counts as nothing: no VM that needs some may come here",
                node,
                cures=(Cure((f"{_CAPACITY} --node {node}",)),),
            )
    for vm, resource in case.vms:
        if not resource.utilization:
            yield Finding(
                Topic.RESOURCE,
                "utilization",
                State.WARNING,
                f"placement-strategy is {strategy}, and it has no utilization",
                "for Pacemaker it needs nothing, and may be put on a node that is full",
                vm=vm.id,
            )
