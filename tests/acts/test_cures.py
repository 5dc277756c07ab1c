"""Cures are refused, cut short, taken up again, and wait for a stop."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from acts.scene import boots, carry_out, fails, found, open_acts, written
from backends.acts.cures import cure
from backends.acts.journal import Act, Journal
from backends.acts.next_stop import at_stops, call_off, waiting
from backends.acts.planning import foresee_beside
from backends.acts.resume import in_words, left_open, resume
from backends.acts.transaction import Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed, CommandFailed, Refused
from backends.data.examination import Cure, Finding, Report, State, Topic
from backends.data.picture import VMState
from backends.data.plan import Action, ActionKind, Command
from backends.judgement.remedies import Remedy, When, guests_stopped, remedies
from tui.cli.follow import Follower
from tui.cli.left_open import finish_left_open
from waiting import until

ON_FAIL = {"id": "web1-migrate_to", "name": "migrate_to", "interval": "0s", "on-fail": "block"}
HARMLESS = Remedy(
    "web1",
    (
        commands.set_operation("web1", {**ON_FAIL, "timeout": "333s"}),
        commands.set_operation(
            "web1",
            {"id": "web1-migrate_from", "name": "migrate_from", "interval": "0s", "timeout": "99s"},
        ),
    ),
    False,
    ("on-fail", "timeout of migrate_from"),
)
TRANSPORT = Remedy(
    "web1",
    (commands.set_parameter("web1", "migration_transport", "tcp"),),
    True,
    ("migration_transport",),
)


@pytest.fixture
async def still() -> AsyncIterator[SimulatedBackend]:
    """Nothing happens but what the test lets happen."""
    async with SimulatedBackend(3, 16, 1, speed=0, scenario="calm") as backend:
        yield backend


def typed(backend: SimulatedBackend, *words: str) -> None:
    """Somebody else's command."""
    assert backend.world.execute(words).exit_status == 0


def set_role(backend: SimulatedBackend, role: str) -> None:
    typed(backend, *commands.set_meta("web1", "target-role", role).argv)


async def stop(backend: SimulatedBackend) -> None:
    set_role(backend, "Stopped")
    await until(lambda: found(backend, "web1").state is VMState.STOPPED, "web1 stopped")


async def cut_short(backend: SimulatedBackend, remedy: Remedy, journal: Journal) -> None:
    """Killed when its first command had been announced: whether it was sent is not known."""
    async with aclosing(cure(backend, remedy, journal, allow_reboot=True)) as reports:
        async for report in reports:
            assert report.stage is Stage.CURING
            break


def left(backend: SimulatedBackend, journal: Journal) -> Act:
    (act,) = left_open(backend, journal)
    return act


def finding(check: str, *told: Command, vm: str = "web1", restarts: bool = False) -> Finding:
    cures = Cure.of(*told, restarts=restarts)
    return Finding(Topic.RESOURCE, check, State.WARNING, "", vm=vm, cures=cures)


def test_harmless_cures_of_a_vm_go_together_and_what_restarts_it_apart() -> None:
    allow = commands.set_meta("web1", "allow-migrate", "true")
    report = Report(
        (
            finding("transport", *TRANSPORT.commands, restarts=True),
            finding("leftover constraints", commands.clear("web1")),
            finding("allow-migrate", allow),
            finding("allow-migrate", commands.set_meta("db1", "allow-migrate", "true"), vm="db1"),
            Finding(Topic.LIBVIRT, "sockets", State.WRONG, "", cures=(Cure(("systemctl …",)),)),
        )
    )
    harmless, restarting = remedies(report, "web1")
    # Once it may move live, what makes it move no longer reboots it.
    assert harmless.commands == (allow, commands.clear("web1"))
    assert harmless.checks == ("leftover constraints", "allow-migrate")
    assert (restarting.restarts, restarting.when) == (True, When.AT_NEXT_STOP)
    assert [remedy.vm for remedy in remedies(report)] == ["web1", "web1", "db1"]


