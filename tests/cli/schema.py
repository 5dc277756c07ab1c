"""The JSON contract, written down a second time: every key, its type, and nothing else."""

from __future__ import annotations

from typing import Literal

import msgspec


class Strict(msgspec.Struct, forbid_unknown_fields=True):
    pass


class StaleSchema(Strict):
    source: Literal["pacemaker", "libvirt"]
    node: str | None
    since: float
    reason: str


class ClusterSchema(Strict):
    name: str | None
    quorum: bool | None
    dc: str | None
    maintenance: bool | None
    fencing_enabled: bool | None
    stale: list[StaleSchema]


class HypervisorSchema(Strict):
    libvirt: str | None
    qemu: str | None
    state: Literal["up", "down", "unknown"]
    reason: str | None


class NodeSchema(Strict):
    name: str
    state: Literal["online", "standby", "maintenance", "pending", "unclean", "offline"]
    is_dc: bool
    standby: bool
    maintenance: bool
    unclean: bool
    health: Literal["red", "yellow"] | None
    cpu_percent: float | None
    memory_bytes: int | None
    memory_used_bytes: int | None
    hypervisor: HypervisorSchema


class LiveMigrationSchema(Strict):
    possible: bool | None
    reason: str | None


class ConstraintSchema(Strict):
    id: str
    node: str | None
    kind: Literal["prefer", "ban"]
    expires: str | None


VMStateSchema = Literal[
    "running",
    "paused",
    "starting",
    "stopping",
    "migrating",
    "stopped",
    "failed",
    "blocked",
    "unknown",
]


class VMSchema(Strict):
    id: str
    domain: str | None
    node: str | None
    nodes: list[str] | None
    state: VMStateSchema
    live_migration: LiveMigrationSchema
    orphan: bool
    managed: bool
    failed: bool
    vcpus: int | None
    memory_bytes: int | None
    cpu_percent: float | None
    constraints: list[ConstraintSchema]


class MigrationSchema(Strict):
    vm: str
    source: str
    target: str | None
    phase: Literal["requested", "waiting", "copying", "switching over", "stopping the source"]
    percent: float | None
    remaining_bytes: int | None
    total_bytes: int | None
    rate_bytes_per_s: int | None
    dirty_rate_bytes_per_s: int | None
    iteration: int | None
    downtime_ms: int | None
    eta_s: float | None
    deadline_s: float | None


class FailureSchema(Strict):
    resource: str
    node: str
    task: str
    rc: int
    reason: str
    at: float | None


class FencingSchema(Strict):
    node: str
    action: str
    status: str
    completed: str | None


class StatusSchema(Strict):
    schema: Literal[1]
    cluster: ClusterSchema
    nodes: list[NodeSchema]
    vms: list[VMSchema]
    migrations: list[MigrationSchema]
    failures: list[FailureSchema]
    fencing: list[FencingSchema]


class ActionSchema(Strict):
    kind: str
    resource: str
    source: str | None
    target: str | None
    reason: str | None


class CommandSchema(Strict):
    node: str | None
    command: str
    purpose: str


class _Plan(Strict):
    schema: Literal[1]
    vm: str
    node: str
    verdict: Literal["LIVE", "LIVE WITH SIDE EFFECTS", "LIVE, DOES NOT FIT", "REBOOT", "REFUSED"]
    reasons: list[str]
    actions: list[ActionSchema]
    reboots: list[str]
    steps: list[str]
    warnings: list[str]
    commands: list[CommandSchema]
    deadline_s: float | None


class PreviewSchema(_Plan):
    pass


class PlanLine(_Plan, tag="plan", tag_field="event"):
    pass


class ProgressLine(Strict, tag="progress", tag_field="event"):
    schema: Literal[1]
    vm: str
    stage: str
    text: str
    migration: MigrationSchema | None


class DoneLine(Strict, tag="done", tag_field="event"):
    schema: Literal[1]
    vm: str
    state: VMStateSchema | None
    node: str | None


class FailedLine(Strict, tag="failed", tag_field="event"):
    schema: Literal[1]
    vm: str
    reason: str
    state: VMStateSchema | None
    node: str | None


class InterruptedLine(Strict, tag="interrupted", tag_field="event"):
    schema: Literal[1]
    vm: str
    state: VMStateSchema | None
    node: str | None


MigrateLine = PlanLine | ProgressLine | DoneLine | FailedLine | InterruptedLine


class SummaryLine(Strict):
    schema: Literal[1]
    event: Literal["summary"]
    at: float
    cluster: ClusterSchema
    nodes: dict[str, int]
    vms: dict[str, int]
    migrations: int
    failures: int


class EventLine(Strict):
    schema: Literal[1]
    event: str
    at: float
    severity: Literal["good", "neutral", "warning", "bad"]
    text: str
    vm: str | None
    node: str | None
