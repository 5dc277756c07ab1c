"""Emptying a node: who goes where is said before, nobody is rebooted unasked, nothing is left."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from pathlib import Path

import pytest

from acts.scene import (
    boots,
    carry_out,
    fails,
    found,
    left_behind,
    open_acts,
    place,
    rebooted,
    running_on,
    written,
)
from backends.acts.evacuation import Evacuation, evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.homecoming import bring_back, foresee_back, homeward
from backends.acts.journal import Journal
from backends.acts.queue import MoveQueue
from backends.acts.resume import in_words, left_open, resume
from backends.acts.transaction import Report, Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed, Refused, Unknown
from backends.judgement.leaving import EvacuationWay, Fate
from backends.judgement.moves import ItemState
from waiting import until

VM_BY_VM, STANDBY = EvacuationWay.VM_BY_VM, EvacuationWay.STANDBY
BOTH = pytest.mark.parametrize("way", list(EvacuationWay))


def patient(backend: SimulatedBackend) -> None:
    """All at once, each copy has half of a link: the timeout of the busiest would strike."""
    backend.world.guest("build-7").migrate_to_timeout_s = 900.0


def in_standby(backend: SimulatedBackend, node: str) -> bool:
    known = backend.picture.node(node)
    assert known is not None
    return known.standby


async def test_the_plan_says_who_goes_where_and_who_would_be_rebooted_and_sends_nothing(
    backend: SimulatedBackend,
) -> None:
    plan = await plan_evacuation(backend, "alpha")
    assert {leaving.vm for leaving in plan.vms} == running_on(backend, "alpha")
    assert plan.interrupted(VM_BY_VM) == plan.interrupted(STANDBY) == ("legacy-erp",)
    (erp,) = [leaving for leaving in plan.vms if leaving.vm == "legacy-erp"]
    assert erp.by_standby is Fate.REBOOT and "allow-migrate" in (erp.why or "")
    assert all(x.target in ("bravo", "charlie") for x in plan.vms if x is not erp)
    needed = sum(x.memory_bytes or 0 for x in plan.vms)
    assert sum(load.needed_bytes for load in plan.loads(STANDBY)) == needed
    assert all(load.fits for load in plan.loads(VM_BY_VM))
    assert written(backend) == []


async def test_each_way_is_warned_of_with_what_holds_in_it(backend: SimulatedBackend) -> None:
    plan = await plan_evacuation(backend, "charlie")
    by_move, by_standby = plan.mind(VM_BY_VM), plan.mind(STANDBY)
    assert any("stops the guest and starts it again" in warning for warning in by_standby)
    assert any("somebody change a constraint" in warning for warning in by_move)
    assert not any("constraint" in warning for warning in by_standby), "a standby sets none"


async def test_the_commands_of_the_plan_are_what_is_sent(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await plan_evacuation(backend, "charlie")
    expected = [str(command) for command in plan.commands(VM_BY_VM)]
    await carry_out(evacuate(backend, plan, VM_BY_VM, journal))
    assert written(backend) == expected
    standby = expected.index("crm_standby --node charlie --update on")
    assert all("--move" in command for command in expected[:standby])
    assert all("--clear" in command for command in expected[standby + 1 :])


@BOTH
async def test_the_node_ends_empty_and_in_standby_and_the_confirmed_one_is_restarted(
    backend: SimulatedBackend, journal: Journal, way: EvacuationWay
) -> None:
    before = boots(backend)
    plan = await plan_evacuation(backend, "alpha")
    reports = await carry_out(evacuate(backend, plan, way, journal, allow_reboot=True))
    assert reports[-1].stage is Stage.DONE
    assert "alpha is in standby and empty: 7 moved live" in reports[-1].text
    assert running_on(backend, "alpha") == set()
    assert rebooted(backend, before) == {"legacy-erp"}
    assert (left_behind(backend), open_acts(journal)) == ([], [])


async def test_who_was_not_confirmed_stays_and_is_named_and_the_rest_has_gone(
    backend: SimulatedBackend, journal: Journal
) -> None:
    before = boots(backend)
    plan = await plan_evacuation(backend, "bravo")
    assert "crm_standby" not in " ".join(map(str, plan.commands(VM_BY_VM)))
    done = (await carry_out(evacuate(backend, plan, VM_BY_VM, journal)))[-1]
    assert done.stage is Stage.DONE, "just what was confirmed"
    assert "moved live" in done.text and "mail stays on bravo: " in done.text
    assert running_on(backend, "bravo") == {"mail"} and not in_standby(backend, "bravo")
    assert rebooted(backend, before) == set()
    assert (left_behind(backend), open_acts(journal)) == ([], [])


async def test_a_standby_that_would_reboot_is_refused_unless_confirmed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await plan_evacuation(backend, "alpha")
    error = await fails(evacuate(backend, plan, STANDBY, journal))
    assert isinstance(error, Refused) and "legacy-erp" in str(error)
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_a_vm_that_prefers_the_node_does_not_fail_back(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """`vpn` prefers alpha by more than its stickiness."""
    plan = await plan_evacuation(backend, "alpha")
    done = (await carry_out(evacuate(backend, plan, VM_BY_VM, journal)))[-1]
    assert "the constraint of vpn stays, or it would go back" in done.text
    assert "legacy-erp stays on alpha: allow-migrate is not set on it" in done.text
    assert place(backend, "vpn") == "charlie" and found(backend, "vpn").constraints
    again = await plan_evacuation(backend, "alpha")
    assert {leaving.vm for leaving in again.vms} == {"legacy-erp"}
    await carry_out(evacuate(backend, again, VM_BY_VM, journal, allow_reboot=True))
    assert place(backend, "vpn") == "charlie"
    assert left_behind(backend) == [], "the constraint that the first one kept"


async def test_a_reboot_that_came_up_meanwhile_keeps_the_node_out_of_standby(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await plan_evacuation(backend, "charlie")
    assert plan.interrupted(VM_BY_VM) == ()
    evacuation = Evacuation(backend, plan, VM_BY_VM, journal)
    before = boots(backend)

    async def spoil(report: Report) -> None:
        if report.stage is Stage.DONE and report.vm == "db-primary":
            meta = ("--meta", "--set-parameter", "allow-migrate", "--parameter-value", "false")
            backend.world.execute(("crm_resource", "--resource", "files", *meta))

    async def spoiled() -> list[Report]:
        seen = []
        async for report in evacuation.run():
            seen.append(report)
            await spoil(report)
        return seen

    with pytest.raises(ActFailed, match="files"):
        await spoiled()
    assert rebooted(backend, before) == set()
    assert not in_standby(backend, "charlie")
    assert place(backend, "files") == "charlie"


async def test_a_failure_stops_it_and_the_others_stay_where_they_are(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.guest("build-7").on_fail = "block"
    backend.world.fail_next_migration("build-7")
    plan = await plan_evacuation(backend, "charlie")
    evacuation = Evacuation(backend, plan, VM_BY_VM, journal)
    error = await fails(evacuation.run())
    assert "build-7" in str(error) and not in_standby(backend, "charlie")
    assert {"gitlab", "files"} < running_on(backend, "charlie")
    assert evacuation.queue is not None
    assert [item.vm for item in evacuation.queue.state.having(ItemState.SKIPPED)] == [
        "gitlab",
        "files",
    ]
    assert found(backend, "db-primary").constraints == ()


async def test_stopped_by_the_operator_it_says_who_is_where_and_is_no_failure(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await plan_evacuation(backend, "charlie")
    evacuation = Evacuation(backend, plan, VM_BY_VM, journal)
    running = asyncio.create_task(carry_out(evacuation.run()))
    queue = evacuation.queue
    assert queue is not None
    await until(lambda: queue.state.having(ItemState.DONE), "the first to arrive")
    queue.stop()
    done = (await running)[-1]
    assert done.stage is Stage.DONE and "stopped by the operator, with" in done.text
    assert "files on charlie. No standby" in done.text and not in_standby(backend, "charlie")
    assert (left_behind(backend), open_acts(journal)) == ([], [])


async def test_an_unmanaged_vm_stays_and_is_named_though_all_else_is_done(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.execute(commands.set_meta("files", "is-managed", "false").argv)
    await backend.refresh()
    plan = await plan_evacuation(backend, "charlie")
    assert plan.having(VM_BY_VM, Fate.STAY) == ("files",)
    error = await fails(evacuate(backend, plan, VM_BY_VM, journal))
    assert "charlie is in standby, but files stays on it (unmanaged)" in str(error)
    assert running_on(backend, "charlie") == {"files"}
    assert left_behind(backend) == []


async def test_what_cannot_be_emptied_says_why() -> None:
    async with SimulatedBackend(3, 16, 1, speed=0, scenario="calm") as backend:
        with pytest.raises(Unknown, match="no node 'zulu'"):
            await plan_evacuation(backend, "zulu")
        backend.world.execute(commands.move("web1", "bravo").argv)
        await backend.advance(3)
        for node in ("alpha", "bravo"):
            with pytest.raises(Refused, match="web1 is being migrated"):
                await plan_evacuation(backend, node)
        backend.world.execute(commands.standby("charlie", on=True).argv)
        await backend.advance(1)
        with pytest.raises(Refused, match="in standby already"):
            await plan_evacuation(backend, "charlie")
        backend.world.kill("bravo")
        await backend.advance(1)
        with pytest.raises(Refused, match="unclean"):
            await plan_evacuation(backend, "bravo")


async def test_taken_back_it_offers_to_bring_its_vms_home(
    backend: SimulatedBackend, journal: Journal
) -> None:
    were = running_on(backend, "alpha")
    before = boots(backend)
    plan = await plan_evacuation(backend, "alpha")
    await carry_out(evacuate(backend, plan, VM_BY_VM, journal, allow_reboot=True))
    after = boots(backend)
    assert rebooted(backend, before) == {"legacy-erp"}
    assert {action.resource for action in await foresee_back(backend, "alpha")} == {"vpn"}
    reports = await carry_out(bring_back(backend, "alpha", journal))
    assert reports[-1].text == "alpha may run VMs again"
    await until(lambda: place(backend, "vpn") == "alpha", "vpn to go back by itself")
    await until(lambda: not backend.picture.migrations, "quiet")
    moves = await homeward(backend, "alpha", journal)
    assert {move.vm for move in moves} == were - {"legacy-erp", "vpn"}
    await carry_out(MoveQueue(backend, journal, moves).run())
    assert running_on(backend, "alpha") == were - {"legacy-erp"}
    assert rebooted(backend, after) == set()
    assert (left_behind(backend), open_acts(journal)) == ([], [])


async def test_a_node_that_is_not_in_standby_is_not_taken_back(
    backend: SimulatedBackend, journal: Journal
) -> None:
    assert isinstance(await fails(bring_back(backend, "alpha", journal)), Refused)
    assert await homeward(backend, "alpha", journal) == ()


async def cut_short_when(
    backend: SimulatedBackend, journal: Journal, way: EvacuationWay, stage: Stage, vm: str
) -> None:
    """Evacuate charlie up to such a report, and let go."""
    plan = await plan_evacuation(backend, "charlie")
    async with aclosing(evacuate(backend, plan, way, journal)) as reports:
        async for report in reports:
            if (report.stage, report.vm) == (stage, vm):
                return
    raise AssertionError("it came to its end before")


async def taken_up(backend: SimulatedBackend, journal: Journal) -> list[str]:
    """Finish what is open; what was said of it, errors as well."""
    said: list[str] = []
    for act in left_open(backend, journal):
        said.append(in_words(act.intent))
        try:
            said += [report.text for report in await carry_out(resume(backend, act))]
        except ActFailed as error:
            said.append(str(error))
    return said


async def test_cut_short_before_standby_no_other_vm_is_moved_and_nothing_is_left(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await cut_short_when(backend, journal, VM_BY_VM, Stage.FOLLOWING, "build-7")
    assert sorted(open_acts(journal)) == ["evacuate", "move"]
    before = boots(backend)
    said = await taken_up(backend, journal)
    assert said[0].startswith("moving build-7 from charlie") and "evacuating charlie" in said
    assert "it was cut short" in said[-1] and "gitlab, files on it" in said[-1]
    assert place(backend, "build-7") != "charlie" and place(backend, "files") == "charlie"
    assert (rebooted(backend, before), left_behind(backend), open_acts(journal)) == (set(), [], [])


@BOTH
async def test_cut_short_in_standby_it_is_followed_to_its_end(
    backend: SimulatedBackend, journal: Journal, way: EvacuationWay
) -> None:
    patient(backend)
    point = (Stage.FOLLOWING, "files") if way is STANDBY else (Stage.CLEARING, "db-primary")
    await cut_short_when(backend, journal, way, *point)
    said = await taken_up(backend, journal)
    assert said[-1] == "charlie is in standby and empty: 4 moved live"
    assert running_on(backend, "charlie") == set() and in_standby(backend, "charlie")
    assert (left_behind(backend), open_acts(journal)) == ([], [])


async def test_cut_short_before_anything_it_says_so(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await cut_short_when(backend, journal, STANDBY, Stage.MOVING, "")
    said = await taken_up(backend, journal)
    assert said[-1] == "charlie: nothing had moved, nothing is left"
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_a_standby_cut_short_when_it_was_taken_back(
    backend: SimulatedBackend, journal: Journal
) -> None:
    patient(backend)
    plan = await plan_evacuation(backend, "charlie")
    await carry_out(evacuate(backend, plan, STANDBY, journal))
    async with aclosing(bring_back(backend, "charlie", journal)) as reports:
        async for _ in reports:
            break
    assert open_acts(journal) == ["bring back"]
    said = await taken_up(backend, journal)
    assert said[0] == "ending the standby of charlie" and said[-1] == "charlie may run VMs again"
    assert not in_standby(backend, "charlie") and open_acts(journal) == []


async def test_read_only_sends_nothing(tmp_path: Path) -> None:
    looking = SimulatedBackend(3, 16, 1, speed=60, scenario="calm", read_only=True)
    async with looking as backend:
        plan = await plan_evacuation(backend, "charlie")
        for act in (
            evacuate(backend, plan, STANDBY, Journal(tmp_path)),
            bring_back(backend, "charlie", Journal(tmp_path)),
        ):
            error = await fails(act)
            assert isinstance(error, Refused) and "read-only" in str(error)


async def test_nobody_is_told_to_move_while_another_is_in_flight(
    backend: SimulatedBackend, journal: Journal
) -> None:
    before = boots(backend)
    plan = await plan_evacuation(backend, "charlie")
    async for report in evacuate(backend, plan, VM_BY_VM, journal):
        if report.stage in (Stage.MOVING, Stage.CLEARING):
            assert backend.picture.migrations == ()
    assert rebooted(backend, before) == set()
