"""From the state to the picture. What did not change is the same object as before."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from backends.clusters.simulated.operations import SETUP_S
from backends.clusters.simulated.state import (
    IN_FLIGHT,
    LIBVIRT,
    QEMU,
    GiB,
    Guest,
    Host,
    Stage,
    State,
)
from backends.data.picture import (
    VM,
    Cluster,
    Hypervisor,
    HypervisorState,
    LiveMigration,
    Migration,
    Node,
    NodeState,
    Phase,
    Stale,
    VMState,
)
from backends.data.plan import ActionKind
from backends.judgement.judge import DEFAULT_TIMEOUT_S

_OVERHEAD_BYTES = 3 * GiB
_OVERHEAD_PERCENT = 2
_PHASES = {
    Stage.REQUESTED: Phase.REQUESTED,
    Stage.WAITING: Phase.WAITING,
    Stage.MIGRATE_TO: Phase.COPYING,
    Stage.HELD: Phase.SWITCHING,
    Stage.MIGRATE_FROM: Phase.SWITCHING,
    Stage.STOP_SOURCE: Phase.STOPPING,
}


class Painter:
    """Paints pictures of one cluster, each from the one before."""

    def __init__(self) -> None:
        self._vms: dict[str, VM] = {}
        self._nodes: dict[str, Node] = {}
        self._last: Cluster | None = None

    def paint(self, state: State) -> Cluster:
        """The picture of now. Takes note of `State.touched` and empties it."""
        if state.pacemaker_stale is not None and self._last is not None:
            return self._frozen(state, self._last)
        for vm in state.touched if self._vms else state.guests:
            self._vms[vm] = vm_of(state, state.guests[vm])
        state.touched.clear()
        up = [host.name for host in state.hosts.values() if host.online]
        picture = Cluster(
            name=state.name,
            dc=state.dc,
            quorum=state.quorum,
            maintenance=state.maintenance,
            fencing_enabled=True,
            migration_limit=state.migration_limit,
            pacemaker_version=state.release,
            version=state.version,
            voice=next(iter(up), None),
            nodes=self._paint_nodes(state),
            vms=tuple(self._vms.values()),
            migrations=tuple(
                migration
                for vm in state.busy
                if (migration := migration_of(state, state.guests[vm])) is not None
            ),
            failures=tuple(state.failures),
            fencing=tuple(state.fencing),
            stale=tuple(_stale(state)),
            taken_at=state.now,
        )
        self._last = picture
        return picture

    def _frozen(self, state: State, last: Cluster) -> Cluster:
        """Pacemaker does not answer: nothing is joined to the last that was known of it."""
        stale = (state.pacemaker_stale, *_stale(state))
        seen = tuple(entry for entry in stale if entry is not None)
        return replace(last, stale=seen, taken_at=state.now)

    def _paint_nodes(self, state: State) -> tuple[Node, ...]:
        memory: Counter[str] = Counter()
        work: Counter[str] = Counter()
        for guest in state.guests.values():
            if guest.host is not None:
                memory[guest.host] += guest.memory_bytes
                work[guest.host] += guest.cpu_percent * guest.vcpus
        for vm in state.busy:
            activity = state.guests[vm].activity
            if activity is not None and activity.stage is Stage.MIGRATE_TO and activity.target:
                memory[activity.target] += state.guests[vm].memory_bytes
        for host in state.hosts.values():
            node = node_of(state, host, memory[host.name], work[host.name])
            if self._nodes.get(host.name) != node:
                self._nodes[host.name] = node
        return tuple(self._nodes.values())


def _stale(state: State) -> list[Stale]:
    hypervisors = ((host.name, _hypervisor(host)) for host in state.hosts.values())
    return [
        Stale("libvirt", name, hypervisor.since or 0.0, hypervisor.reason or "")
        for name, hypervisor in hypervisors
        if hypervisor.state is HypervisorState.DOWN
    ]


def node_of(state: State, host: Host, memory_bytes: int, work: int) -> Node:
    """A node, with numbers only where its libvirt answers."""
    seen = host.alive and host.libvirt_down is None
    percent = min(100, work // host.cpus + _OVERHEAD_PERCENT)
    used = min(host.memory_bytes, memory_bytes + _OVERHEAD_BYTES)
    return Node(
        name=host.name,
        id=host.id,
        state=_node_state(host),
        is_dc=state.dc == host.name,
        standby=host.standby,
        maintenance=host.maintenance,
        unclean=host.unclean,
        cpus=host.cpus if seen else None,
        cpu_percent=float(percent) if seen else None,
        memory_bytes=host.memory_bytes if seen else None,
        memory_used_bytes=used if seen else None,
        hypervisor=_hypervisor(host),
    )


def _hypervisor(host: Host) -> Hypervisor:
    if not host.alive:
        return Hypervisor(HypervisorState.DOWN, "the node does not answer", host.lost_at)
    if host.libvirt_down is not None:
        return Hypervisor(HypervisorState.DOWN, host.libvirt_down, host.libvirt_since)
    return Hypervisor(HypervisorState.UP, libvirt=LIBVIRT, emulator=QEMU)


def _node_state(host: Host) -> NodeState:
    if host.unclean:
        return NodeState.UNCLEAN
    if not host.online:
        return NodeState.OFFLINE
    if host.pending:
        return NodeState.PENDING
    if host.maintenance:
        return NodeState.MAINTENANCE
    return NodeState.STANDBY if host.standby else NodeState.ONLINE


def vm_of(state: State, guest: Guest) -> VM:
    """A VM, with numbers only where the libvirt that runs it answers."""
    activity = guest.activity
    node = guest.host
    moving = activity is not None and activity.kind is ActionKind.MIGRATE
    if activity is not None and moving:
        node = activity.source
    host = state.hosts[node] if node is not None else None
    seen = host is not None and host.alive and host.libvirt_down is None
    return VM(
        id=guest.id,
        state=_vm_state(guest, host),
        domain=guest.domain,
        node=node,
        nodes=_nodes(guest, node),
        agent="ocf:heartbeat:VirtualDomain",
        live_migration=LiveMigration(
            guest.allow_migrate, None if guest.allow_migrate else "allow-migrate is not set on it"
        ),
        managed=guest.managed,
        failed=guest.failed,
        maintenance=guest.maintenance,
        own_maintenance="true" if guest.maintenance else None,
        target_role=guest.target_role,
        group=guest.group,
        vcpus=guest.vcpus if host is not None else None,
        memory_bytes=guest.memory_bytes if host is not None else None,
        cpu_percent=float(guest.cpu_percent) if seen else None,
        constraints=tuple(c.shown for c in state.constraints if c.vm == guest.id),
        migrate_to_timeout_s=guest.migrate_to_timeout_s or DEFAULT_TIMEOUT_S,
        migrate_from_timeout_s=guest.migrate_from_timeout_s or DEFAULT_TIMEOUT_S,
        migrate_to_on_fail=guest.on_fail or "restart",
        migrate_to_op_id=guest.operation_id("migrate_to"),
        migration_speed_bytes_per_s=guest.migration_speed_bytes_per_s,
        history=tuple(guest.history.values()),
    )


def _nodes(guest: Guest, node: str | None) -> tuple[str, ...]:
    if node is None:
        return ()
    activity = guest.activity
    second = guest.half_on
    if activity is not None and activity.stage in IN_FLIGHT - {Stage.MIGRATE_TO}:
        second = activity.target
    return (node,) if second is None or second == node else (node, second)


def _vm_state(guest: Guest, host: Host | None) -> VMState:
    if host is None:
        return VMState.STOPPED
    if not host.alive:
        return VMState.UNKNOWN
    if guest.blocked:
        return VMState.BLOCKED
    stage = guest.activity.stage if guest.activity is not None else None
    if stage in IN_FLIGHT:
        return VMState.MIGRATING
    if stage is Stage.START:
        return VMState.STARTING
    if stage is Stage.STOP:
        return VMState.STOPPING
    if guest.failed:
        return VMState.FAILED
    return VMState.PAUSED if guest.paused else VMState.RUNNING


def migration_of(state: State, guest: Guest) -> Migration | None:
    """The migration under way, as Pacemaker's history and libvirt's job tell it together."""
    activity = guest.activity
    if activity is None or activity.kind is not ActionKind.MIGRATE or activity.source is None:
        return None
    phase = _PHASES.get(activity.stage)
    if phase is None:
        return None
    entry = guest.history.get((activity.source, "migrate_to"))
    copying = activity.stage is Stage.MIGRATE_TO
    begun = entry.at if entry is not None and activity.in_flight else None
    elapsed_s = None if begun is None else round(state.now - begun, 2)
    deadline_s = max(0.0, round(activity.left_s, 2)) if copying else None
    bare = Migration(
        guest.id,
        activity.source,
        activity.target,
        phase,
        elapsed_s=elapsed_s,
        deadline_s=deadline_s,
    )
    copy, seen = activity.copy, state.hosts[activity.source].libvirt_down is None
    if copy is None or not seen or elapsed_s is None or (copying and elapsed_s <= SETUP_S):
        return bare
    rate = activity.rate_bytes_per_s
    eta_s = copy.eta_s(rate) if copying else 0.0
    return Migration(
        guest.id,
        activity.source,
        activity.target,
        Phase.SWITCHING if copying and copy.halted else phase,
        remaining_bytes=round(copy.remaining_bytes),
        total_bytes=round(copy.total_bytes),
        rate_bytes_per_s=round(rate),
        dirty_rate_bytes_per_s=round(copy.dirty_rate_bytes_per_s),
        iteration=copy.iteration,
        downtime_ms=round(1000 * copy.downtime_s),
        elapsed_s=elapsed_s,
        eta_s=None if eta_s is None else round(eta_s, 1),
        deadline_s=deadline_s,
    )
