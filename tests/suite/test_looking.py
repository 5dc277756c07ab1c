"""What every backend shows, whatever cluster is behind it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.picture import (
    Cluster,
    ConstraintKind,
    HypervisorState,
    NodeState,
    Phase,
    VMState,
)
from backends.past.backend import PastBackend
from backends.past.record import Remembering
from suite.stage import Stage
from waiting import PATIENCE_S


@pytest.mark.short
async def test_the_first_picture_is_complete(stage: Stage) -> None:
    picture = stage.picture
    assert len(picture.nodes) >= 3
    assert {node.state for node in picture.nodes} == {NodeState.ONLINE}
    assert [node.name for node in picture.nodes if node.is_dc] == [picture.dc]
    assert picture.quorum is True
    assert picture.maintenance is False
    assert picture.fencing_enabled is True
    assert picture.version is not None
    assert picture.voice in {node.name for node in picture.nodes}
    assert picture.stale_pacemaker() is None
    for name, possible in ((stage.migratable, True), (stage.rebooting, False)):
        vm = stage.vm(name)
        assert vm.state is VMState.RUNNING
        assert vm.nodes == (vm.node,)
        assert vm.live_migration.possible is possible
        assert bool(vm.live_migration.reason) is not possible
        assert vm.constraints == ()
        assert vm.migrate_to_timeout_s
        # Its start may have been forgotten (crm_resource --refresh); that it runs was seen since.
        assert any(op.node == vm.node and op.succeeded for op in vm.history)


async def test_the_numbers_are_there_soon(stage: Stage) -> None:
    def complete(picture: Cluster) -> bool:
        vm = picture.vm(stage.migratable)
        return (
            vm is not None
            and None not in (vm.memory_bytes, vm.vcpus, vm.cpu_percent)
            and all(
                node.hypervisor.state is HypervisorState.UP
                and None not in (node.cpus, node.memory_bytes, node.memory_used_bytes)
                and node.cpu_percent is not None
                for node in picture.nodes
            )
        )

    await stage.wait(complete, "the numbers of every node and of a VM")
    for node in stage.picture.nodes:
        assert node.memory_bytes and node.memory_used_bytes
        assert 0 < node.memory_used_bytes <= node.memory_bytes
        assert node.cpu_percent is not None and 0 <= node.cpu_percent <= 100


def without_numbers(picture: Cluster) -> Cluster:
    nodes = tuple(
        replace(
            node,
            cpus=None,
            cpu_percent=None,
            memory_bytes=None,
            memory_used_bytes=None,
            hypervisor=replace(node.hypervisor, since=None),
        )
        for node in picture.nodes
    )
    vms = tuple(
        replace(vm, domain=None, vcpus=None, memory_bytes=None, cpu_percent=None, history=())
        for vm in picture.vms
    )
    return replace(picture, nodes=nodes, vms=vms)


async def test_while_nothing_happens_only_numbers_change(stage: Stage) -> None:
    await stage.backend.settled(within_s=PATIENCE_S)
    before = without_numbers(stage.picture)
    for _ in range(5):
        await stage.backend.refresh()
        assert without_numbers(stage.picture) == before


async def test_a_migration_that_somebody_else_started_is_followed_to_its_end(
    stage: Stage,
) -> None:
    vm, source = stage.migratable, stage.home(stage.migratable)
    target = stage.elsewhere(vm)
    boots = await stage.boots(vm)

    def arrived(picture: Cluster) -> bool:
        moved = picture.vm(vm)
        return moved is not None and moved.nodes == (target,) and not picture.migrations

    with stage.unhurried(vm):
        await stage.outside(source, "crm_resource", "--move", "--resource", vm, "--node", target)
        pictures = await stage.collect(arrived, f"{vm} on {target}")
    migrations = [m for p in pictures if (m := p.migration(vm)) is not None]
    assert migrations
    assert {(m.source, m.target) for m in migrations} == {(source, target)}
    copying = [m for m in migrations if m.phase is Phase.COPYING]
    percents = [m.percent for m in copying if m.percent is not None]
    assert len(set(percents)) > 2
    assert percents[0] < max(percents)
    deadlines = [m.deadline_s for m in copying if m.deadline_s is not None]
    assert deadlines and deadlines == sorted(deadlines, reverse=True)
    for picture in pictures:
        moving = picture.migration(vm)
        shown = picture.vm(vm)
        if moving is not None and moving.phase is Phase.COPYING:
            assert shown is not None
            assert (shown.state, shown.node) == (VMState.MIGRATING, source)
    left = stage.vm(vm).constraints
    assert [(c.node, c.kind) for c in left] == [(target, ConstraintKind.PREFER)]
    assert await stage.boots(vm) == boots


async def test_a_ban_that_somebody_else_set_is_seen_and_its_removal_too(stage: Stage) -> None:
    vm, home = stage.migratable, stage.home(stage.migratable)
    node = stage.elsewhere(vm)
    await stage.outside(home, "crm_resource", "--ban", "--resource", vm, "--node", node)
    await stage.wait(
        lambda p: (
            [(c.node, c.kind) for v in p.vms if v.id == vm for c in v.constraints]
            == [(node, ConstraintKind.BAN)]
        ),
        "the ban",
    )
    await stage.outside(home, "crm_resource", "--clear", "--resource", vm)
    await stage.wait(lambda p: not any(v.constraints for v in p.vms), "its removal")


async def test_a_standby_is_seen(stage: Stage) -> None:
    name = stage.picture.nodes[-1].name

    def is_standby(picture: Cluster) -> bool:
        node = picture.node(name)
        return node is not None and node.state is NodeState.STANDBY and node.standby

    await stage.outside(name, "crm_standby", "--node", name, "--update", "on")
    await stage.wait(is_standby, f"{name} in standby")
    await stage.outside(name, "crm_standby", "--node", name, "--update", "off")
    await stage.wait(lambda picture: not is_standby(picture), f"{name} out of standby")


async def test_a_paused_guest_is_seen_as_paused(stage: Stage) -> None:
    await stage.backend.settled(within_s=PATIENCE_S)
    vm = stage.vm(stage.migratable)
    assert vm.node is not None and vm.domain is not None

    def in_state(state: VMState, picture: Cluster) -> bool:
        shown = picture.vm(vm.id)
        return shown is not None and shown.state is state

    await stage.outside(vm.node, "virsh", "suspend", vm.domain)
    await stage.wait(lambda p: in_state(VMState.PAUSED, p), f"{vm.id} paused")
    await stage.outside(vm.node, "virsh", "resume", vm.domain)
    await stage.wait(lambda p: in_state(VMState.RUNNING, p), f"{vm.id} running")


async def test_a_libvirt_that_is_down_takes_its_own_numbers_and_comes_back(
    stage: Stage,
) -> None:
    await stage.backend.settled(within_s=PATIENCE_S)
    name = stage.home(stage.rebooting)

    def state(picture: Cluster) -> HypervisorState:
        node = picture.node(name)
        return node.hypervisor.state if node is not None else HypervisorState.UNKNOWN

    await stage.stop_libvirt(name)
    await stage.wait(lambda p: state(p) is HypervisorState.DOWN, f"libvirt down on {name}")
    node = stage.picture.node(name)
    assert node is not None
    assert node.hypervisor.reason and node.hypervisor.since
    assert (node.cpu_percent, node.memory_used_bytes) == (None, None)
    assert [(s.source, s.node) for s in stage.picture.stale] == [("libvirt", name)]
    others = [node for node in stage.picture.nodes if node.name != name]
    assert {node.hypervisor.state for node in others} == {HypervisorState.UP}
    other = others[-1].name
    await stage.outside(other, "crm_standby", "--node", other, "--update", "on")
    await stage.wait(
        lambda p: any(n.name == other and n.standby for n in p.nodes),
        f"{other} in standby, seen while the libvirt of {name} is down",
    )
    await stage.outside(other, "crm_standby", "--node", other, "--update", "off")
    await stage.start_libvirt(name)
    await stage.wait(
        lambda p: state(p) is HypervisorState.UP and not p.stale, f"libvirt up on {name}"
    )


async def lose(stage: Stage, name: str) -> None:
    """Kill a node and hold every picture to what may be said about it."""
    before = {vm.id for vm in stage.picture.vms if vm.node == name}
    await stage.kill(name)

    def lost(picture: Cluster) -> bool:
        node = picture.node(name)
        return node is not None and node.state in (NodeState.UNCLEAN, NodeState.OFFLINE)

    def recovered(picture: Cluster) -> bool:
        return lost(picture) and all(
            vm.state is VMState.RUNNING and vm.node != name for vm in picture.vms if vm.id in before
        )

    await stage.wait(lost, f"{name} unclean or offline")
    for picture in await stage.collect(recovered, f"the VMs of {name} elsewhere"):
        node = picture.node(name)
        assert node is not None
        if lost(picture):
            assert (node.cpu_percent, node.memory_used_bytes) == (None, None)
        for vm in picture.vms:
            if vm.node == name and lost(picture):
                assert vm.state is not VMState.RUNNING
                assert vm.cpu_percent is None
    assert any(f.node == name for f in stage.picture.fencing)


async def test_a_killed_node_is_lost_and_nothing_is_said_to_run_there(stage: Stage) -> None:
    await stage.backend.settled(within_s=PATIENCE_S)
    voice = stage.picture.voice
    name = next(
        node.name
        for node in reversed(stage.picture.nodes)
        if node.name != voice and any(vm.node == node.name for vm in stage.picture.vms)
    )
    await lose(stage, name)
    assert stage.picture.voice == voice


async def test_another_node_speaks_when_the_voice_is_killed(stage: Stage) -> None:
    await stage.backend.settled(within_s=PATIENCE_S)
    voice = stage.picture.voice
    assert voice is not None
    await lose(stage, voice)
    await stage.wait(
        lambda p: p.voice not in (None, voice) and p.stale_pacemaker() is None, "another voice"
    )


async def test_the_scheduler_tells_by_which_scores_it_places_a_vm(stage: Stage) -> None:
    vm = stage.migratable
    scores = (await stage.backend.scores())[vm]
    assert scores.keys() == {node.name for node in stage.picture.nodes}
    assert max(scores.values()) == scores[stage.home(vm)]


async def test_the_past_of_a_cluster_begins_before_anybody_looked(stage: Stage) -> None:
    assert isinstance(stage.backend, Remembering)
    async with PastBackend(stage.backend.record) as past:
        then = past.picture.then
        assert then is not None and then.number == then.of >= 1
        assert then.at <= stage.picture.taken_at
        assert {node.name for node in past.picture.nodes} == {n.name for n in stage.picture.nodes}
        assert {vm.id for vm in past.picture.vms} == {vm.id for vm in stage.picture.vms}
        assert past.writer is None
        assert (await past.scores()).keys() >= {stage.migratable}
