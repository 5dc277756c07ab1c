"""The simulated cluster answers commands with the exit codes of a real one."""

from __future__ import annotations

import shlex
from copy import deepcopy

import pytest

from backends.clusters.simulated import World
from backends.data.picture import ConstraintKind, NodeState, Phase, VMState

ANSWERS = [
    ("crm_resource --move --resource web1 --node bravo", 0),
    ("crm_resource -M -r web1 -N bravo", 0),
    ("crm_resource --move --resource=web1 --node=bravo --lifetime=PT5M", 0),
    ("crm_resource --move --resource web1 --node alpha", 108),
    ("crm_resource --move --resource web1 --node nowhere", 105),
    ("crm_resource --move --resource nothing --node bravo", 105),
    ("crm_resource --move --resource web1 --node bravo --lifetime soon", 64),
    ("crm_resource --move --clear --resource web1", 64),
    ("crm_resource --move --node bravo", 64),
    ("crm_resource --what --resource web1", 64),
    ("crm_resource --clear --resource web1", 0),
    ("crm_resource --clear --resource nothing", 105),
    ("crm_resource --cleanup --resource web1", 0),
    ("crm_resource --ban --resource web1", 0),
    ("crm_resource -r web1 --meta --set-parameter maintenance -v true", 0),
    ("crm_resource -r web1 --meta --delete-parameter maintenance", 0),
    ("crm_resource -r web1 --set-parameter migration_transport -v tcp", 0),
    ("crm_resource -r web1 --set-parameter migration_transport", 64),
    ("""cibadmin --modify --xml-text '<op id="web1-migrate_to" on-fail="block"/>'""", 0),
    ("""cibadmin --modify --xml-text '<op id="nothing" on-fail="block"/>'""", 105),
    ("cibadmin --modify --xml-text '<op'", 64),
    ("crm_standby --node alpha --update on", 0),
    ("crm_standby -N alpha -v off", 0),
    ("crm_standby --node nowhere --update on", 105),
    ("crm_attribute --name maintenance-mode --update true", 0),
    ("crm_attribute --name maintenance-mode --delete", 0),
    ("crm_attribute --update true", 64),
    ("virsh domjobabort web1", 1),
    ("virsh suspend nothing", 1),
    ("virsh suspend web1", 0),
    ("virsh migrate-setspeed web1 100", 0),
    ("virsh migrate-setspeed web1 fast", 1),
    ("reboot", 127),
]


@pytest.fixture
def world() -> World:
    """web1 on alpha, db-primary on charlie; nothing happens by itself."""
    return World.of()


def run(world: World, line: str, node: str | None = None) -> int | None:
    return world.execute(shlex.split(line), node).exit_status


@pytest.mark.parametrize(("line", "exit_status"), ANSWERS)
def test_exit_codes_are_those_of_the_real_tools(world: World, line: str, exit_status: int) -> None:
    answer = world.execute(shlex.split(line))
    assert answer.exit_status == exit_status
    assert bool(answer.stderr) == (exit_status != 0)


@pytest.mark.parametrize(("line", "_exit_status"), ANSWERS)
def test_what_is_only_thought_of_changes_nothing(
    world: World, line: str, _exit_status: int
) -> None:
    run(world, "crm_resource --move --resource web1 --node bravo")
    world.advance(3)  # in mid-migration
    before, drawn = deepcopy(world.state), world.state.random.getstate()
    world.foresee([shlex.split(line), shlex.split("crm_resource --cleanup --resource files")])
    before.random = world.state.random
    assert world.state == before
    assert world.state.random.getstate() == drawn


def test_a_move_prefers_the_node_and_forgets_what_stood_against_it(world: World) -> None:
    run(world, "crm_resource --ban -r web1 -N bravo")
    run(world, "crm_resource --move -r web1 -N charlie")
    run(world, "crm_resource --move -r web1 -N bravo")
    vm = world.picture().vm("web1")
    assert vm is not None
    assert [(c.id, c.node, c.kind) for c in vm.constraints] == [
        ("cli-prefer-web1", "bravo", ConstraintKind.PREFER)
    ]


def test_a_move_without_a_node_bans_the_node_it_is_on(world: World) -> None:
    run(world, "crm_resource --move -r web1")
    vm = world.picture().vm("web1")
    assert vm is not None
    assert [c.id for c in vm.constraints] == ["cli-ban-web1-on-alpha"]
    world.advance(60)
    vm = world.picture().vm("web1")
    assert vm is not None and vm.node != "alpha"


