"""A move as a transaction, over a cluster in memory: proven, or told as it is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from acts.scene import calm
from backends.acts.journal import Act, Journal
from backends.acts.migration import clear, finish_move, migrate
from backends.acts.transaction import Report, Stage
from backends.clusters.base import Answer, Writer
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed, CommandFailed, Refused, VmferryError
from backends.data.picture import VM, Phase, VMState
from backends.data.plan import Command, VerdictKind

LIVE, COLD = "web1", "legacy-erp"


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    async with calm() as backend:
        yield backend


def found(backend: SimulatedBackend, name: str) -> VM:
    vm = backend.picture.vm(name)
    assert vm is not None
    return vm


def elsewhere(backend: SimulatedBackend, name: str) -> str:
    home = found(backend, name).node
    return next(n.name for n in backend.picture.nodes if n.can_host and n.name != home)


async def carry_out(reports: AsyncIterator[Report]) -> list[Report]:
    return [report async for report in reports]


async def fails(reports: AsyncIterator[Report]) -> tuple[list[Report], VmferryError]:
    seen: list[Report] = []
    try:
        async for report in reports:
            seen.append(report)
    except VmferryError as error:
        return seen, error
    raise AssertionError("it came to a good end")


def open_acts(journal: Journal) -> list[Act]:
    acts = list(journal.abandoned())
    for act in acts:
        act.leave()
    return acts


def written(backend: SimulatedBackend) -> list[str]:
    return [sent.command for sent in backend.commands.sent if sent.writes]


def moves(name: str, node: str) -> list[str]:
    return [str(commands.move(name, node)), str(commands.clear(name))]


class Between(Writer):
    """Does something before or instead of a command, and hands it on."""

    def __init__(self, inner: Writer | None) -> None:
        assert inner is not None
        self.inner = inner
        self.refuses: str | None = None
        self.sees: list[tuple[Command, bytes]] = []
        self.acts: Path | None = None

    async def send(self, command: Command) -> Answer:
        if self.acts is not None:
            (file,) = self.acts.glob("*.jsonl")
            self.sees.append((command, file.read_bytes()))
        if self.refuses is not None and self.refuses in command.argv:
            raise CommandFailed(f"«{command}» ended with 1: no", where="alpha")
        return await self.inner.send(command)


async def test_a_live_move_is_followed_proven_cleared_and_closed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    source, target = found(backend, LIVE).node, elsewhere(backend, LIVE)
    boots = backend.world.guest(LIVE).boots
    plan = await backend.plan([LIVE], target)
    reports = await carry_out(migrate(backend, plan, journal))
    stages = list(dict.fromkeys(report.stage for report in reports))
    assert stages == [
        Stage.PREPARING, Stage.MOVING, Stage.FOLLOWING, Stage.PROVING, Stage.CLEARING, Stage.DONE,
    ]  # fmt: skip
    assert reports[-1].text == f"{LIVE} is on {target} (live, nothing was restarted)"
    vm = found(backend, LIVE)
    assert (vm.node, vm.nodes, vm.state, vm.constraints) == (
        target, (target,), VMState.RUNNING, (),
    )  # fmt: skip
    assert backend.world.guest(LIVE).boots == boots
    assert written(backend) == moves(LIVE, target)
    assert [str(command) for command in plan.commands] == written(backend), "as it was confirmed"
    assert open_acts(journal) == []
    copied = [r.migration.percent for r in reports if r.migration and r.migration.percent]
    assert copied and copied[-1] > copied[0]
    assert {r.migration.source for r in reports if r.migration} == {source}


async def test_the_constraint_stands_until_the_source_has_let_go(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    phases: set[Phase] = set()
    async for report in migrate(backend, plan, journal):
        migration = backend.picture.migration(LIVE)
        if migration is not None:
            phases.add(migration.phase)
            assert str(commands.clear(LIVE)) not in written(backend), migration.phase
            if migration.phase is not Phase.WAITING:
                assert found(backend, LIVE).constraints, migration.phase
        if report.stage is Stage.CLEARING:
            assert migration is None
    assert Phase.COPYING in phases


async def test_each_command_is_in_the_journal_before_it_is_sent(
    backend: SimulatedBackend, journal: Journal, tmp_path: Path
) -> None:
    between = backend.writer = Between(backend.writer)
    between.acts = tmp_path / "acts"
    plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
    await carry_out(migrate(backend, plan, journal))
    assert [str(command) for command, _ in between.sees] == written(backend)
    for command, file in between.sees:
        assert str(command).encode() in file.splitlines()[-1]


async def test_a_confirmed_reboot_is_carried_out(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, COLD)
    plan = await backend.plan([COLD], target)
    assert (plan.verdict.kind, plan.reboots) == (VerdictKind.REBOOT, True)
    reports = await carry_out(migrate(backend, plan, journal))
    assert reports[-1].text == f"{COLD} is on {target} (restarted, as confirmed)"
    assert found(backend, COLD).node == target
    assert found(backend, COLD).constraints == ()
    assert open_acts(journal) == []


async def test_a_reboot_that_came_back_elsewhere_is_no_success(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, COLD)
    plan = await backend.plan([COLD], target)
    backend.world.stop_libvirt(target)
    await backend.refresh()
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, ActFailed)
    place = found(backend, COLD).node
    assert place != target
    assert f"{COLD} is running on {place}" in str(error)
    assert open_acts(journal) == []


async def test_a_failed_migration_that_pacemaker_restarted_is_told(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.guest(LIVE).on_fail = None
    backend.world.fail_next_migration(LIVE)
    plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, ActFailed)
    vm = found(backend, LIVE)
    assert "the guest was restarted" in str(error)
    assert f"{LIVE} is running on {vm.node}" in str(error)
    assert vm.constraints == (), "nothing is left behind"
    assert open_acts(journal) == []


async def test_a_failed_migration_that_blocks_leaves_all_as_it_is_and_says_so(
    backend: SimulatedBackend, journal: Journal
) -> None:
    source = found(backend, LIVE).node
    backend.world.guest(LIVE).on_fail = "block"
    backend.world.fail_next_migration(LIVE)
    boots = backend.world.guest(LIVE).boots
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, ActFailed)
    assert "failed" in str(error)
    assert f"on {source}" in str(error), "where the guest still runs"
    assert found(backend, LIVE).state is VMState.BLOCKED
    assert backend.world.guest(LIVE).boots == boots
    assert written(backend) == [str(commands.move(LIVE, target))]


async def test_a_cluster_that_has_changed_since_the_plan_is_not_touched(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    meta = ("--meta", "--set-parameter", "allow-migrate", "--parameter-value", "false")
    backend.world.execute(("crm_resource", "--resource", LIVE, *meta))
    await backend.refresh()
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, Refused)
    assert "has changed since the plan was made: it is REBOOT now" in str(error)
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_a_change_that_changes_nothing_for_the_vm_is_no_obstacle(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    homes = (target, found(backend, LIVE).node)
    other = next(node.name for node in backend.picture.nodes if node.name not in homes)
    backend.world.execute(("crm_attribute", "-N", other, "-n", "rack", "-v", "7"))
    await backend.refresh()
    reports = await carry_out(migrate(backend, plan, journal))
    assert reports[-1].stage is Stage.DONE


async def test_a_refused_plan_sends_nothing(backend: SimulatedBackend, journal: Journal) -> None:
    plan = await backend.plan([LIVE], found(backend, LIVE).node or "")
    assert plan.verdict.kind is VerdictKind.REFUSED
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, Refused) and "already" in str(error)
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_read_only_changes_nothing(journal: Journal) -> None:
    async with calm(read_only=True) as backend:
        plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
        for act in (migrate(backend, plan, journal), clear(backend, LIVE, journal)):
            _, error = await fails(act)
            assert isinstance(error, Refused) and "read-only" in str(error)
        assert (written(backend), open_acts(journal)) == ([], [])


async def test_without_a_journal_nothing_is_sent(backend: SimulatedBackend, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
    _, error = await fails(migrate(backend, plan, Journal(tmp_path / "file" / "acts")))
    assert "journal" in str(error)
    assert written(backend) == []


async def test_a_command_that_fails_is_told(backend: SimulatedBackend, journal: Journal) -> None:
    between = backend.writer = Between(backend.writer)
    between.refuses = "--move"
    plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, CommandFailed) and "ended with 1: no" in str(error)
    assert found(backend, LIVE).constraints == ()


async def test_a_clearing_that_fails_leaves_the_act_for_the_next_start(
    backend: SimulatedBackend, journal: Journal
) -> None:
    between = backend.writer = Between(backend.writer)
    between.refuses = "--clear"
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    _, error = await fails(migrate(backend, plan, journal))
    assert isinstance(error, CommandFailed)
    assert found(backend, LIVE).node == target
    between.refuses = None
    (act,) = journal.abandoned()
    reports = await carry_out(finish_move(backend, act))
    assert reports[-1].stage is Stage.DONE
    assert found(backend, LIVE).constraints == ()
    assert open_acts(journal) == []


async def until_copying(backend: SimulatedBackend, reports: AsyncIterator[Report]) -> None:
    async for report in reports:
        if report.migration is not None and report.migration.phase is Phase.COPYING:
            return


async def test_walking_away_leaves_the_migration_running_and_the_act_open(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    copying = asyncio.Event()

    async def watch() -> None:
        async for report in migrate(backend, plan, journal):
            if report.migration is not None:
                copying.set()

    task = asyncio.create_task(watch())
    async with asyncio.timeout(30):
        await copying.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert backend.picture.migration(LIVE) is not None
    assert written(backend) == [str(commands.move(LIVE, target))]
    (act,) = journal.abandoned()
    reports = await carry_out(finish_move(backend, act))
    assert reports[-1].text == f"{LIVE} is on {target} (live, nothing was restarted)"
    assert written(backend) == moves(LIVE, target)
    assert open_acts(journal) == []


async def test_closing_the_generator_in_the_middle_leaves_the_act_open(
    backend: SimulatedBackend, journal: Journal
) -> None:
    plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
    async with aclosing(migrate(backend, plan, journal)) as reports:
        await until_copying(backend, reports)
    assert len(open_acts(journal)) == 1
    assert backend.picture.migration(LIVE) is not None


async def test_a_backend_that_closes_meanwhile_says_that_pacemaker_goes_on(
    journal: Journal,
) -> None:
    async with calm() as backend:
        plan = await backend.plan([LIVE], elsewhere(backend, LIVE))
        async with aclosing(migrate(backend, plan, journal)) as reports:
            await until_copying(backend, reports)
            await backend.close()
            _, error = await fails(reports)
    assert isinstance(error, ActFailed) and "connection" in str(error)
    assert "Pacemaker goes on" in (error.cure or "")
    assert len(open_acts(journal)) == 1


async def test_nothing_is_settled_while_no_node_answers(
    backend: SimulatedBackend, journal: Journal
) -> None:
    target = elsewhere(backend, LIVE)
    plan = await backend.plan([LIVE], target)
    silent: list[str] = []
    async for report in migrate(backend, plan, journal):
        if report.migration is not None and not silent:
            backend.world.stop_pacemaker_answers("no route to host")
        if "no node answers" in report.text:
            silent.append(report.text)
            assert str(commands.clear(LIVE)) not in written(backend)
            asyncio.get_running_loop().call_later(0.5, backend.world.resume_pacemaker_answers)
    assert silent == ["no node answers: no route to host"]
    assert found(backend, LIVE).node == target
