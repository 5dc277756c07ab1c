"""The simulated backend: pictures as time goes on, its scenarios, and its size."""

from __future__ import annotations

import asyncio

import pytest

from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from backends.data import commands
from backends.data.errors import BadConfiguration, CommandFailed, Unreachable
from backends.data.picture import HypervisorState, NodeState, Phase, VMState
from backends.data.plan import Command


async def test_the_demo_is_alive_within_five_seconds() -> None:
    async with SimulatedBackend(speed=0) as backend:
        first = backend.picture
        await backend.advance(5)
        assert backend.picture.migrations
        loads = [vm.cpu_percent for vm in backend.picture.vms]
        assert loads != [vm.cpu_percent for vm in first.vms]


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize(("nodes", "vms"), [(1, 0), (2, 3), (4, 16), (9, 40)])
async def test_every_scenario_runs_in_a_cluster_of_any_size(
    scenario: str, nodes: int, vms: int
) -> None:
    async with SimulatedBackend(nodes, vms, seed=7, speed=0, scenario=scenario) as backend:
        for _ in range(40):
            await backend.advance(5)
        assert len(backend.picture.nodes) == nodes
        assert len(backend.picture.vms) == vms


async def after(scenario: str, seconds: float) -> SimulatedBackend:
    async with SimulatedBackend(speed=0, scenario=scenario) as backend:
        await backend.advance(seconds)
    return backend


async def test_the_scenarios_show_what_they_say() -> None:
    node_loss = (await after("node-loss", 8)).picture
    assert NodeState.UNCLEAN in {node.state for node in node_loss.nodes}
    silent = (await after("libvirt-down", 8)).picture
    assert HypervisorState.DOWN in {node.hypervisor.state for node in silent.nodes}
    failed = (await after("failed", 30)).picture
    assert VMState.BLOCKED in {vm.state for vm in failed.vms}
    assert failed.failures
    assert sum(bool(vm.constraints) for vm in failed.vms) == 2
    stubborn = (await after("stubborn", 20)).picture
    assert [m.eta_s for m in stubborn.migrations] == [None]
    stubborn = (await after("stubborn", 80)).picture
    assert [f.task for f in stubborn.failures] == ["migrate_to"]
    evacuation = (await after("evacuation", 6)).picture
    assert len(evacuation.migrations) > 2
    assert (await after("pacemaker-silent", 10)).picture.stale_pacemaker() is not None
    names = (await after("names", 1)).picture
    assert "[red]x[/]" in {vm.id for vm in names.vms}
    assert max(len(vm.id) for vm in names.vms) == 200


async def test_a_busy_cluster_stays_healthy_for_an_hour() -> None:
    async with SimulatedBackend(speed=0) as backend:
        moves = 0
        for _ in range(360):
            backend.world.advance(10)
            moves += bool(backend.world.picture().migrations)
        picture = backend.world.picture()
        assert moves > 50
        assert picture.failures == ()
        assert sum(bool(vm.constraints) for vm in picture.vms) <= 1
        boots = {vm.id: backend.world.guest(vm.id).boots for vm in picture.vms}
        assert set(boots.values()) == {0, 1}


async def test_time_goes_on_by_itself_at_its_speed() -> None:
    async with SimulatedBackend(speed=100, scenario="calm") as backend:
        assert backend.writer is not None
        await backend.writer.send(commands.move("web1", "bravo"))
        async for picture in backend.pictures():
            vm = picture.vm("web1")
            assert vm is not None
            if vm.node == "bravo" and vm.state is VMState.RUNNING:
                break
        await backend.writer.send(commands.clear("web1"))
        vm = backend.picture.vm("web1")
        assert vm is not None and vm.constraints == ()


async def test_while_nothing_changes_no_picture_comes() -> None:
    async with SimulatedBackend(vms=2, speed=0, scenario="calm") as backend:
        seen = []

        async def read() -> None:
            async for picture in backend.pictures():
                seen.append(picture)

        reading = asyncio.create_task(read())
        await asyncio.sleep(0)
        for _ in range(5):
            await backend.refresh()
            await asyncio.sleep(0)
        assert len(seen) == 1
        await backend.close()
        await reading


async def test_what_did_not_change_is_the_same_object() -> None:
    async with SimulatedBackend(nodes=32, vms=2000, speed=0, scenario="calm") as backend:
        before = backend.picture
        await backend.advance(0.5)
        same = sum(a is b for a, b in zip(before.vms, backend.picture.vms, strict=True))
        assert same > 1500
        assert same < 2000


async def test_pictures_carry_the_clock_they_were_given() -> None:
    async with SimulatedBackend(speed=0, scenario="calm", clock=lambda: 1e9) as backend:
        assert backend.picture.taken_at == 1e9
        await backend.advance(2)
        assert backend.picture.taken_at == 1e9 + 2


async def test_commands_are_recorded_with_node_result_and_duration() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        assert backend.writer is not None
        await backend.writer.send(commands.move("web1", "bravo"))
        with pytest.raises(CommandFailed, match="105"):
            await backend.writer.send(commands.move("web1", "nowhere"))
        await backend.preview(["web2"])
        *_, moved, failed, simulated = backend.commands.sent
        assert (moved.node, moved.exit_status, moved.writes) == ("alpha", 0, True)
        assert moved.command == "crm_resource --move --resource web1 --node bravo"
        assert moved.duration_s is not None
        assert failed.exit_status == 105
        assert (simulated.exit_status, simulated.writes) == (0, False)


async def test_a_command_for_a_dead_node_does_not_arrive() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        assert backend.writer is not None
        backend.world.kill("alpha")
        with pytest.raises(Unreachable):
            await backend.writer.send(
                Command(("virsh", "domjobabort", "web1"), "abort", node="alpha")
            )


async def test_read_only_has_no_writer() -> None:
    async with SimulatedBackend(speed=0, read_only=True) as backend:
        assert backend.writer is None


@pytest.mark.parametrize(
    "bad", [{"nodes": 0}, {"vms": -1}, {"speed": -1.0}, {"scenario": "nothing"}]
)
def test_a_cluster_that_cannot_be_is_refused_in_a_sentence(bad: dict[str, object]) -> None:
    with pytest.raises(BadConfiguration):
        SimulatedBackend(**bad)  # type: ignore[arg-type]


async def test_the_phases_come_in_their_order() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        backend.world.execute(commands.move("web1", "bravo").argv)
        phases: list[Phase] = []
        for _ in range(80):
            await backend.advance(0.25)
            migration = backend.picture.migration("web1")
            if migration is not None and migration.phase not in phases[-1:]:
                phases.append(migration.phase)
        assert phases == [Phase.REQUESTED, Phase.COPYING, Phase.SWITCHING, Phase.STOPPING]
