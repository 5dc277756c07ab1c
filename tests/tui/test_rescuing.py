"""A migration in trouble: nothing is rebooted, and what helps is a key and an Enter away."""

from __future__ import annotations

import pytest
from textual.widgets import Button

from app_operator import at_the_app
from app_scene import (
    arrived,
    boots,
    colleague_moves,
    confirm,
    left_behind,
    simulated,
    until_copying,
    vm_of,
    writes,
)
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.scenarios import guest_link
from backends.clusters.simulated.state import MiB


def stubborn(backend: SimulatedBackend, vm: str, timeout_s: float = 60.0) -> None:
    """Dirties its memory faster than the link carries it."""
    guest = backend.world.guest(vm)
    guest.dirty_rate_bytes_per_s = 1.4 * guest_link(backend.world, guest)
    guest.working_set_bytes = 0.5 * guest.memory_bytes
    guest.migrate_to_timeout_s = timeout_s


async def test_a_colleagues_migration_is_aborted_and_its_guest_not_restarted(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        before, home = boots(operator), vm_of(operator, "web1").node
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("a")
        await operator.until_sees(f"virsh domjobabort {vm_of(operator, 'web1').domain}")
        await operator.until_sees("crm_resource --refresh --resource web1 --force")
        assert not writes(operator)
        await confirm(operator)
        await operator.until(lambda: arrived(operator, "web1", str(home)), "back at rest")
        assert boots(operator) == before
        assert not left_behind(operator)
        await operator.until_sees("its guest was not restarted")


async def test_our_own_aborted_move_ends_without_a_second_alarm(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        home = vm_of(operator, "web1").node
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        await confirm(operator)
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("a")
        await operator.until_sees("virsh domjobabort")
        await confirm(operator)
        await operator.until(lambda: arrived(operator, "web1", str(home)), "back at rest")
        assert operator.app.screen is operator.main
        assert not left_behind(operator)
        assert operator.sees("· the move was called off"), "told as what was wanted"


async def test_what_is_moved_right_after_an_abort_does_not_stop_with_it(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        home = vm_of(operator, "web1").node
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        await confirm(operator)
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("a")
        await operator.until_sees("virsh domjobabort")
        await confirm(operator)
        await operator.drag("db-replica", "bravo")
        await operator.until_sees("crm_resource --move")
        await confirm(operator)
        await operator.until(lambda: arrived(operator, "db-replica", "bravo"), "moved")
        assert arrived(operator, "web1", str(home))
        assert operator.app.screen is operator.main


async def test_abort_says_why_it_cannot_be_done(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select("web1")
        for key in "agDS":
            await operator.press(key)
            await operator.until_sees("web1 is not being migrated")
            await operator.press("escape")
        assert not writes(operator)


async def test_a_failed_blocked_vm_is_recovered_with_the_same_key(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "failed")
    async with at_the_app(backend, journal) as operator:
        await operator.until_sees("blocked")
        vm = next(vm for vm in backend.picture.vms if vm.state.value == "blocked")
        before = boots(operator)
        operator.board.select(vm.id)
        await operator.press("a")
        await operator.until_sees(f"Recover {vm.id}")
        await operator.until_sees(f"crm_resource --clear --resource {vm.id}")
        await confirm(operator)
        await operator.until(
            lambda: (
                vm_of(operator, vm.id).state.value == "running"
                and not operator.house.desk.under_way
            ),
            "recovered",
        )
        assert boots(operator) == before
        assert not vm_of(operator, vm.id).maintenance


async def test_a_guarded_migration_survives_its_timeout(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        stubborn(backend, "web1", timeout_s=30)
        before, home = boots(operator), vm_of(operator, "web1").node
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("g")
        await operator.until_sees("nothing is restarted")
        await confirm(operator)
        await operator.until_sees("‖ guarded")
        await operator.press("g")
        await operator.until_sees("web1 is guarded already")
        await operator.press("escape")
        await operator.until(lambda: arrived(operator, "web1", str(home)), "back at rest")
        assert boots(operator) == before
        assert not left_behind(operator)


async def test_an_abort_of_a_guarded_migration_only_ends_the_copy(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Two acts that both restore the maintenance would be at odds over what it was before."""
    async with at_the_app(backend, journal) as operator:
        stubborn(backend, "web1", timeout_s=3600)
        before, home = boots(operator), vm_of(operator, "web1").node
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("g")
        await operator.until_sees("nothing is restarted")
        await confirm(operator)
        await operator.until_sees("‖ guarded")
        sent = len(writes(operator))
        await operator.press("a")
        await operator.until_sees("virsh domjobabort web1")
        assert not operator.sees("maintenance")
        await confirm(operator)
        await operator.until(lambda: not operator.house.desk.under_way, "both at their end")
        assert arrived(operator, "web1", str(home))
        assert sum("maintenance" in command for command in writes(operator)[sent:]) == 1
        assert not vm_of(operator, "web1").maintenance
        assert boots(operator) == before
        assert not left_behind(operator)


async def test_a_stalled_copy_is_named_once_and_more_downtime_lets_it_arrive(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        stubborn(backend, "web1", timeout_s=120)
        operator.step_s = 0.25  # as often as a real libvirt is asked
        before = boots(operator)
        operator.board.select("web1")
        await operator.press("i")
        colleague_moves(operator, "web1", "bravo")
        await operator.until_sees("⚠ stalled")
        await operator.until_sees("allow more downtime")
        assert operator.sees("timeout in")
        warned = [event for event in operator.house.chronicle.log.events if event.kind == "stalled"]
        assert len(warned) == 1
        await operator.press("D")
        await operator.until_sees("virsh migrate-setmaxdowntime")
        assert not writes(operator)
        await confirm(operator)
        await operator.until(lambda: vm_of(operator, "web1").node == "bravo", "arrived")
        await operator.until(lambda: not backend.picture.migrations, "settled")
        assert boots(operator) == before


async def test_a_long_downtime_is_called_that_and_a_smaller_step_may_be_chosen(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        stubborn(backend, "web1", timeout_s=600)
        operator.step_s = 0.25
        colleague_moves(operator, "web1", "bravo")
        await operator.until_sees("⚠ stalled")
        operator.board.select("web1")
        await operator.press("D")
        await operator.until_sees("Allow more downtime for web1")
        dialog = operator.app.screen
        label = str(dialog.query_one("#confirm", Button).label)
        seconds = float(label.removeprefix("Allow ").removesuffix(" s"))
        assert seconds > 1
        await operator.until_sees(f"for {seconds:g} s the guest does nothing and answers nobody")
        await operator.until_sees("its connections")
        await operator.until_sees(f"{seconds:g} s, as long as it needs now")
        for step in ("5 s", "2 s", "1 s"):
            if float(step.removesuffix(" s")) < seconds:
                await operator.press("o")
                await operator.until_sees(f"Allow {step}")
        await operator.until_sees("with less it may still not arrive")
        assert not operator.sees("answers nobody")
        await confirm(operator)
        await operator.until(lambda: bool(writes(operator)), "sent")
        assert writes(operator) == ["virsh migrate-setmaxdowntime web1 1000"]


async def test_speed_says_what_is_known_and_what_is_not(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        stubborn(backend, "web1", timeout_s=600)
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press("S")
        await operator.until_sees("no limit is known")
        for known in ("it is sent at", "its guest dirties", "its configuration sets no limit"):
            await operator.until_sees(known)
        await operator.until_sees("not known: whether libvirt")
        assert not operator.sees("as fast as the network")


async def test_a_late_copy_runs_faster_when_its_limit_is_raised(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        guest = backend.world.guest("web1")
        guest.migration_speed_bytes_per_s = 64 * MiB
        colleague_moves(operator, "web1", "bravo")
        await operator.until_sees("⚠ late")
        operator.board.select("web1")
        await operator.press("S")
        await operator.until_sees("virsh migrate-setspeed")
        await confirm(operator)
        await operator.until(lambda: not operator.house.desk.under_way, "sent")
        assert (guest.migration_speed_bytes_per_s or 0) > 64 * MiB
        await operator.until(lambda: vm_of(operator, "web1").node == "bravo", "arrived")


async def test_the_plan_sets_on_fail_block_in_the_same_confirmation(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        before = boots(operator)
        simulated(operator).world.fail_next_migration("web1")
        await operator.drag("web1", "bravo")
        await operator.until_sees("should the migration of web1 fail")
        await operator.press("o")
        await operator.until_sees("""cibadmin --modify --xml-text '<op id="web1-migrate_to" """)
        assert not operator.sees("should the migration of web1 fail")
        await confirm(operator)
        await operator.until_sees("the move did not come to its end")
        assert vm_of(operator, "web1").state.value == "blocked"
        assert boots(operator) == before
        assert writes(operator)[0].startswith("cibadmin --modify")


@pytest.mark.parametrize("key", ["a", "g"])
async def test_read_only_says_why_nothing_is_offered(journal: Journal, key: str) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm", read_only=True)
    async with at_the_app(backend, journal) as operator:
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.board.select("web1")
        await operator.press(key)
        await operator.until_sees("read-only: vmferry was started so")
        await operator.press("enter")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")
        assert not writes(operator)
