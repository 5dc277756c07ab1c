"""What every backend says of a move, and how it carries one out."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.acts import transaction
from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.data import commands
from backends.data.errors import CommandFailed, Unknown
from backends.data.picture import Cluster, NodeState, VMState
from backends.data.plan import Command, VerdictKind
from suite.stage import Build, Stage


async def test_a_migratable_vm_would_go_live(stage: Stage) -> None:
    vm = stage.migratable
    node = stage.elsewhere(vm)
    verdict = (await stage.backend.preview([vm], [node]))[node]
    assert verdict.kind is VerdictKind.LIVE
    assert verdict.reboots == ()
    plan = await stage.backend.plan([vm], node)
    assert not plan.reboots
    assert plan.deadline_s == stage.vm(vm).migrate_to_timeout_s
    assert [str(command) for command in plan.commands] == [
        f"crm_resource --move --resource {vm} --node {node}",
        f"crm_resource --clear --resource {vm}",
    ]


async def test_a_vm_without_allow_migrate_would_reboot_and_the_reason_is_said(
    stage: Stage,
) -> None:
    vm = stage.rebooting
    node = stage.elsewhere(vm)
    verdict = (await stage.backend.preview([vm], [node]))[node]
    assert verdict.kind is VerdictKind.REBOOT
    assert verdict.reboots == (vm,)
    assert "allow-migrate" in verdict.reasons[0]


async def test_the_node_where_it_is_and_a_standby_node_refuse(stage: Stage) -> None:
    vm, home = stage.migratable, stage.home(stage.migratable)
    away = stage.elsewhere(vm)
    await stage.outside(home, "crm_standby", "--node", away, "--update", "on")

    def is_standby(picture: Cluster) -> bool:
        node = picture.node(away)
        return node is not None and node.state is NodeState.STANDBY

    await stage.wait(is_standby, f"{away} in standby")
    await stage.wait(lambda p: not p.migrations, "quiet")
    verdicts = await stage.backend.preview([vm])
    assert set(verdicts) == {node.name for node in stage.picture.nodes}
    assert verdicts[home].kind is VerdictKind.REFUSED
    assert f"on {home} already" in verdicts[home].reasons[0]
    assert verdicts[away].kind is VerdictKind.REFUSED
    assert "standby" in verdicts[away].reasons[0]
    assert (await stage.backend.plan([vm], away)).commands == ()


async def test_what_is_not_there_is_unknown(stage: Stage) -> None:
    with pytest.raises(Unknown, match="no-such-vm"):
        await stage.backend.preview(["no-such-vm"])
    with pytest.raises(Unknown, match="no-such-node"):
        await stage.backend.preview([stage.migratable], ["no-such-node"])


async def carry_out(stage: Stage, vm: str, node: str, journal: Path) -> list[transaction.Report]:
    plan = await stage.backend.plan([vm], node)
    return [report async for report in migrate(stage.backend, plan, Journal(journal))]


async def test_a_move_is_carried_to_its_proven_end_and_leaves_nothing_behind(
    stage: Stage, tmp_path: Path
) -> None:
    vm, source = stage.migratable, stage.home(stage.migratable)
    target = stage.elsewhere(vm)
    boots = await stage.boots(vm)
    with stage.unhurried(vm):
        reports = await carry_out(stage, vm, target, tmp_path)
    assert reports[-1].stage is transaction.Stage.DONE
    copied = [r.migration.percent for r in reports if r.migration and r.migration.percent]
    assert len(copied) > 2
    moved = stage.vm(vm)
    assert (moved.state, moved.nodes) == (VMState.RUNNING, (target,))
    assert moved.constraints == ()
    assert stage.picture.migrations == ()
    assert await stage.boots(vm) == boots
    done = {(op.task, op.node) for op in moved.history if op.succeeded}
    assert {("migrate_from", target), ("stop", source)} <= done


@pytest.mark.short
async def test_a_confirmed_reboot_is_carried_to_its_end_too(stage: Stage, tmp_path: Path) -> None:
    vm = stage.rebooting
    target = stage.elsewhere(vm)
    boots = await stage.boots(vm)
    reports = await carry_out(stage, vm, target, tmp_path)
    assert reports[-1].stage is transaction.Stage.DONE
    moved = stage.vm(vm)
    assert (moved.state, moved.nodes, moved.constraints) == (VMState.RUNNING, (target,), ())
    assert await stage.boots(vm) == boots + 1


async def test_the_commands_are_recorded(stage: Stage) -> None:
    writer = stage.backend.writer
    assert writer is not None
    vm, node = stage.migratable, stage.elsewhere(stage.migratable)
    await stage.backend.preview([vm], [node])
    with pytest.raises(CommandFailed, match="105"):
        await writer.send(commands.move("no-such-vm", node))
    await writer.send(Command(("crm_standby", "--node", node, "--update", "off"), "no standby"))
    sent = stage.backend.commands.sent
    assert [entry.number for entry in sent] == sorted({entry.number for entry in sent})
    refused, done = (entry for entry in sent if entry.writes)
    assert refused.command == f"crm_resource --move --resource no-such-vm --node {node}"
    assert refused.exit_status == 105
    assert done.command == f"crm_standby --node {node} --update off"
    assert done.exit_status == 0
    for entry in (refused, done):
        assert entry.node in {known.name for known in stage.picture.nodes}
        assert entry.duration_s is not None
    assert any("crm_simulate" in entry.command and not entry.writes for entry in sent)


async def test_a_read_only_backend_looks_and_previews_but_cannot_write(build: Build) -> None:
    async with build(read_only=True) as stage:
        assert stage.backend.writer is None
        node = stage.elsewhere(stage.migratable)
        verdict = (await stage.backend.preview([stage.migratable], [node]))[node]
        assert verdict.kind is VerdictKind.LIVE
