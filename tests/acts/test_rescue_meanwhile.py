"""Others are at the same VM while its guest is being saved, or were when it is taken up again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acts.scene import (
    boots,
    carry_out,
    found,
    left_behind,
    open_acts,
    place,
    rebooted,
    written,
)
from backends.acts import safe_order
from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.journal import Intent, Journal
from backends.acts.migration import migrate
from backends.acts.rescue import rescue
from backends.acts.resume import left_open, resume
from backends.acts.safe_order import Way
from backends.acts.transaction import Stage
from backends.clusters.base import Answer, Writer
from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.state import State
from backends.data import commands
from backends.data.errors import Unreachable
from backends.data.plan import Command
from backends.judgement.leaving import EvacuationWay, Fate
from backends.judgement.proof import calls
from waiting import until

VM = "web1"


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Slow enough to see a migration from its beginning to its end."""
    async with SimulatedBackend(3, 16, 1, speed=3, scenario="calm") as backend:
        yield backend


@pytest.fixture
def theirs(tmp_path: Path) -> Journal:
    """Of a colleague on another machine."""
    return Journal(tmp_path / "theirs")


async def sent_away(backend: SimulatedBackend) -> str:
    """A colleague moves the VM; the node where it is, as soon as it is being copied."""
    home = place(backend, VM) or ""
    target = next(node.name for node in backend.picture.nodes if node.name != home)
    backend.world.execute(commands.move(VM, target).argv)
    await until(lambda: (m := backend.picture.migration(VM)) and m.percent, "being copied")
    return home


async def test_an_abort_leaves_the_rest_to_the_colleague_who_guards_it(
    backend: SimulatedBackend, journal: Journal, theirs: Journal
) -> None:
    """Who wiped its history once it is given back would have it restarted."""
    home, before = await sent_away(backend), boots(backend)
    guard = asyncio.create_task(carry_out(rescue(backend, VM, Way.GUARD, theirs)))
    await until(lambda: found(backend, VM).maintenance, "guarded")
    told = (await carry_out(rescue(backend, VM, Way.ABORT, journal)))[-1].text
    await guard
    assert "somebody else gave" in told and "not restarted" in told
    assert place(backend, VM) == home
    assert [sent for sent in written(backend) if "--refresh" in sent] == [
        str(commands.look_anew(VM))
    ]
    assert rebooted(backend, before) == set()
    assert left_behind(backend) == []


async def test_a_vm_that_is_given_back_meanwhile_is_not_touched_any_more(
    backend: SimulatedBackend, journal: Journal
) -> None:
    home, before = await sent_away(backend), boots(backend)
    async for report in rescue(backend, VM, Way.ABORT, journal):
        if report.stage.value == "clearing":
            backend.world.execute(commands.look_anew(VM).argv)
            await backend.refresh()
            await until(lambda: len(found(backend, VM).nodes) == 1, "found by the colleague")
            backend.world.execute(commands.hands_on(VM, None).argv)
    assert "somebody else gave" in report.text
    assert str(commands.look_anew(VM)) not in written(backend)
    assert place(backend, VM) == home
    assert rebooted(backend, before) == set()


async def test_maintenance_that_nobody_takes_back_stays_as_it_was_set(
    backend: SimulatedBackend, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(safe_order, "GIVEN_BACK_WITHIN_S", 0.5)
    home, before = await sent_away(backend), boots(backend)
    backend.world.execute(commands.set_meta(VM, "maintenance", "true").argv)
    await until(lambda: found(backend, VM).maintenance, "maintenance")
    await carry_out(rescue(backend, VM, Way.ABORT, journal))
    vm = found(backend, VM)
    assert (vm.node, vm.own_maintenance, vm.constraints) == (home, "true", ())
    assert rebooted(backend, before) == set()


async def test_what_has_come_to_rest_is_not_taken_up_again(
    backend: SimulatedBackend, journal: Journal, theirs: Journal
) -> None:
    """Killed before its first command; the colleague's migration has arrived since."""
    home = place(backend, VM) or ""
    target = next(node.name for node in backend.picture.nodes if node.name != home)
    vm = found(backend, VM)
    intent = Intent("abort", backend.picture.name, VM, home, target, False, 0.0, calls(vm))
    act = journal.begin(intent)
    act.note("guarding", "about to", command=str(commands.hands_off(VM)))
    act.leave()
    plan = await backend.plan([VM], target)
    await carry_out(migrate(backend, replace(plan, keep=True), theirs))
    sent = written(backend)
    for left in left_open(backend, journal):
        told = (await carry_out(resume(backend, left)))[-1].text
    assert "nothing is left to do" in told
    assert written(backend) == sent
    assert [c.node for c in found(backend, VM).constraints] == [target]


class Failing(Writer):
    """Loses its node, once, before or after a command has got there."""

    def __init__(self, writer: Writer, word: str, *, before: bool) -> None:
        self._writer = writer
        self._word = word
        self._before = before

    async def send(self, command: Command) -> Answer:
        lost = self._word in command.argv
        if lost:
            self._word = ""
        if not lost or not self._before:
            answer = await self._writer.send(command)
        if lost:
            raise Unreachable("the connection was lost", where="alpha")
        return answer


@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
@pytest.mark.parametrize(
    "word", ["--set-parameter", "--clear", "--refresh", "--delete-parameter"], ids=str
)
async def test_an_abort_goes_on_when_a_node_is_lost_at_any_command_of_it(
    backend: SimulatedBackend, journal: Journal, word: str, before: bool
) -> None:
    home, known = await sent_away(backend), boots(backend)
    assert backend.writer is not None
    backend.writer = Failing(backend.writer, word, before=before)
    reports = await carry_out(rescue(backend, VM, Way.ABORT, journal))
    assert any("taken up again" in report.text for report in reports)
    assert place(backend, VM) == home
    assert rebooted(backend, known) == set()
    assert left_behind(backend) == []
    assert open_acts(journal) == []


async def test_what_a_standby_has_in_flight_is_guarded_when_the_dc_changes(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new DC does not know of the copies, and would begin them once more."""
    async with SimulatedBackend(3, 16, 1, speed=4, scenario="calm") as backend:
        await emptied_under_two_dcs(backend, journal, monkeypatch)


async def emptied_under_two_dcs(
    backend: SimulatedBackend, journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = await plan_evacuation(backend, "bravo")
    before = boots(backend)
    live = plan.having(EvacuationWay.STANDBY, Fate.LIVE)
    assert live and any("the DC change" in risk for risk in plan.standby_risks)
    act = evacuate(backend, plan, EvacuationWay.STANDBY, journal, allow_reboot=True)
    guarded: set[str] = set()
    async for report in act:
        if report.migration is not None and (report.migration.percent or 0) > 10:
            monkeypatch.setattr(State, "dc", property(lambda _: "charlie"))
            await backend.refresh()
        if report.stage is Stage.GUARDING:
            guarded.add(report.vm)
    assert guarded and guarded <= set(live)
    confirmed = set(plan.interrupted(EvacuationWay.STANDBY))
    assert rebooted(backend, before) <= confirmed
    assert left_behind(backend) == []
    assert open_acts(journal) == []
