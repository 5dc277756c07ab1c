"""How Pacemaker is made to look anew, past a node where it has gone."""

from __future__ import annotations

from dataclasses import replace

from backends.acts.finding import looks
from backends.data import commands
from backends.data.picture import NodeState, Operation
from core.pictures import NODES, cluster, vm

STARTED = Operation("alpha", "start", 3, 0, 0, 1.0)
LEFT = Operation("bravo", "stop", 4, 0, 0, 2.0)
VM = vm("web1", history=(STARTED, LEFT))


def test_all_nodes_at_once() -> None:
    assert looks(cluster(VM), VM) == (commands.look_anew("web1"),)


def test_node_by_node_where_one_would_not_answer() -> None:
    """Without a node crm_resource 2.1.5 waits for it, whatever the others say."""
    nodes = tuple(
        replace(node, state=NodeState.PENDING) if node.name == "bravo" else node for node in NODES
    )
    told = looks(replace(cluster(VM), nodes=nodes), VM, {"charlie"})
    assert told == (commands.look_anew("web1", "alpha"), commands.look_anew("web1", "charlie"))
    assert str(told[0]) == "crm_resource --refresh --resource web1 --node alpha --force"
