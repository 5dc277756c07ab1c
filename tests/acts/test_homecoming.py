"""A node that was emptied is taken back, also by a later run: never to a guest's harm."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from acts.scene import boots, carry_out, fails, open_acts, place, rebooted, written
from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.homecoming import bring_back, foresee_back, homeward
from backends.acts.journal import Act, Journal
from backends.acts.resume import left_open, resume
from backends.acts.transaction import Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed
from backends.data.examination import Effect, Finding, Report, Topic
from backends.data.examination import State as DoctorState
from backends.judgement.leaving import EvacuationWay
from backends.judgement.waves import earlier_stays
from tui.proposals.home import of_return
from waiting import until

ENDED = str(commands.standby("charlie", on=False))


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Charlie is in standby, and empty."""
    async with SimulatedBackend(3, 16, 1, speed=20, scenario="calm") as backend:
        typed(backend, *commands.standby("charlie", on=True).argv)
        there = backend.picture.vms
        await until(
            lambda: (
                not any("charlie" in vm.nodes for vm in backend.picture.vms)
                and not backend.picture.migrations
                and len(backend.picture.vms) == len(there)
            ),
            "charlie empty",
        )
        yield backend


def typed(backend: SimulatedBackend, *words: str) -> None:
    """Somebody else's command."""
    assert backend.world.execute(words).exit_status == 0


async def cut_short(backend: SimulatedBackend, journal: Journal, *confirmed: str) -> Act:
    """Before it was sent; as the next run finds it."""
    async with aclosing(bring_back(backend, "charlie", journal, confirmed=confirmed)) as reports:
        async for _ in reports:
            break
    assert written(backend) == []
    (act,) = left_open(backend, journal)
    return act


async def test_a_later_run_does_not_take_it_back_while_something_is_in_flight(
    backend: SimulatedBackend, journal: Journal
) -> None:
    act = await cut_short(backend, journal)
    away = "bravo" if place(backend, "web1") == "alpha" else "alpha"
    typed(backend, *commands.move("web1", away).argv)
    await backend.refresh()
    await until(lambda: backend.picture.migration("web1"), "web1 in flight")
    async with aclosing(resume(backend, act)) as reports:
        async for report in reports:
            if report.stage is Stage.MOVING:
                assert backend.picture.migrations == ()
    assert written(backend) == [ENDED]
    assert open_acts(journal) == []


async def test_who_goes_home_by_itself_goes_to_a_node_that_has_forgotten_it(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """As with a move: an earlier stay there could have the guest restarted during its copy."""
    before = boots(backend)
    typed(backend, *commands.move("build-7", "charlie").argv)
    await backend.refresh()
    foreseen = await foresee_back(backend, "charlie")
    stays = list(earlier_stays(backend.picture, foreseen))
    assert stays == [("build-7", "charlie")]
    proposal = of_return(backend.picture, "charlie", foreseen, lambda _: None)
    await carry_out(bring_back(backend, "charlie", journal))
    forgets = [str(commands.forget_stay(*stay)) for stay in stays]
    assert written(backend) == [*forgets, ENDED]
    told = [line.text.plain for line in proposal.lines]
    assert all(command in told for command in written(backend))
    assert {place(backend, vm) for vm, _ in stays} == {"charlie"}
    assert (rebooted(backend, before), open_acts(journal)) == (set(), [])


async def test_a_later_run_begins_no_restart_that_was_confirmed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Who confirmed it may be gone."""
    backend.world.guest("legacy-erp").preferences["charlie"] = 500
    before = boots(backend)
    act = await cut_short(backend, journal, "legacy-erp")
    error = await fails(resume(backend, act))
    assert isinstance(error, ActFailed) and "at once stop legacy-erp" in str(error)
    assert (written(backend), rebooted(backend, before), open_acts(journal)) == ([], set(), [])

    await carry_out(bring_back(backend, "charlie", journal, confirmed=("legacy-erp",)))
    assert place(backend, "legacy-erp") == "charlie"
    assert rebooted(backend, before) == {"legacy-erp"}


async def test_nobody_is_offered_to_come_home_by_a_migration_that_is_expected_to_fail(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await plan_evacuation(backend, "alpha")
    await carry_out(evacuate(backend, plan, EvacuationWay.VM_BY_VM, journal, allow_reboot=True))
    await carry_out(bring_back(backend, "alpha", journal))
    await until(lambda: not backend.picture.migrations, "quiet")
    fit = {move.vm for move in await homeward(backend, "alpha", journal)}
    assert {"web1", "dns1"} < fit
    broken = Finding(
        Topic.RESOURCE, "config file", DoctorState.WRONG, "", vm="web1", effect=Effect.SENDING_FAILS
    )
    offered = await homeward(backend, "alpha", journal, Report((broken,)))
    assert {move.vm for move in offered} == fit - {"web1"}
