"""The picture: what is known of a cluster at one moment, frozen.

Units are in the names. ``None`` always means "not known", never zero. Moments are epoch seconds;
those that change with every look stay out of equality, so that equal pictures cost nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from backends.data.timeline import Then


class NodeState(StrEnum):
    ONLINE = "online"
    STANDBY = "standby"
    MAINTENANCE = "maintenance"
    PENDING = "pending"
    UNCLEAN = "unclean"
    OFFLINE = "offline"


LOST = frozenset({NodeState.UNCLEAN, NodeState.OFFLINE, NodeState.PENDING})
"""What was known of what runs there no longer counts."""


class NodeKind(StrEnum):
    MEMBER = "member"
    REMOTE = "remote"
    GUEST = "guest"


class VMState(StrEnum):
    RUNNING = "running"
    PAUSED = "paused"
    STARTING = "starting"
    STOPPING = "stopping"
    MIGRATING = "migrating"
    STOPPED = "stopped"
    FAILED = "failed"
    BLOCKED = "blocked"
    UNKNOWN = "unknown"


class Phase(StrEnum):
    """Where a migration stands."""

    REQUESTED = "requested"
    WAITING = "waiting"
    COPYING = "copying"
    SWITCHING = "switching over"
    STOPPING = "stopping the source"


class HypervisorState(StrEnum):
    UP = "up"
    DOWN = "down"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hypervisor:
    """Whether a node's libvirt answers; `since` is when this state began. The versions of the
    daemon and of QEMU are in their own words: `9.0.0`, `7.2.22`."""

    state: HypervisorState = HypervisorState.UNKNOWN
    reason: str | None = None
    since: float | None = None
    libvirt: str | None = None
    emulator: str | None = None


@dataclass(frozen=True, slots=True)
class Node:
    name: str
    id: str
    state: NodeState
    kind: NodeKind = NodeKind.MEMBER
    is_dc: bool = False
    standby: bool = False
    maintenance: bool = False
    unclean: bool = False
    health: str | None = None
    """`red` or `yellow`, where the cluster counts that against it."""
    shutting_down: bool = False
    """Pacemaker was told to stop there, and is still at it."""
    cpus: int | None = None
    cpu_percent: float | None = None
    """Of all the node's cores together, 0–100."""
    memory_bytes: int | None = None
    memory_used_bytes: int | None = None
    hypervisor: Hypervisor = Hypervisor()

    @property
    def can_host(self) -> bool:
        """Whether a VM may be placed here: a guest node is one itself."""
        return self.state is NodeState.ONLINE and self.kind is not NodeKind.GUEST


@dataclass(frozen=True, slots=True)
class Obstacle:
    """What may keep a VM from a node, in words."""

    node: str
    reason: str


class ConstraintKind(StrEnum):
    PREFER = "prefer"
    BAN = "ban"


@dataclass(frozen=True, slots=True)
class Constraint:
    """A location constraint that a command left on a VM (`cli-prefer-*`, `cli-ban-*`)."""

    id: str
    vm: str
    node: str | None
    kind: ConstraintKind
    expires: str | None = None
    """The end of its lifetime as the CIB says it; an expired one stays in the configuration."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One entry of a resource's operation history, as the CIB's `lrm_rsc_op` records it."""

    node: str
    task: str
    call_id: int
    rc: int
    status: int
    """−1 while it runs, 0 when it ended; others are Pacemaker's `pcmk_exec_status`."""
    at: float | None
    """When the result last changed, in the clock of that node."""
    exec_ms: int = 0
    exit_reason: str = ""
    source: str | None = None
    target: str | None = None
    interval_ms: int = 0
    """0 for what is done once, such as a probe."""

    @property
    def pending(self) -> bool:
        return self.status == -1

    @property
    def succeeded(self) -> bool:
        return self.status == 0 and self.rc == 0


