"""crm_mon and the CIB joined into VMs and migrations. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from backends.data.picture import (
    LOST,
    VM,
    Cluster,
    LiveMigration,
    Migration,
    NodeState,
    Operation,
    Phase,
    VMState,
)
from backends.judgement.proof import only_on, source_of
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.cib import Cib, VMResource
from backends.pacemaker.status import Resource, Status

_ROLES = {
    "Started": VMState.RUNNING,
    "Promoted": VMState.RUNNING,
    "Unpromoted": VMState.RUNNING,
    "Master": VMState.RUNNING,
    "Slave": VMState.RUNNING,
    "Starting": VMState.STARTING,
    "Stopping": VMState.STOPPING,
    "Migrating": VMState.MIGRATING,
    "Stopped": VMState.STOPPED,
}


def pacemaker_picture(status: Status, cib: Cib, agents: Agents = KNOWN) -> Cluster:
    """What Pacemaker alone knows: the picture without libvirt's half."""
    resources = _by_id(status.resources)
    states = {node.name: node.state for node in status.nodes}
    places = {name: resource.nodes for name, resource in resources.items()}
    migrations = {
        migration.vm: migration
        for vm in cib.vms
        for migration in in_flight(vm.id, cib.history.get(vm.id, ()), states)
    }
    migrations.update({m.vm: m for m in _waiting(status, cib, migrations)})
    return Cluster(
        name=cib.cluster_name,
        dc=status.dc,
        quorum=status.quorum,
        maintenance=status.maintenance,
        fencing_enabled=status.fencing_enabled,
        migration_limit=cib.migration_limit,
        pacemaker_version=status.pacemaker_version,
        version=cib.version,
        nodes=tuple(replace(n, health=cib.obstacles.health.get(n.name)) for n in status.nodes),
        vms=(
            *(_vm(vm, resources.get(vm.id), cib, states, migrations, places) for vm in cib.vms),
            *_orphans(status, cib, agents, states),
        ),
        migrations=tuple(migrations.values()),
        failures=status.failures,
        fencing=status.fencing,
    )


def _by_id(resources: Iterable[Resource]) -> dict[str, Resource]:
    """Each once: the instances of a clone (`vm`, or `vm:0` where they are told apart) are one,
    active wherever any is, and otherwise as the worst of those that are active. Instances that a
    clone is to have no longer count where it has no other."""
    instances: dict[str, list[Resource]] = defaultdict(list)
    for resource in resources:
        instances[resource.id.partition(":")[0]].append(resource)
    return {name: _as_one(each) for name, each in instances.items()}


def _as_one(every: Sequence[Resource]) -> Resource:
    instances = [each for each in every if not each.orphan] or every
    nodes = tuple(dict.fromkeys(node for each in instances for node in each.nodes))
    worst = max(instances, key=lambda each: (bool(each.nodes), each.blocked, each.failed))
    return worst if worst.nodes == nodes else replace(worst, nodes=nodes)


def _orphans(
    status: Status, cib: Cib, agents: Agents, states: dict[str, NodeState]
) -> Iterator[VM]:
    """VMs that are no longer in the configuration and run all the same (`stop-orphan-resources`
    is off, or Pacemaker has not stopped them yet)."""
    configured = {vm.id for vm in cib.vms}
    for resource in status.resources:
        if (
            resource.orphan
            and resource.nodes
            and resource.id not in configured
            and agents.runs_a_domain(resource.agent)
        ):
            yield VM(
                id=resource.id,
                state=_state(resource, resource.nodes[0], states, None),
                node=resource.nodes[0],
                nodes=resource.nodes,
                agent=resource.agent,
                live_migration=LiveMigration(False, ORPHAN),
                orphan=True,
                managed=resource.managed,
                failed=resource.failed,
                history=cib.history.get(resource.id, ()),
            )


def in_flight(
    vm: str, history: tuple[Operation, ...], states: dict[str, NodeState]
) -> Iterator[Migration]:
    """The migration whose migrate_to is the newest thing that was done on its source, if any.

    It copies while that is pending; it switches over until migrate_from is recorded on the target;
    it stops the source until that stop is recorded there (the sequence of Pacemaker 2.1.5). Where
    migrate_from failed, it has ended, also when the target was stopped since.
    """
    newest: dict[str, Operation] = {}
    left: dict[str, Operation] = {}
    for operation in history:
        if operation.task != "monitor":
            newest[operation.node] = operation
        if operation.task == "migrate_to":
            left[operation.node] = operation
    for node, operation in left.items():
        target, last = operation.target, newest[node]
        if states.get(node, NodeState.OFFLINE) in LOST:
            continue
        if operation.pending:
            yield Migration(vm, node, target, Phase.COPYING)
        elif operation.succeeded and target is not None and states.get(target) not in LOST:
            arrived = newest.get(target)
            came = arrived if arrived is not None and arrived.task == "migrate_from" else None
            if came is not None and came.succeeded:
                if last is operation or (last.task == "stop" and last.pending):
                    yield Migration(vm, node, target, Phase.STOPPING)
            elif (
                last is operation
                and (came is None or came.pending)
                and not _was_in_vain(operation, history)
            ):
                yield Migration(vm, node, target, Phase.SWITCHING)