def test_a_constraint_whose_lifetime_ended_stays_and_says_nothing_any_more(world: World) -> None:
    run(world, "crm_resource --ban -r vpn -N alpha --lifetime PT1M")
    world.advance(50)
    assert world.guest("vpn").host != "alpha"
    world.advance(60)
    vm = world.picture().vm("vpn")
    assert vm is not None
    assert vm.node == "alpha"
    assert [c.expires is not None for c in vm.constraints] == [True]


def test_the_version_counts_every_change(world: World) -> None:
    before = world.state.version
    run(world, "crm_standby -N alpha -v on")
    standby = world.state.version
    assert before < standby
    world.advance(5)
    assert standby < world.state.version


def test_virsh_on_another_node_does_not_know_the_domain(world: World) -> None:
    assert run(world, "virsh suspend web1", "bravo") == 1
    assert run(world, "virsh suspend web1", "alpha") == 0
    vm = world.picture().vm("web1")
    assert vm is not None and vm.state is VMState.PAUSED
    assert run(world, "virsh resume web1", "alpha") == 0
    vm = world.picture().vm("web1")
    assert vm is not None and vm.state is VMState.RUNNING


def test_an_aborted_job_makes_pacemaker_reboot_the_guest(world: World) -> None:
    boots = world.guest("web1").boots
    run(world, "crm_resource --move -r web1 -N bravo")
    world.advance(4)
    assert run(world, "virsh domjobabort web1") == 0
    world.advance(30)
    assert world.guest("web1").boots == boots + 1


def test_the_safe_abort_leaves_the_guest_alone(world: World) -> None:
    boots = world.guest("web1").boots
    run(world, "crm_resource --move -r web1 -N bravo")
    world.advance(4)
    run(world, "crm_resource -r web1 --meta --set-parameter maintenance -v true")
    run(world, "virsh domjobabort web1")
    run(world, "crm_resource --clear -r web1")
    run(world, "crm_resource --cleanup -r web1")
    world.advance(5)
    run(world, "crm_resource -r web1 --meta --delete-parameter maintenance")
    world.advance(30)
    vm = world.picture().vm("web1")
    assert vm is not None
    assert (vm.node, vm.nodes, vm.state) == ("alpha", ("alpha",), VMState.RUNNING)
    assert world.guest("web1").boots == boots
    assert world.picture().failures == ()


def test_cleaning_up_a_blocked_migration_without_maintenance_reboots_the_guest(
    world: World,
) -> None:
    world.guest("web1").on_fail = "block"
    world.fail_next_migration("web1")
    run(world, "crm_resource --move -r web1 -N bravo")
    world.advance(30)
    vm = world.picture().vm("web1")
    assert vm is not None
    assert (vm.state, vm.failed, vm.nodes) == (VMState.BLOCKED, True, ("alpha", "bravo"))
    assert world.guest("web1").boots == 1
    run(world, "crm_resource --cleanup -r web1")
    world.advance(30)
    assert world.guest("web1").boots == 2


def test_a_constraint_cleared_between_the_two_halves_reboots_the_guest(world: World) -> None:
    run(world, "crm_resource --move -r web1 -N bravo")
    world.advance(4)
    run(world, "crm_resource --clear -r web1")
    world.advance(30)
    assert world.guest("web1").boots == 2


def test_maintenance_between_the_two_halves_holds_the_migration_until_it_ends(
    world: World,
) -> None:
    run(world, "crm_resource --move -r web1 -N bravo")
    world.advance(4)
    run(world, "crm_resource -r web1 --meta --set-parameter maintenance -v true")
    world.advance(30)
    migration = world.picture().migration("web1")
    assert migration is not None and migration.phase is Phase.SWITCHING
    run(world, "crm_resource -r web1 --meta --delete-parameter maintenance")
    world.advance(5)
    vm = world.picture().vm("web1")
    assert vm is not None and vm.nodes == ("bravo",)
    assert world.guest("web1").boots == 1


def test_standby_empties_the_node_and_obeys_the_migration_limit(world: World) -> None:
    run(world, "crm_standby -N alpha -v on")
    phases = set()
    for _ in range(400):
        world.advance(0.25)
        picture = world.picture()
        running = [m for m in picture.migrations if m.phase not in (Phase.REQUESTED, Phase.WAITING)]
        assert len(running) <= 2
        phases |= {m.phase for m in picture.migrations}
    assert Phase.WAITING in phases
    node = world.picture().node("alpha")
    assert node is not None and node.state is NodeState.STANDBY
    assert not [vm.id for vm in world.picture().vms if vm.node == "alpha"]
