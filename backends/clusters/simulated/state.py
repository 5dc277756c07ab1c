"""What the simulated cluster is made of, and what it remembers."""

from __future__ import annotations

import random
from collections.abc import Iterator
from copy import copy
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum, auto
from operator import attrgetter
from typing import NamedTuple

from backends.clusters.simulated.precopy import DEFAULT_DOWNTIME_S, PreCopy
from backends.data.picture import (
    CibVersion,
    Constraint,
    ConstraintKind,
    Failure,
    Fencing,
    Operation,
    Stale,
)
from backends.data.plan import ActionKind

GiB = 1 << 30
MiB = 1 << 20

LIBVIRT, QEMU = "9.0.0", "7.2.22"
"""What all nodes run: Debian 12's."""

PENDING_RC = 193
"""`PCMK_OCF_UNKNOWN`, the result of an operation that has none yet."""


class Stage(StrEnum):
    """What is being done to a VM at the moment."""

    REQUESTED = auto()
    WAITING = auto()
    MIGRATE_TO = auto()
    HELD = auto()
    """Between migrate_to and migrate_from, because the VM is in maintenance."""
    MIGRATE_FROM = auto()
    STOP_SOURCE = auto()
    STOP = auto()
    START = auto()
    PROBE = auto()


IN_FLIGHT = frozenset({Stage.MIGRATE_TO, Stage.HELD, Stage.MIGRATE_FROM, Stage.STOP_SOURCE})


@dataclass(slots=True)
class Activity:
    """One action of the scheduler under way. `since` and `left_s` belong to its stage."""

    kind: ActionKind
    stage: Stage
    source: str | None
    target: str | None
    since: float
    left_s: float
    copy: PreCopy | None = None
    rate_bytes_per_s: float = 0.0

    @property
    def in_flight(self) -> bool:
        """Whether a migration is past the point where it could be called off."""
        return self.stage in IN_FLIGHT


@dataclass(slots=True)
class Host:
    """A node, as it is (`alive`, `libvirt_down`) and as Pacemaker sees it (the rest)."""

    name: str
    id: str
    cpus: int
    memory_bytes: int
    bandwidth_bytes_per_s: float
    alive: bool = True
    online: bool = True
    pending: bool = False
    unclean: bool = False
    standby: bool = False
    maintenance: bool = False
    libvirt_down: str | None = None
    libvirt_since: float = 0.0
    lost_at: float = 0.0
    next_at: float | None = None
    """When its fencing or its boot goes on."""
    call_id: int = 10
    tells: dict[str, str] = field(default_factory=dict)
    """What the doctor's probes print there that a healthy node would not, by their names."""

    @property
    def can_host(self) -> bool:
        return (
            self.online
            and not self.unclean
            and not self.pending
            and not self.standby
            and not self.maintenance
        )


@dataclass(slots=True)
class Guest:
    """A VM: its resource, its domain, and the guest inside."""

    id: str
    domain: str
    vcpus: int
    memory_bytes: int
    load_percent: float
    dirty_rate_bytes_per_s: float
    working_set_bytes: float
    allow_migrate: bool = True
    group: str | None = None
    companions: tuple[str, ...] = ()
    """The services before it in its group: they stop and start, they cannot migrate."""
    needs: tuple[str, ...] = ()
    """Clones that must have an instance where it runs."""
    after: tuple[str, ...] = ()
    """VMs that must run before it is started."""
    colocated_with: str | None = None
    apart_from: str | None = None
    preferences: dict[str, int] = field(default_factory=dict)
    on_fail: str | None = None
    migrate_to_timeout_s: float | None = 120.0
    migrate_from_timeout_s: float | None = 60.0
    migration_speed_bytes_per_s: int | None = None
    operation_ids: dict[str, str] = field(default_factory=dict)
    """Of operations that are called otherwise than after the VM."""
    parameters: dict[str, str] = field(default_factory=dict)
    """Those of the agent that were set later than the cluster was made."""
    started_with: dict[str, str] = field(default_factory=dict)
    """What they were at its start."""
    downtime_limit_s: float = DEFAULT_DOWNTIME_S
    managed: bool = True
    maintenance: bool = False
    target_role: str | None = None
    host: str | None = None
    """Where the domain is: the target from the switch-over on."""
    paused: bool = False
    failed: bool = False
    blocked: bool = False
    half_on: str | None = None
    """The target of a failed migration, where Pacemaker takes it for active until it looked."""
    cannot_start_on: frozenset[str] = frozenset()
    fails_next: bool = False
    boots: int = 1
    cpu_percent: int = 0
    activity: Activity | None = None
    history: dict[tuple[str, str], Operation] = field(default_factory=dict)
    """By node and by what Pacemaker keeps one entry of: `last`, `monitor`, `migrate_to` …"""

    @property
    def changed(self) -> bool:
        """Whether it runs with other parameters than those that are set: it must be restarted."""
        return self.host is not None and self.parameters != self.started_with

    def kept(self, earlier: Guest | None = None) -> Guest:
        """As it is now, with a history and an activity of its own; or as it was kept earlier, where
        nothing but its load is another: that nobody records."""
        if earlier is not None and _RECORDED(self) == _RECORDED(earlier):
            return earlier
        activity = copy(self.activity)
        if activity is not None:
            activity.copy = copy(activity.copy)
        guest = Guest(*_OF_A_GUEST(self))
        guest.history, guest.activity = dict(self.history), activity
        return guest

    def operation_id(self, name: str) -> str:
        return self.operation_ids.get(name, f"{self.id}-{name}")


