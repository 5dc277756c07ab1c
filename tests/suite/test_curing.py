"""What every backend does about what its doctor found."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from backends.acts.cures import cure
from backends.acts.journal import Act, Journal
from backends.acts.next_stop import at_stops, waiting
from backends.acts.planning import foresee_beside
from backends.acts.resume import left_open, resume
from backends.acts.transaction import Report
from backends.acts.transaction import Stage as Step
from backends.data import commands
from backends.data.errors import Refused
from backends.data.picture import Cluster, VMState
from backends.data.plan import ActionKind
from backends.doctor.examine import examine
from backends.judgement.remedies import Remedy, When, guests_stopped, remedies
from suite.stage import Stage


async def diagnosis(stage: Stage, vm: str) -> tuple[Remedy, ...]:
    return remedies(await examine(stage.backend), vm)


async def all_of(reports: AsyncIterator[Report]) -> list[Report]:
    return [report async for report in reports]


async def boots(stage: Stage) -> dict[str, int]:
    return {vm.id: await stage.boots(vm.id) for vm in stage.picture.vms}


def writes(stage: Stage) -> list[str]:
    return [sent.command for sent in stage.backend.commands.sent if sent.writes]


async def set_role(stage: Stage, vm: str, role: str) -> None:
    """Somebody else stops or starts it, and waits for that."""
    words = ("--meta", "--set-parameter", "target-role", "--parameter-value", role)
    node = stage.picture.nodes[0].name
    await stage.outside(node, "crm_resource", "--resource", vm, *words)
    wanted = VMState.STOPPED if role == "Stopped" else VMState.RUNNING

    def there(picture: Cluster) -> bool:
        found = picture.vm(vm)
        return found is not None and found.state is wanted and not found.maintenance

    await stage.wait(there, f"{vm} {wanted.value}")


async def test_what_restarts_nothing_is_cured_in_one_go(stage: Stage, tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    vm, cold = stage.migratable, stage.rebooting
    home, away = stage.home(vm), stage.elsewhere(vm)
    short = f'<op id="{stage.vm(vm).migrate_to_op_id}" timeout="1s"/>'
    await stage.outside(home, "cibadmin", "--modify", "--xml-text", short)
    await stage.outside(home, "crm_resource", "--ban", "--resource", vm, "--node", away)
    await stage.wait(lambda _: stage.vm(vm).constraints, "the ban")
    before = await boots(stage)

    (warm,) = await diagnosis(stage, vm)
    assert {"timeout of migrate_to", "on-fail", "leftover constraints"} <= set(warm.checks)
    assert (warm.restarts, warm.when) == (False, When.NOW)
    found = await diagnosis(stage, cold)
    assert [remedy.checks for remedy in found] == [("allow-migrate",)]
    for remedy in (warm, *found):
        assert await foresee_beside(stage.backend, remedy.commands) == ()
        reports = await all_of(cure(stage.backend, remedy, journal, remedy.when, shown=()))
        assert reports[-1].stage is Step.DONE
        assert "nothing was restarted" in reports[-1].text

    assert await diagnosis(stage, vm) == ()
    assert stage.vm(vm).constraints == ()
    assert stage.vm(vm).migrate_to_on_fail == "block"
    assert stage.vm(cold).live_migration.possible is True
    # Now that it may migrate, there is more to be said of how.
    for remedy in await diagnosis(stage, cold):
        await all_of(cure(stage.backend, remedy, journal))
    assert await diagnosis(stage, cold) == ()
    assert await boots(stage) == before
    assert list(journal.open()) == []


async def test_a_parameter_waits_for_the_next_stop(stage: Stage, tmp_path: Path) -> None:
    journal, vm = Journal(tmp_path), stage.migratable
    await set_role(stage, vm, "Stopped")
    words = ("--set-parameter", "migration_transport", "--parameter-value", "pigeon")
    await stage.outside(stage.picture.nodes[0].name, "crm_resource", "--resource", vm, *words)
    await set_role(stage, vm, "Started")
    before = await boots(stage)

    remedy = next(each for each in await diagnosis(stage, vm) if each.restarts)
    assert (remedy.checks, remedy.when) == (("migration_transport",), When.AT_NEXT_STOP)
    foreseen = await foresee_beside(stage.backend, remedy.commands)
    assert [(action.kind, action.resource) for action in foreseen] == [(ActionKind.RESTART, vm)]
    assert guests_stopped(stage.picture, remedy, foreseen) == (vm,)
    with pytest.raises(Refused, match=f"restarts {vm}"):
        await all_of(cure(stage.backend, remedy, journal))
    assert list(journal.open()) == []

    for _ in range(2):
        (report,) = await all_of(cure(stage.backend, remedy, journal, remedy.when))
        assert report.text.endswith("at its next stop")
    (waits,) = waiting(journal, stage.picture.name)
    assert str(waits) == f"migration_transport=ssh on {vm}: at its next stop"
    assert list(left_open(stage.backend, journal)) == []
    assert await boots(stage) == before
    assert writes(stage) == []

    async with asyncio.TaskGroup() as tasks:
        taking = tasks.create_task(next_of(stage, journal))
        await set_role(stage, vm, "Stopped")
        act = await taking
    reports = await all_of(resume(stage.backend, act))
    assert "while it was stopped" in reports[-1].text
    assert writes(stage) == [str(command) for command in remedy.commands]
    assert stage.vm(vm).state is VMState.STOPPED
    assert waiting(journal, stage.picture.name) == ()
    assert list(journal.open()) == []

    await set_role(stage, vm, "Started")
    assert not [each for each in await diagnosis(stage, vm) if each.restarts]
    assert await boots(stage) == {**before, vm: before[vm] + 1}


async def next_of(stage: Stage, journal: Journal) -> Act:
    async with aclosing(at_stops(stage.backend, journal)) as acts:
        return await anext(acts)


async def test_a_restart_that_was_confirmed_is_carried_to_its_end(
    stage: Stage, tmp_path: Path
) -> None:
    journal, vm = Journal(tmp_path), stage.rebooting
    before = await boots(stage)
    command = commands.set_parameter(vm, "migration_transport", "libssh2")
    remedy = Remedy(vm, (command,), True, ("migration_transport",))
    foreseen = await foresee_beside(stage.backend, remedy.commands)
    reports = await all_of(cure(stage.backend, remedy, journal, allow_reboot=True, shown=foreseen))
    assert "restarted, as confirmed" in reports[-1].text
    assert stage.vm(vm).state is VMState.RUNNING
    assert await boots(stage) == {**before, vm: before[vm] + 1}
    assert list(journal.open()) == []
