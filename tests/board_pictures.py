"""Made-up pictures of clusters, for the tests and benchmarks of the board."""

from __future__ import annotations

import random
from dataclasses import replace

from backends.data.picture import (
    VM,
    Cluster,
    Constraint,
    ConstraintKind,
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

GIB = 1 << 30
UP = Hypervisor(HypervisorState.UP)
ROLES = ("web", "db", "mail", "build", "cache", "queue", "proxy", "ldap", "git", "metrics")


def node(name: str, state: NodeState = NodeState.ONLINE, **more: object) -> Node:
    """A node with load."""
    known = Node(
        name,
        name,
        state,
        cpus=32,
        cpu_percent=42.0,
        memory_bytes=256 * GIB,
        memory_used_bytes=96 * GIB,
        hypervisor=UP,
    )
    return replace(known, **more)  # type: ignore[arg-type]


def vm(name: str, on: str | None, state: VMState = VMState.RUNNING, **more: object) -> VM:
    """A VM that can be migrated live."""
    known = VM(
        name,
        state,
        domain=name,
        node=on,
        nodes=(on,) if on else (),
        live_migration=LiveMigration(True),
        vcpus=2,
        memory_bytes=4 * GIB,
        cpu_percent=12.0,
    )
    return replace(known, **more)  # type: ignore[arg-type]


def cluster(nodes: int = 3, vms: int = 9, seed: int = 1, at: float = 0.0) -> Cluster:
    """So many nodes and VMs, quietly at work; another seed gives other load, not other names."""
    chance = random.Random(seed)
    names = [f"node{number:02}" for number in range(1, nodes + 1)]
    return Cluster(
        name="lab",
        dc=names[0] if names else None,
        quorum=True,
        nodes=tuple(
            node(
                name,
                is_dc=name == names[0],
                cpu_percent=chance.uniform(5, 95),
                memory_used_bytes=chance.randrange(20, 250) * GIB,
            )
            for name in names
        ),
        vms=tuple(
            vm(
                f"{ROLES[number % len(ROLES)]}{number // len(ROLES) + 1:02}",
                names[number % nodes],
                vcpus=2 ** (number % 5),
                memory_bytes=2 ** (number % 7) * GIB,
                cpu_percent=chance.uniform(0, 100),
            )
            for number in range(vms)
        ),
        taken_at=at,
    )


def with_vm(picture: Cluster, changed: VM) -> Cluster:
    """The picture with one VM replaced."""
    return replace(
        picture, vms=tuple(changed if old.id == changed.id else old for old in picture.vms)
    )


def with_node(picture: Cluster, changed: Node) -> Cluster:
    """The picture with one node replaced."""
    return replace(
        picture, nodes=tuple(changed if old.name == changed.name else old for old in picture.nodes)
    )


def migrating(picture: Cluster, vm_id: str, target: str, percent: float = 62.0) -> Cluster:
    """The picture with one VM on its way."""
    moving = picture.vm(vm_id)
    assert moving is not None
    assert moving.node is not None
    flight = Migration(
        vm_id,
        moving.node,
        target,
        Phase.COPYING,
        remaining_bytes=int((100 - percent) / 100 * 4 * GIB),
        total_bytes=4 * GIB,
        rate_bytes_per_s=118 << 20,
        dirty_rate_bytes_per_s=9 << 20,
        iteration=2,
        downtime_ms=120,
        elapsed_s=20.0,
        eta_s=12.0,
        deadline_s=100.0,
    )
    picture = with_vm(picture, replace(moving, state=VMState.MIGRATING))
    return replace(picture, migrations=(*picture.migrations, flight))


def eventful() -> Cluster:
    """Every kind of state and badge there is."""
    picture = cluster(6, 26)
    names = [known.name for known in picture.nodes]
    left = Constraint("cli-prefer-git01", "git01", names[1], ConstraintKind.PREFER)
    for changed in (
        replace(picture.vm("db01") or vm("", None), live_migration=LiveMigration(False, "DRBD")),
        replace(picture.vm("git01") or vm("", None), constraints=(left,)),
        replace(picture.vm("mail01") or vm("", None), failed=True),
        replace(picture.vm("ldap01") or vm("", None), managed=False),
        replace(picture.vm("web02") or vm("", None), state=VMState.PAUSED),
        replace(picture.vm("db02") or vm("", None), state=VMState.BLOCKED),
        replace(picture.vm("cache02") or vm("", None), state=VMState.STARTING, cpu_percent=None),
        vm("queue02", None, VMState.STOPPED, cpu_percent=None),
        vm("proxy02", None, VMState.FAILED, cpu_percent=None),
    ):
        if picture.vm(changed.id):
            picture = with_vm(picture, changed)
        else:
            picture = replace(picture, vms=(*picture.vms, changed))
    down = Hypervisor(HypervisorState.DOWN, "connection refused", 1_700_000_000.0)
    picture = with_node(
        picture,
        node(names[2], hypervisor=down, cpu_percent=None, memory_used_bytes=None),
    )
    picture = with_node(picture, node(names[3], NodeState.STANDBY, standby=True))
    picture = with_node(
        picture, node(names[5], NodeState.UNCLEAN, cpu_percent=None, memory_used_bytes=None)
    )
    picture = migrating(picture, "web01", names[4])
    return replace(
        picture, stale=(Stale("libvirt", names[2], 1_700_000_000.0, "connection refused"),)
    )
