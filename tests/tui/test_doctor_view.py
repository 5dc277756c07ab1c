"""The doctor on the board: what stands in the way of live migrations, and its cures."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from app_scene import at_the_doctor, boots, colleague_moves, confirm, tell, vm_of, writes
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from widgets.doctor_view import DoctorView

TRANSPORT = "crm_resource --resource web1 --set-parameter migration_transport --parameter-value ssh"
ALLOW = "crm_resource --resource legacy-erp --meta --set-parameter allow-migrate"


@pytest.fixture
def unfit() -> SimulatedBackend:
    """Three nodes with what makes migrations fail, in which nothing happens by itself."""
    return SimulatedBackend(nodes=3, vms=12, seed=1, speed=0, scenario="unfit")


async def choose(operator: Operator, text: str) -> None:
    """With the mouse, the row that shows this."""
    await operator.until_sees(text)
    await operator.pilot.click(offset=operator.at(text))


async def propose(operator: Operator, text: str, title: str) -> None:
    await choose(operator, text)
    await operator.press("c")
    await operator.until_sees(title)
    await operator.until_sees("Exactly th")


def turn(operator: Operator, vm: str, role: str) -> None:
    words = ("--meta", "--set-parameter", "target-role", "--parameter-value", role)
    tell(operator, "crm_resource", "--resource", vm, *words)


async def until_cured(operator: Operator, check: str) -> None:
    """No row shows it any more as a trouble; among what is ok it may be."""

    def troubled() -> bool:
        marks = ("✖ wrong", "⚠ warning", "? unknown")
        return any(check in line and any(m in line for m in marks) for line in operator.lines())

    await operator.until(
        lambda: not operator.house.desk.under_way and not troubled(), f"{check} gone"
    )


async def test_the_cluster_is_examined_by_itself_and_4_shows_what_was_found(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        await operator.until(lambda: operator.house.doctor.report is not None, "examined")
        await operator.press("5")
        await operator.until_sees("4 wrong, 4 warnings")
        for check in ("names: node names", "config file", "timeout of migrate_to", "on-fail"):
            assert operator.sees(check), check
        assert operator.at("✖ wrong")[1] < operator.at("⚠ warning")[1] < operator.at("✔ ok")[1]
        assert operator.sees("alpha: charlie resolves to 127.0.1.1")
        assert operator.sees("why: a migration from alpha to charlie goes to alpha itself")
        assert operator.sees("→ on alpha: in /etc/hosts: ADDRESS charlie")
        assert not operator.sees("vmferry does this itself"), "it changes no file on a node"
        await operator.press("down", "down")
        await operator.until_sees(f"c {TRANSPORT}")
        assert operator.sees("restarts the VM")
        assert operator.sees("vmferry does this itself")
        assert not writes(operator)


async def test_a_cure_is_shown_before_it_is_sent_and_afterwards_the_finding_is_gone(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        before = boots(operator)
        await at_the_doctor(operator)
        await propose(operator, "resource: allow-migrate", "Cure legacy-erp: allow-migrate")
        assert operator.sees(ALLOW)
        assert operator.sees("nothing moves, and nothing stops")
        assert not writes(operator)
        await confirm(operator)
        await until_cured(operator, "resource: allow-migrate")
        assert writes(operator) == [f"{ALLOW} --parameter-value true"]
        assert vm_of(operator, "legacy-erp").live_migration.possible
        assert operator.sees(": 1 new, 1 gone"), "it migrates now, and lacks on-fail=block"
        assert boots(operator) == before


async def test_what_is_alike_is_cured_together_or_one_by_one(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal, size=(120, 60)) as operator:
        await at_the_doctor(operator)
        await choose(operator, "resource: on-fail")
        assert operator.sees("▸ 10 VMs")
        await operator.press("enter", "down")
        await operator.until_sees("▾ 10 VMs")
        await operator.press("c")
        await operator.until_sees("Cure web1: on-fail")
        await confirm(operator)
        await operator.until_sees("▾ 9 VMs")
        assert vm_of(operator, "web1").migrate_to_on_fail == "block"
        await propose(operator, "resource: on-fail", "Cure 9 VMs: on-fail")
        await confirm(operator)
        await until_cured(operator, "resource: on-fail")
        assert len(writes(operator)) == 10
        guests = unfit.world.state.guests.values()
        assert all(guest.on_fail == "block" for guest in guests if guest.allow_migrate)


async def test_what_restarts_a_guest_waits_by_default_until_its_vm_stops(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        before = boots(operator)
        await at_the_doctor(operator)
        await propose(operator, "resource: migration_transport", "Cure web1: migration_transport")
        assert operator.sees("it stops the guest of web1")
        assert operator.sees("At its next stop")
        await confirm(operator)
        await operator.until_sees("It waits")
        await operator.until_sees("◷ waits")
        assert not writes(operator)
        turn(operator, "web1", "Stopped")
        await until_cured(operator, "resource: migration_transport")
        assert writes(operator) == [TRANSPORT]
        assert not operator.sees("◷ waits")
        turn(operator, "web1", "Started")
        await operator.until(lambda: vm_of(operator, "web1").node is not None, "started")
        assert boots(operator) == before | {"web1": before["web1"] + 1}


async def test_of_several_some_may_wait_already(unfit: SimulatedBackend, journal: Journal) -> None:
    guest = unfit.world.guest("web2")
    guest.parameters = guest.started_with = {"migration_transport": "ssl"}
    async with at_the_app(unfit, journal) as operator:
        await at_the_doctor(operator)
        await choose(operator, "resource: migration_transport")
        await operator.press("enter", "down", "c")
        await operator.until_sees("Cure web1: migration_transport")
        await confirm(operator)
        await operator.until(
            lambda: len(operator.house.doctor.examination.waiting) == 1, "one waits"
        )
        title = "Cure web1, web2: migration_transport"
        await propose(operator, "resource: migration_transport", title)
        await confirm(operator)
        await operator.until(
            lambda: len(operator.house.doctor.examination.waiting) == 2, "both wait"
        )
        assert not writes(operator)


async def test_a_restart_now_needs_the_typed_word(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        before = boots(operator)
        await at_the_doctor(operator)
        await propose(operator, "resource: migration_transport", "Cure web1: migration_transport")
        await operator.press("shift+tab")
        await operator.type("web2")
        await operator.press("enter")
        assert not writes(operator)
        await operator.press(*["backspace"] * 4)
        await operator.type("REBOOT")
        await operator.until_sees("Now, with a reboot")
        await operator.press("enter")
        await until_cured(operator, "resource: migration_transport")
        assert writes(operator) == [TRANSPORT]
        assert boots(operator) == before | {"web1": before["web1"] + 1}
        assert vm_of(operator, "web1").node is not None


async def test_what_waits_can_be_called_off(unfit: SimulatedBackend, journal: Journal) -> None:
    async with at_the_app(unfit, journal) as operator:
        await at_the_doctor(operator)
        await propose(operator, "resource: migration_transport", "Cure web1: migration_transport")
        await confirm(operator)
        await choose(operator, "◷ waits")
        await operator.until_sees("call it off")
        await operator.press("x")
        await operator.until(lambda: not operator.sees("◷ waits"), "called off")
        turn(operator, "web1", "Stopped")
        await operator.until(lambda: not vm_of(operator, "web1").nodes, "stopped")
        turn(operator, "web1", "Started")
        await operator.until(lambda: vm_of(operator, "web1").node is not None, "started")
        assert not writes(operator)


async def test_what_waits_is_carried_out_by_a_later_run_too(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        await at_the_doctor(operator)
        await propose(operator, "resource: migration_transport", "Cure web1: migration_transport")
        await confirm(operator)
        await operator.until_sees("◷ waits")
    later = SimulatedBackend(nodes=3, vms=12, seed=1, speed=0, scenario="unfit")
    async with at_the_app(later, journal) as operator:
        await at_the_doctor(operator)
        await operator.until_sees("◷ waits")
        turn(operator, "web1", "Stopped")
        await until_cured(operator, "resource: migration_transport")
        assert writes(operator) == [TRANSPORT]


async def test_read_only_shows_the_cure_and_says_why_it_is_not_offered(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "unfit", read_only=True)
    async with at_the_app(backend, journal) as operator:
        await at_the_doctor(operator)
        await propose(operator, "resource: allow-migrate", "Cure legacy-erp: allow-migrate")
        assert operator.sees(ALLOW)
        assert operator.sees("read-only: vmferry was started so that it cannot change")
        assert not operator.sees("Do it")
        await operator.press("enter")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")
        assert not writes(operator)


async def test_nothing_is_cured_while_a_guest_is_being_migrated(
    unfit: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(unfit, journal) as operator:
        await at_the_doctor(operator)
        colleague_moves(operator, "cache", "bravo")
        await operator.until(lambda: bool(unfit.picture.migrations), "migrating")
        await choose(operator, "resource: allow-migrate")
        await operator.press("c")
        await operator.until_sees("cache is being migrated")
        assert not operator.sees("Do it")


async def test_the_selected_vm_has_its_checklist(unfit: SimulatedBackend, journal: Journal) -> None:
    async with at_the_app(unfit, journal) as operator:
        await operator.until(lambda: operator.house.doctor.report is not None, "examined")
        operator.board.select("web1")
        await operator.press("v")
        await operator.until_sees("web1  not fit for live migration")
        assert operator.sees("migration_transport is ssl")
        assert operator.sees("✔ ok")
        assert not operator.sees("legacy-erp")
        await operator.press("escape")
        await operator.until_sees("● web2")
        await operator.press("5")
        await operator.until_sees("4 wrong, 4 warnings")
        await choose(operator, "resource: allow-migrate")
        await operator.press("v")
        await operator.until_sees("legacy-erp  not fit for live migration")
        await operator.press("v")
        await operator.until_sees("4 wrong, 4 warnings")


async def test_keys_that_do_nothing_now_say_why(unfit: SimulatedBackend, journal: Journal) -> None:
    async with at_the_app(unfit, journal, size=(120, 60)) as operator:
        await at_the_doctor(operator)
        await choose(operator, "names: node names")
        await operator.press("c")
        await operator.until_sees("vmferry changes no file on a node")
        await operator.press("x")
        await operator.until_sees("this is no cure that waits")
        await choose(operator, "✔ ok")
        await operator.press("c")
        await operator.until_sees("nothing is to be cured")


async def test_strange_names_are_shown_literally(journal: Journal) -> None:
    backend = SimulatedBackend(3, 16, 1, 0, "names")
    async with at_the_app(backend, journal, size=(160, 60)) as operator:
        await at_the_doctor(operator)
        await choose(operator, "resource: on-fail")
        await operator.press("enter")
        await operator.until_sees("  [red]x[/]")
        for vm in [vm.id for vm in backend.picture.vms]:
            operator.main.query_one(DoctorView).vm = vm
            await operator.pilot.pause()
            for line in operator.lines():
                assert line.isprintable(), repr(line)
        operator.main.query_one(DoctorView).vm = "[/nope]"
        await operator.until_sees("[/nope]  fit for live migration")
        await operator.until(lambda: not backend.picture.migrations, "nothing in flight")
        operator.step_s = 0.0
        await propose(operator, "resource: on-fail", "Cure [/nope]: on-fail")


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (140, 40)])
async def test_findings_cures_and_keys_are_in_sight_on_any_terminal(
    unfit: SimulatedBackend, journal: Journal, size: tuple[int, int]
) -> None:
    async with at_the_app(unfit, journal, size=size) as operator:
        await at_the_doctor(operator)
        assert operator.sees("✖ wrong")
        assert operator.sees("why: a migration from alpha to charlie")
        assert operator.sees("c Cure")
        await operator.press("down", "down", "c")
        await operator.until_sees("Cure web1: migration_transport")
        await operator.until_sees("At its next stop")
        await operator.press("escape")
        await operator.press(*["down"] * 8)
        await operator.until_sees("· not used")