async def test_a_read_only_backend_cures_nothing(journal: Journal) -> None:
    async with SimulatedBackend(3, 16, 1, 60, "calm", read_only=True) as backend:
        assert isinstance(await fails(cure(backend, HARMLESS, journal)), Refused)


async def test_nothing_is_changed_while_something_is_migrated(
    still: SimulatedBackend, journal: Journal
) -> None:
    away = next(n.name for n in still.picture.nodes if n.name != found(still, "web2").node)
    typed(still, *commands.move("web2", away).argv)
    await still.advance(3)
    assert still.picture.migrations
    error = await fails(cure(still, HARMLESS, journal))
    assert isinstance(error, Refused) and "web2 is being migrated" in str(error)
    assert written(still) == []


async def test_what_would_reboot_another_guest_is_refused(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Without the ban that holds it there the VM falls back cold."""
    legacy = found(backend, "legacy-erp")
    backend.world.guest("legacy-erp").preferences[legacy.node or ""] = 500
    typed(backend, "crm_resource", "--ban", "-r", "legacy-erp", "-N", legacy.node or "")
    moved = until(
        lambda: (
            found(backend, "legacy-erp").node not in (None, legacy.node)
            and found(backend, "legacy-erp").state is VMState.RUNNING
        ),
        "it elsewhere",
    )
    await moved
    remedy = Remedy("legacy-erp", (commands.clear("legacy-erp"),), False, ("constraints",))
    foreseen = await foresee_beside(backend, remedy.commands)
    assert guests_stopped(backend.picture, remedy, foreseen) == ("legacy-erp",)
    before = boots(backend)
    assert "restarts legacy-erp" in str(await fails(cure(backend, remedy, journal)))
    assert written(backend) == []
    reports = await carry_out(cure(backend, remedy, journal, allow_reboot=True, shown=foreseen))
    assert "restarted, as confirmed" in reports[-1].text
    assert found(backend, "legacy-erp").node == legacy.node
    assert boots(backend) == {**before, "legacy-erp": before["legacy-erp"] + 1}


async def test_a_preview_that_is_no_longer_true_is_refused(
    backend: SimulatedBackend, journal: Journal
) -> None:
    shown = [Action(ActionKind.STOP, "web2", "alpha")]
    error = await fails(cure(backend, HARMLESS, journal, shown=shown))
    assert isinstance(error, Refused) and "changed since" in str(error)
    assert written(backend) == [] == open_acts(journal)


async def test_what_is_so_already_is_not_sent_again(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await carry_out(cure(backend, HARMLESS, journal))
    sent = written(backend)
    assert sent == [str(command) for command in HARMLESS.commands]
    (report,) = await carry_out(cure(backend, HARMLESS, journal))
    assert "already" in report.text
    assert written(backend) == sent


async def test_a_cluster_that_refuses_leaves_nothing_open(
    backend: SimulatedBackend, journal: Journal
) -> None:
    start = {"id": "web1-start", "name": "start", "interval": "0s", "timeout": "99s"}
    wrong = Remedy("web1", (commands.set_operation("web1", start),), False, ("timeout",))
    assert isinstance(await fails(cure(backend, wrong, journal)), CommandFailed)
    assert len(written(backend)) == 1
    assert open_acts(journal) == []


async def test_a_cure_that_was_cut_short_is_taken_up_again(
    backend: SimulatedBackend, journal: Journal
) -> None:
    before = boots(backend)
    await cut_short(backend, HARMLESS, journal)
    typed(backend, *HARMLESS.commands[0].argv)  # so far it had come
    act = left(backend, journal)
    assert in_words(act.intent).startswith("curing web1 (set on-fail=block timeout=333s")
    await carry_out(resume(backend, act))
    assert written(backend) == [str(HARMLESS.commands[1])]
    vm = found(backend, "web1")
    told = (vm.migrate_to_on_fail, vm.migrate_to_timeout_s, vm.migrate_from_timeout_s)
    assert told == ("block", 333.0, 99.0)
    assert boots(backend) == before
    assert open_acts(journal) == []


async def test_a_restart_that_nobody_confirmed_is_told(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await cut_short(backend, HARMLESS, journal)
    await stop(backend)
    set_role(backend, "Started")
    await until(lambda: found(backend, "web1").state is VMState.RUNNING, "web1 running")
    error = await fails(resume(backend, left(backend, journal)))
    assert isinstance(error, ActFailed) and "web1 was restarted meanwhile" in str(error)
    assert open_acts(journal) == []


async def test_a_confirmed_restart_is_not_begun_by_a_later_run(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await cut_short(backend, TRANSPORT, journal)
    error = await fails(resume(backend, left(backend, journal)))
    assert isinstance(error, ActFailed) and "web1 is running on alpha" in str(error)
    assert written(backend) == [] == open_acts(journal)


async def test_a_confirmed_restart_that_began_is_followed_by_a_later_run(
    backend: SimulatedBackend, journal: Journal
) -> None:
    before = boots(backend)
    await cut_short(backend, TRANSPORT, journal)
    typed(backend, *TRANSPORT.commands[0].argv)
    reports = await carry_out(resume(backend, left(backend, journal)))
    assert "restarted, as confirmed" in reports[-1].text
    assert found(backend, "web1").state is VMState.RUNNING
    assert boots(backend) == {**before, "web1": before["web1"] + 1}
    assert open_acts(journal) == []


async def test_a_later_run_finds_the_vm_stopped_and_does_what_waited(
    backend: SimulatedBackend, journal: Journal, capsys: pytest.CaptureFixture[str]
) -> None:
    await carry_out(cure(backend, TRANSPORT, journal, When.AT_NEXT_STOP))
    await finish_left_open(backend, journal, Follower(as_json=False), yes=True)
    assert capsys.readouterr().err == "migration_transport=tcp on web1: at its next stop\n"
    assert written(backend) == []
    await stop(backend)
    await finish_left_open(backend, journal, Follower(as_json=False), yes=True)
    assert "an earlier run was curing web1 at its next stop" in capsys.readouterr().err
    assert written(backend) == [str(TRANSPORT.commands[0])]
    assert waiting(journal, backend.picture.name) == ()
    assert open_acts(journal) == []


async def test_a_vm_between_a_stop_and_a_start_is_not_at_rest(
    still: SimulatedBackend, journal: Journal
) -> None:
    """What was written now would reach the cluster when the guest has just been started."""
    await carry_out(cure(still, TRANSPORT, journal, When.AT_NEXT_STOP))
    set_role(still, "Stopped")
    await still.advance(30)
    set_role(still, "Started")
    assert found(still, "web1").state is VMState.STOPPED
    (act,) = left_open(still, journal)
    (report,) = await carry_out(resume(still, act))
    assert report.text.endswith("at its next stop")
    error = await fails(cure(still, TRANSPORT, journal))
    assert "restarts web1" in str(error)
    assert written(still) == []
    assert len(waiting(journal, still.picture.name)) == 1


async def test_what_waits_can_be_called_off(backend: SimulatedBackend, journal: Journal) -> None:
    await carry_out(cure(backend, TRANSPORT, journal, When.AT_NEXT_STOP))
    (each,) = waiting(journal, backend.picture.name)
    assert waiting(journal, "another cluster") == ()
    assert call_off(journal, each)
    assert not call_off(journal, each)
    await stop(backend)
    assert list(left_open(backend, journal)) == []
    assert written(backend) == [] == open_acts(journal)


async def test_of_two_vmferries_one_carries_it_out(
    backend: SimulatedBackend, journal: Journal, tmp_path: Path
) -> None:
    await carry_out(cure(backend, TRANSPORT, journal, When.AT_NEXT_STOP))
    await stop(backend)
    async with aclosing(at_stops(backend, journal)) as acts:
        act = await anext(acts)
        assert not call_off(journal, waiting(journal, backend.picture.name)[0])
        assert list(left_open(backend, Journal(tmp_path / "acts"))) == []
        await carry_out(resume(backend, act))
    assert len(written(backend)) == 1
