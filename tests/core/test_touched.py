"""Whose libvirt is asked when Pacemaker tells of a change: where it may have changed something."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.clusters.live.touched import touched
from backends.data.picture import Cluster, Migration, NodeState, Phase, VMState
from core.pictures import NODES, cluster, vm

STOPPED = replace(vm("web2"), state=VMState.STOPPED, node=None, nodes=())
BEFORE = cluster(vm("web1"), STOPPED)


def running_on(node: str) -> Cluster:
    return cluster(replace(vm("web1"), nodes=(node,), node=node), STOPPED)


def test_where_nothing_was_known_the_watching_has_just_begun() -> None:
    assert touched(None, BEFORE) == frozenset()


LIKE_IT = cluster(vm("web1"), STOPPED)


@pytest.mark.parametrize("now", [BEFORE, LIKE_IT], ids=["the same object", "one like it"])
def test_nobody_is_asked_where_nothing_changed(now: Cluster) -> None:
    assert touched(BEFORE, now) == frozenset()


def test_who_changes_a_vm_that_runs_nowhere_has_nobody_asked() -> None:
    changed = replace(STOPPED, own_maintenance="true")
    assert touched(BEFORE, cluster(vm("web1"), changed)) == frozenset()


def test_a_vm_that_went_elsewhere_has_both_nodes_asked() -> None:
    assert touched(BEFORE, running_on("charlie")) == {*vm("web1").nodes, "charlie"}


def test_a_vm_that_came_or_went_has_its_node_asked() -> None:
    without = cluster(STOPPED)
    assert touched(without, BEFORE) == touched(BEFORE, without) == set(vm("web1").nodes)


def test_a_migration_has_source_and_target_asked() -> None:
    moving = replace(BEFORE, migrations=(Migration("web1", "alpha", "bravo", Phase.COPYING),))
    assert touched(BEFORE, moving) == touched(moving, BEFORE) == {"alpha", "bravo"}


def test_a_node_that_is_another_is_asked_itself() -> None:
    lost = tuple(
        replace(node, state=NodeState.UNCLEAN) if node.name == "bravo" else node for node in NODES
    )
    assert touched(BEFORE, replace(BEFORE, nodes=lost)) == {"bravo"}
