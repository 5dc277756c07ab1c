"""What the doctor knows is on the glass where a move is decided: the target's column, the plan."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from app_scene import arrived, boots, writes
from backends.acts.journal import Journal
from faulty import Faulty

SEEN = "qemu+ssh://bravo/system"


@pytest.fixture
def backend() -> Faulty:
    return Faulty()


async def examined(operator: Operator) -> None:
    await operator.until(lambda: operator.house.doctor.report is not None, "examined")


async def test_the_target_that_a_migration_would_fail_to_says_reboot_and_why(
    backend: Faulty, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        await operator.pick_up("web1")
        await operator.until_sees("the migration of web1")
        assert operator.sees("REBOOT")
        await operator.until_sees("LIVE")


async def test_nobody_waits_for_the_doctor(backend: Faulty, journal: Journal) -> None:
    backend.answers.clear()
    async with at_the_app(backend, journal) as operator:
        await operator.pick_up("web1")
        await operator.until_sees("LIVE")
        assert operator.house.doctor.report is None and not operator.sees("REBOOT")
        backend.answers.set()
        await operator.until_sees("REBOOT")


async def test_a_word_that_comes_late_reaches_the_vms_in_hand(
    backend: Faulty, journal: Journal
) -> None:
    backend.broken = False
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        await operator.pick_up("web1")
        await operator.until_sees("LIVE")
        assert not operator.sees("REBOOT")
        backend.broken = True
        operator.house.doctor.examine()
        await operator.until_sees("REBOOT")


async def test_the_plan_says_it_and_enter_alone_does_not_confirm_it(
    backend: Faulty, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        await operator.drag("web1", "bravo")
        await operator.until_sees("that is not expected to come off")
        assert operator.sees("REBOOT") and operator.sees(SEEN)
        await operator.press("enter", "enter")
        assert not writes(operator)


async def test_on_fail_block_takes_the_reboot_out_of_the_plan(
    backend: Faulty, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        await operator.drag("web1", "bravo")
        await operator.until_sees("sets on-fail=block first")
        await operator.press("ctrl+o")
        await operator.until_sees("LIVE WITH SIDE EFFECTS")
        assert operator.sees("it would then be blocked")
        before = boots(operator)
        await operator.press("enter")
        await operator.until(lambda: arrived(operator, "web1", "bravo"), "arrived")
        assert any('on-fail="block"' in command for command in writes(operator))
        assert boots(operator) == before


async def test_a_confirmed_failure_that_does_not_come_is_a_live_migration(
    backend: Faulty, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        before = boots(operator)
        await operator.drag("web1", "bravo")
        await operator.until_sees("that is not expected to come off")
        await operator.type("web1")
        await operator.press("enter")
        await operator.until(lambda: bool(operator.house.desk.under_way), "under way")
        await operator.until(lambda: arrived(operator, "web1", "bravo"), "arrived")
        await operator.until_sees("web1 is on bravo (live, nothing was restarted)")
        assert boots(operator) == before


async def test_the_nodes_are_not_evened_by_a_move_that_is_expected_to_fail(
    backend: Faulty, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await examined(operator)
        await operator.press("B")
        await operator.until_sees("Previewed by the scheduler")
        assert operator.sees("build-7 → bravo  REBOOT: the migration of build-7 would fail")
        commands = [line for line in operator.lines() if "--move" in line]
        assert not any("build-7" in line for line in commands), "it is left out"
