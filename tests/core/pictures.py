"""Small pictures of a cluster, made by hand."""

from __future__ import annotations

from backends.data.picture import VM, Cluster, LiveMigration, Node, NodeState, Operation, VMState

GiB = 1 << 30
NODES = tuple(
    Node(name, str(number), NodeState.ONLINE)
    for number, name in enumerate(("alpha", "bravo", "charlie"), start=1)
)


def vm(
    name: str = "web1",
    node: str | None = "alpha",
    state: VMState = VMState.RUNNING,
    *,
    history: tuple[Operation, ...] = (),
    nodes: tuple[str, ...] | None = None,
    live: bool = True,
) -> VM:
    return VM(
        name,
        state,
        domain=name,
        node=node,
        nodes=nodes if nodes is not None else ((node,) if node else ()),
        live_migration=LiveMigration(live, None if live else "allow-migrate is not set on it"),
        migrate_to_timeout_s=120.0,
        history=history,
    )


def cluster(*vms: VM, nodes: tuple[Node, ...] = NODES) -> Cluster:
    return Cluster(name="lab", dc="alpha", quorum=True, maintenance=False, nodes=nodes, vms=vms)