_RECORDED = attrgetter(*(each.name for each in fields(Guest) if each.name != "cpu_percent"))
_OF_A_GUEST = attrgetter(*(each.name for each in fields(Guest)))
"""Twice as quick as `copy`, and of a large cluster each decision is kept."""


@dataclass(frozen=True, slots=True)
class Location:
    """A `cli-` constraint; `expires_at` is the end of its lifetime."""

    id: str
    vm: str
    node: str
    kind: ConstraintKind
    expires_at: float | None = None
    expires: str | None = None

    def holds(self, now: float) -> bool:
        return self.expires_at is None or now < self.expires_at

    @property
    def shown(self) -> Constraint:
        return Constraint(self.id, self.vm, self.node, self.kind, self.expires)


class Author(NamedTuple):
    """Who changed the configuration last, as the CIB notes it."""

    user: str = ""
    client: str = ""
    origin: str = ""


class Fenced(NamedTuple):
    """What the fencer remembers of a node that it had switched off."""

    at: float
    node: str
    by: str


@dataclass(slots=True)
class State:
    """Everything, at one moment. Whatever changes it says so: `touch`, `configured`, `happened`."""

    name: str
    now: float
    random: random.Random
    hosts: dict[str, Host]
    guests: dict[str, Guest]
    clones: dict[str, frozenset[str]] = field(default_factory=dict)
    """The nodes on which a clone has an instance."""
    constraints: list[Location] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    fencing: list[Fencing] = field(default_factory=list)
    fenced: list[Fenced] = field(default_factory=list)
    author: Author = field(default=Author())
    stickiness: int = 100
    maintenance: bool = False
    use_capacity: bool = False
    """`placement-strategy=utilization`, by memory."""
    migration_limit: int | None = 2
    release: str = "2.1.5"
    """Of its Pacemaker."""
    pacemaker_stale: Stale | None = None
    version: CibVersion = field(default=CibVersion(0, 40, 0))
    touched: set[str] = field(default_factory=set)
    unsettled: bool = True
    busy: dict[str, None] = field(default_factory=dict)
    """The VMs that have an activity, in the order in which they got it."""

    @property
    def quorum(self) -> bool:
        """More than half of the nodes, or one of two (corosync's `two_node`)."""
        online = sum(host.online for host in self.hosts.values())
        return 2 * online > len(self.hosts) or (online > 0 and len(self.hosts) == 2)

    @property
    def dc(self) -> str | None:
        ready = (host.name for host in self.hosts.values() if host.online and not host.pending)
        return next(ready, None)

    def kept(self, earlier: State | None = None) -> State:
        """As it is now: nothing in it changes any more, whatever goes on here. Guests that are as
        they were in one that was kept earlier are shared with it."""
        known = {} if earlier is None else earlier.guests
        return replace(
            self,
            hosts={name: copy(host) for name, host in self.hosts.items()},
            guests={name: guest.kept(known.get(name)) for name, guest in self.guests.items()},
            clones=dict(self.clones),
            constraints=list(self.constraints),
            failures=list(self.failures),
            fencing=list(self.fencing),
            fenced=list(self.fenced),
            touched=set(),
            busy=dict(self.busy),
        )

    def on(self, node: str) -> Iterator[Guest]:
        """The VMs whose domain is there."""
        return (guest for guest in self.guests.values() if guest.host == node)

    def touch(self, guest: Guest) -> None:
        """The VM looks different now."""
        self.touched.add(guest.id)

    def touch_node(self, node: str) -> None:
        """Every VM there looks different now."""
        self.touched.update(guest.id for guest in self.on(node))

    def configured(self) -> None:
        """The configuration changed: the CIB's epoch counts, the scheduler looks."""
        self.version = CibVersion(0, self.version.epoch + 1, 0)
        self.unsettled = True

    def happened(self) -> None:
        """The status changed: num_updates counts, the scheduler looks."""
        self.version = CibVersion(0, self.version.epoch, self.version.num_updates + 1)
        self.unsettled = True

    def engage(self, guest: Guest, activity: Activity | None) -> None:
        """Give a VM something to do, or let it be."""
        guest.activity = activity
        if activity is None:
            self.busy.pop(guest.id, None)
        else:
            self.busy[guest.id] = None
        self.touch(guest)
        self.unsettled = True
