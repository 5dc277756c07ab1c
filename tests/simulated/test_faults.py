"""Lost nodes, silent hypervisors, a silent Pacemaker: what is known is shown, and no more."""

from __future__ import annotations

import pytest

from backends.clusters.simulated import World
from backends.data.picture import HypervisorState, NodeState, VMState


@pytest.fixture
def world() -> World:
    return World.of()


def test_a_killed_node_is_unclean_at_once_then_fenced_and_its_vms_start_elsewhere(
    world: World,
) -> None:
    lost = [vm.id for vm in world.picture().vms if vm.node == "delta"]
    assert lost
    world.kill("delta")
    picture = world.picture()
    node = picture.node("delta")
    assert node is not None
    assert (node.state, node.cpu_percent, node.memory_used_bytes) == (NodeState.UNCLEAN, None, None)
    assert [(f.node, f.status) for f in picture.fencing] == [("delta", "pending")]
    for vm in picture.vms:
        if vm.id in lost:
            assert (vm.state, vm.cpu_percent, vm.node) == (VMState.UNKNOWN, None, "delta")
    world.advance(20)
    picture = world.picture()
    node = picture.node("delta")
    assert node is not None and node.state is NodeState.OFFLINE
    assert [(f.node, f.status) for f in picture.fencing] == [("delta", "success")]
    for vm in picture.vms:
        if vm.id in lost:
            assert vm.state is VMState.RUNNING
            assert vm.node not in (None, "delta")
            assert world.guest(vm.id).boots == 2
            assert next(o.task for o in vm.history if o.node == vm.node) == "start"


def test_a_fenced_node_joins_again(world: World) -> None:
    world.kill("delta")
    world.advance(20)
    world.boot("delta")
    node = world.picture().node("delta")
    assert node is not None and node.state is NodeState.PENDING
    world.advance(5)
    node = world.picture().node("delta")
    assert node is not None and node.state is NodeState.ONLINE
    assert world.picture().stale == ()


def test_the_dc_and_the_voice_move_on_when_their_node_dies(world: World) -> None:
    assert (world.picture().dc, world.picture().voice) == ("alpha", "alpha")
    world.kill("alpha")
    assert (world.picture().dc, world.picture().voice) == ("bravo", "bravo")


def test_half_of_the_nodes_have_no_quorum_and_neither_fence_nor_start_anything(
    world: World,
) -> None:
    world.kill("alpha")
    world.kill("bravo")
    assert world.picture().quorum is False
    world.advance(60)
    picture = world.picture()
    assert [n.name for n in picture.nodes if n.unclean] == ["alpha", "bravo"]
    assert {vm.id: vm.state for vm in picture.vms}["web1"] is VMState.UNKNOWN
    world.boot("alpha")
    world.advance(20)
    picture = world.picture()
    assert picture.quorum is True
    assert [n.name for n in picture.nodes if n.unclean] == []
    assert {vm.id: vm.state for vm in picture.vms}["web1"] is VMState.RUNNING


@pytest.mark.parametrize("lost", ["alpha", "bravo"])
def test_a_node_lost_in_the_middle_of_a_migration_ends_with_the_guest_running_once(
    world: World, lost: str
) -> None:
    world.execute(("crm_resource", "--move", "-r", "web1", "-N", "bravo"))
    world.advance(5)
    assert world.picture().migration("web1") is not None
    world.kill(lost)
    world.advance(40)
    vm = world.picture().vm("web1")
    assert vm is not None
    assert vm.state is VMState.RUNNING
    assert vm.nodes == (vm.node,) and vm.node != lost
    assert world.picture().migration("web1") is None


def test_a_target_lost_after_the_switch_over_leaves_no_migration_in_the_history(
    world: World,
) -> None:
    world.execute(("crm_resource", "--move", "-r", "web1", "-N", "bravo"))
    while world.guest("web1").host == "alpha":
        world.advance(0.25)
    world.kill("bravo")
    vm = world.picture().vm("web1")
    assert vm is not None and vm.state is VMState.UNKNOWN
    world.advance(30)
    vm = world.picture().vm("web1")
    assert vm is not None and vm.state is VMState.RUNNING
    newest = [operation for operation in vm.history if operation.node == "alpha"][-1]
    assert newest.task != "migrate_to"


def test_a_silent_libvirt_takes_its_numbers_away_and_nothing_else(world: World) -> None:
    world.advance(10)
    world.stop_libvirt("bravo")
    world.advance(1)
    picture = world.picture()
    bravo, alpha = picture.node("bravo"), picture.node("alpha")
    assert bravo is not None and alpha is not None
    assert bravo.state is NodeState.ONLINE
    assert bravo.hypervisor.state is HypervisorState.DOWN
    assert (bravo.hypervisor.since, bool(bravo.hypervisor.reason)) == (10.0, True)
    assert (bravo.cpu_percent, bravo.memory_used_bytes) == (None, None)
    assert alpha.cpu_percent is not None
    assert [(s.source, s.node, s.since) for s in picture.stale] == [("libvirt", "bravo", 10.0)]
    web2 = picture.vm("web2")
    assert web2 is not None and web2.node == "bravo"
    assert (web2.state, web2.cpu_percent) == (VMState.RUNNING, None)
    world.execute(("crm_standby", "-N", "delta", "-v", "on"))
    delta = world.picture().node("delta")
    assert delta is not None and delta.standby
    world.start_libvirt("bravo")
    web2 = world.picture().vm("web2")
    assert web2 is not None and web2.cpu_percent is not None
    assert world.picture().stale == ()


def test_a_vm_that_cannot_start_where_libvirt_is_down_starts_elsewhere(world: World) -> None:
    world.stop_libvirt("bravo")
    world.execute(("crm_resource", "--move", "-r", "legacy-erp", "-N", "alpha"))
    world.advance(30)
    world.execute(("crm_resource", "--move", "-r", "legacy-erp", "-N", "bravo"))
    world.advance(30)
    vm = world.picture().vm("legacy-erp")
    assert vm is not None
    assert vm.state is VMState.RUNNING and vm.node != "bravo"
    assert [(f.task, f.node) for f in world.picture().failures] == [("start", "bravo")]


def test_a_silent_pacemaker_freezes_the_picture_and_says_so(world: World) -> None:
    before = world.picture()
    world.advance(3)
    world.stop_pacemaker_answers("connection timed out")
    world.execute(("crm_standby", "-N", "delta", "-v", "on"))
    picture = world.picture()
    stale = picture.stale_pacemaker()
    assert stale is not None
    assert (stale.since, stale.reason) == (3.0, "connection timed out")
    assert [node.state for node in picture.nodes] == [node.state for node in before.nodes]
    world.resume_pacemaker_answers()
    delta = world.picture().node("delta")
    assert world.picture().stale == ()
    assert delta is not None and delta.standby


def test_maintenance_of_the_cluster_leaves_everything_where_it_is(world: World) -> None:
    world.execute(("crm_attribute", "--name", "maintenance-mode", "--update", "true"))
    world.execute(("crm_standby", "-N", "alpha", "-v", "on"))
    before = {vm.id: vm.node for vm in world.picture().vms}
    world.advance(60)
    assert {vm.id: vm.node for vm in world.picture().vms} == before
    assert world.picture().maintenance is True


def test_a_full_node_takes_no_more_where_capacity_counts(world: World) -> None:
    world.state.use_capacity = True
    world.state.hosts["bravo"].memory_bytes = 1 << 30
    assert world.predict(["web1"], "bravo").moved == ()
    assert world.predict(["web1"], "delta").moved != ()