def _was_in_vain(sent: Operation, history: Iterable[Operation]) -> bool:
    """Whether its migrate_from failed, unless that is of an earlier migration the same way."""
    return any(
        came.task == "migrate_from"
        and (came.source, came.node) == (sent.node, sent.target)
        and not (came.pending or came.succeeded)
        and (came.at is None or sent.at is None or came.at >= sent.at)
        for came in history
    )


def _waiting(status: Status, cib: Cib, running: dict[str, Migration]) -> Iterator[Migration]:
    """VMs told to move while as many move as may: Pacemaker holds them back and says so nowhere.

    The limit is each node's own, for what leaves it and what comes together (`te_should_perform_
    action` of Pacemaker's controller).
    """
    if cib.migration_limit is None:
        return
    moving = Counter(node for m in running.values() for node in (m.source, m.target))
    full = {node for node, count in moving.items() if count >= cib.migration_limit}
    places = {
        resource.id: resource.nodes
        for resource in status.resources
        if resource.managed and not (resource.blocked or resource.failed)
    }
    online = {node.name for node in status.nodes if node.can_host}
    migratable = {vm.id for vm in cib.vms if vm.allow_migrate}
    for constraint in cib.constraints:
        place = places.get(constraint.vm, ())
        if (
            constraint.id == f"cli-prefer-{constraint.vm}"
            and constraint.vm in migratable - set(running)
            and len(place) == 1
            and constraint.node in online - {place[0]}
            and not full.isdisjoint((place[0], constraint.node))
        ):
            yield Migration(constraint.vm, place[0], constraint.node, Phase.WAITING)


def _vm(
    vm: VMResource,
    resource: Resource | None,
    cib: Cib,
    states: dict[str, NodeState],
    migrations: dict[str, Migration],
    places: Mapping[str, tuple[str, ...]],
) -> VM:
    nodes = resource.nodes if resource is not None else ()
    migration = migrations.get(vm.id)
    node = migration.source if migration is not None else _standing(nodes, states)
    known = VM(
        id=vm.id,
        state=_state(resource, node, states, migration),
        domain=vm.domain,
        node=node,
        nodes=nodes,
        agent=vm.agent,
        live_migration=_live_migration(vm),
        managed=resource.managed if resource is not None else True,
        failed=resource.failed if resource is not None else False,
        maintenance=vm.maintenance,
        own_maintenance=vm.own_maintenance,
        target_role=vm.target_role,
        group=vm.group,
        memory_bytes=vm.memory_bytes,
        constraints=tuple(c for c in cib.constraints if c.vm == vm.id),
        group_constraints=tuple(c for c in cib.constraints if vm.group and c.vm == vm.group),
        migrate_to_timeout_s=vm.migrate_to_timeout_s,
        migrate_from_timeout_s=vm.migrate_from_timeout_s,
        migrate_to_on_fail=vm.migrate_to_on_fail,
        migrate_to_op_id=vm.migrate_to_op_id,
        migration_speed_bytes_per_s=vm.migration_speed_bytes_per_s,
        history=cib.history.get(vm.id, ()),
        obstacles=cib.obstacles.of(vm.id, places),
    )
    if migration is not None or len(nodes) < 2:
        return known
    # After a failed migrate_to Pacemaker names both nodes; the guest goes on on its source.
    proven = source_of(known) or only_on(known) or node
    return replace(known, node=proven, state=_state(resource, proven, states, migration))


def _standing(nodes: Sequence[str], states: dict[str, NodeState]) -> str | None:
    """Of several nodes of which nothing more is known, one that is not lost."""
    seen = (node for node in nodes if states.get(node, NodeState.OFFLINE) not in LOST)
    return next(seen, next(iter(nodes), None))


ORPHAN = "it is no longer in the configuration"


def _live_migration(vm: VMResource) -> LiveMigration:
    if vm.allow_migrate is None:
        return LiveMigration(None, "allow-migrate hangs on a rule that only Pacemaker can evaluate")
    if vm.allow_migrate:
        return LiveMigration(True)
    said = f"allow-migrate is {vm.allow_migrate_said or 'not set'} on it"
    return LiveMigration(False, said)


def _state(
    resource: Resource | None,
    node: str | None,
    states: dict[str, NodeState],
    migration: Migration | None,
) -> VMState:
    if resource is None:
        return VMState.UNKNOWN
    if node is not None and states.get(node, NodeState.OFFLINE) in LOST:
        return VMState.UNKNOWN
    if resource.blocked:
        return VMState.BLOCKED
    if migration is not None and migration.phase is not Phase.WAITING:
        return VMState.MIGRATING
    if resource.failed:
        return VMState.FAILED
    return _ROLES.get(resource.pending or "", _ROLES.get(resource.role, VMState.UNKNOWN))