@dataclass(frozen=True, slots=True)
class LiveMigration:
    """Whether Pacemaker may migrate the VM live, and if not, why."""

    possible: bool | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class VM:
    """A resource whose agent runs a libvirt domain."""

    id: str
    state: VMState
    domain: str | None = None
    node: str | None = None
    """Where it runs; the source while it migrates."""
    nodes: tuple[str, ...] = ()
    """Every node on which Pacemaker holds it for active: two between migrate_to and the stop."""
    agent: str = ""
    live_migration: LiveMigration = LiveMigration()
    orphan: bool = False
    """It runs, and is no longer in the configuration."""
    managed: bool = True
    failed: bool = False
    maintenance: bool = False
    own_maintenance: str | None = None
    """Its own maintenance attribute as the CIB has it; `None` where it has none."""
    target_role: str | None = None
    group: str | None = None
    vcpus: int | None = None
    memory_bytes: int | None = None
    cpu_percent: float | None = None
    """Of its own vCPUs together, 0–100."""
    constraints: tuple[Constraint, ...] = ()
    group_constraints: tuple[Constraint, ...] = ()
    """Those that a move or a ban of its whole group left."""
    migrate_to_timeout_s: float | None = None
    migrate_from_timeout_s: float | None = None
    migrate_to_on_fail: str | None = None
    """What Pacemaker does when a migrate_to fails; `restart` where nothing is set."""
    migrate_to_op_id: str | None = None
    """The id of its own migrate_to operation; `None` where it has none, or shares a template's."""
    migration_speed_bytes_per_s: int | None = None
    history: tuple[Operation, ...] = ()
    obstacles: tuple[Obstacle, ...] = ()


@dataclass(frozen=True, slots=True)
class Migration:
    """A migration in flight, whoever started it."""

    vm: str
    source: str
    target: str | None
    phase: Phase
    remaining_bytes: int | None = None
    total_bytes: int | None = None
    rate_bytes_per_s: int | None = None
    dirty_rate_bytes_per_s: int | None = None
    iteration: int | None = None
    downtime_ms: int | None = None
    """Expected while copying, real once the guest has switched over."""
    elapsed_s: float | None = None
    eta_s: float | None = None
    deadline_s: float | None = None
    """What is left of the migrate_to timeout; at its end Pacemaker reboots the guest."""

    @property
    def percent(self) -> float | None:
        """How much is copied, 0–100. It can fall while the guest dirties memory."""
        if self.phase in (Phase.SWITCHING, Phase.STOPPING):
            return 100.0
        if not self.total_bytes or self.remaining_bytes is None:
            return None
        return 100.0 * max(0.0, min(1.0, 1 - self.remaining_bytes / self.total_bytes))


@dataclass(frozen=True, slots=True)
class Failure:
    """A failed action that Pacemaker remembers until it is cleaned up."""

    resource: str
    node: str
    task: str
    rc: int
    reason: str
    at: float | None


@dataclass(frozen=True, slots=True)
class Fencing:
    """One entry of the fencing history."""

    node: str
    action: str
    status: str
    """`pending`, `success` or `failed`."""
    completed: str | None = None
    """As crm_mon says it: in the zone of the node that was asked."""
    at: float | None = None
    """The same, where it carries its offset."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A part of the picture that is old, because its source does not answer."""

    source: str
    """`pacemaker`, or `libvirt`."""
    node: str | None
    since: float
    reason: str


@dataclass(frozen=True, slots=True, order=True)
class CibVersion:
    admin_epoch: int
    epoch: int
    num_updates: int


@dataclass(frozen=True)
class Cluster:
    """One picture. Without slots, so that what is looked up by name is indexed once."""

    name: str | None = None
    dc: str | None = None
    quorum: bool | None = None
    maintenance: bool | None = None
    fencing_enabled: bool | None = None
    migration_limit: int | None = None
    pacemaker_version: str | None = None
    version: CibVersion | None = field(default=None, compare=False)
    voice: str | None = None
    """The node that Pacemaker is asked on; `None` where that means nothing."""
    nodes: tuple[Node, ...] = ()
    vms: tuple[VM, ...] = ()
    migrations: tuple[Migration, ...] = ()
    failures: tuple[Failure, ...] = ()
    fencing: tuple[Fencing, ...] = ()
    stale: tuple[Stale, ...] = ()
    then: Then | None = None
    """Of a picture of the past; `None` of the present."""
    taken_at: float = field(default=0.0, compare=False)

    @cached_property
    def _nodes_by_name(self) -> Mapping[str, Node]:
        return {node.name: node for node in reversed(self.nodes)}

    @cached_property
    def _vms_by_id(self) -> Mapping[str, VM]:
        return {vm.id: vm for vm in reversed(self.vms)}

    def node(self, name: str) -> Node | None:
        return self._nodes_by_name.get(name)

    def vm(self, vm_id: str) -> VM | None:
        return self._vms_by_id.get(vm_id)

    def migration(self, vm_id: str) -> Migration | None:
        return next((m for m in self.migrations if m.vm == vm_id), None)

    def stale_pacemaker(self) -> Stale | None:
        return next((s for s in self.stale if s.source == "pacemaker"), None)
