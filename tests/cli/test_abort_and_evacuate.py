"""`abort` and `evacuate`, and what an earlier run left open: said first, and finished first."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Literal

import msgspec
import pytest

from backends import commands
from backends.acts.journal import Intent, Journal
from backends.model import Cluster
from backends.proof import calls
from backends.simulated import SimulatedBackend
from cli.conftest import Vmferry
from cli.schema import ActionSchema, CommandSchema, ProgressLine, Strict, VMStateSchema
from cli.terminal import on_terminal


class AbortPlan(Strict, tag="plan", tag_field="event"):
    schema: Literal[1]
    vm: str
    way: Literal["abort", "recover"]
    source: str | None
    target: str | None
    endangered: list[str]
    commands: list[CommandSchema]


class AbortEnd(Strict, tag="done", tag_field="event"):
    schema: Literal[1]
    vm: str
    state: VMStateSchema | None
    node: str | None


class Leaving(Strict):
    vm: str
    fate: Literal["moves live", "is restarted elsewhere", "is stopped", "stays"]
    target: str | None
    why: str | None


class Memory(Strict):
    node: str
    needed_bytes: int
    free_bytes: int | None


class EvacuationPlan(Strict, tag="plan", tag_field="event"):
    schema: Literal[1]
    node: str
    way: Literal["VM by VM", "by standby"]
    vms: list[Leaving]
    also: list[ActionSchema]
    memory: list[Memory]
    warnings: list[str]
    eta_s: float | None
    commands: list[CommandSchema]


class Place(Strict):
    vm: str
    state: VMStateSchema
    node: str | None


class _End(Strict):
    schema: Literal[1]
    node: str
    state: str | None
    vms: list[Place]


class EvacuationEnd(_End, tag="done", tag_field="event"):
    pass


class EvacuationFailed(_End, tag="failed", tag_field="event"):
    reason: str


AbortLine = AbortPlan | ProgressLine | AbortEnd
EvacuateLine = EvacuationPlan | ProgressLine | EvacuationEnd | EvacuationFailed


def calm(speed: float = 100.0) -> SimulatedBackend:
    return SimulatedBackend(3, 16, 1, speed, "calm")


def copying(speed: float = 5.0) -> SimulatedBackend:
    """`web1` on its way from alpha to bravo, told by somebody else."""
    backend = calm(speed)
    guest = backend.world.guest("web1")
    guest.dirty_rate_bytes_per_s, guest.migrate_to_timeout_s = 64e9, 3600.0
    backend.world.execute(commands.move("web1", "bravo").argv)
    backend.world.advance(5)
    return backend


def two_in_flight() -> SimulatedBackend:
    """`web1` as in `copying`, and `build-7` on its way home from bravo."""
    backend = calm(5.0)
    world = backend.world
    home = world.guest("build-7").host or ""
    world.execute(commands.move("build-7", "bravo").argv)
    world.advance(300)
    for vm, node in (("web1", "bravo"), ("build-7", home)):
        guest = world.guest(vm)
        guest.dirty_rate_bytes_per_s, guest.migrate_to_timeout_s = 64e9, 3600.0
        world.execute(commands.move(vm, node).argv)
    world.advance(5)
    return backend


def end_of(backend: SimulatedBackend) -> Cluster:
    return backend.world.picture()


def wrote(backend: SimulatedBackend) -> list[str]:
    return [sent.command for sent in backend.commands.sent if sent.writes]


def on(backend: SimulatedBackend, node: str) -> set[str]:
    return {vm.id for vm in end_of(backend).vms if vm.node == node}


def test_abort_ends_a_migration_of_somebody_else_without_a_restart(vmferry: Vmferry) -> None:
    backend = copying()
    boots = backend.world.guest("web1").boots
    ended = vmferry("abort", "web1", "--yes", "--json", on=backend)
    assert ended.code == 0, ended.err
    lines = [msgspec.json.decode(line, type=AbortLine) for line in ended.out.splitlines()]
    first, last = lines[0], lines[-1]
    assert isinstance(first, AbortPlan) and isinstance(last, AbortEnd)
    assert [command.command for command in first.commands] == wrote(backend)
    assert (first.source, first.target, last.node, last.state) == (
        "alpha",
        "bravo",
        "alpha",
        "running",
    )
    vm = end_of(backend).vm("web1")
    assert vm is not None and not vm.constraints and not vm.maintenance
    assert backend.world.guest("web1").boots == boots


def test_an_abort_that_may_restart_another_guest_in_flight_takes_more_than_a_yes(
    vmferry: Vmferry,
) -> None:
    """Pacemaker may take an earlier arrival for this one when anything is written meanwhile."""
    backend = two_in_flight()
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "build-7 is in flight to where it had been before" in ended.err
    assert "--yes does not cover the reboot of build-7" in ended.err
    accepted = vmferry("abort", "web1", "--yes", "--allow-reboot", on=two_in_flight())
    assert accepted.code == 0, accepted.err


def test_abort_asks_with_its_steps_before_it_sends_anything(vmferry: Vmferry) -> None:
    backend = copying()
    ended = vmferry("abort", "web1", on=backend)
    assert ended.code == 4
    assert "virsh domjobabort web1 (on alpha)" in ended.err
    assert "no terminal to confirm on" in ended.err
    assert wrote(backend) == []


def test_abort_of_what_does_not_migrate_is_refused(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "web1 is not being migrated" in ended.err
    assert vmferry("abort", "nosuch", "--yes", on=calm()).code == 2


def test_abort_of_a_failed_and_blocked_migration_recovers_the_vm(vmferry: Vmferry) -> None:
    backend = calm(20)
    backend.world.guest("web1").on_fail = "block"
    backend.world.fail_next_migration("web1")
    backend.world.execute(commands.move("web1", "bravo").argv)
    backend.world.advance(60)
    boots = backend.world.guest("web1").boots
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert ended.code == 0, ended.err
    vm = end_of(backend).vm("web1")
    assert vm is not None and (vm.node, vm.state.value, vm.failed) == ("alpha", "running", False)
    assert backend.world.guest("web1").boots == boots


def test_evacuate_empties_the_node_and_its_json_is_the_contract(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "charlie", "--yes", "--json", on=backend)
    assert ended.code == 0, ended.err
    lines = [msgspec.json.decode(line, type=EvacuateLine) for line in ended.out.splitlines()]
    first, last = lines[0], lines[-1]
    assert isinstance(first, EvacuationPlan) and isinstance(last, EvacuationEnd)
    assert [command.command for command in first.commands] == wrote(backend)
    assert {leaving.fate for leaving in first.vms} == {"moves live"}
    assert last.state == "standby" and on(backend, "charlie") == set()
    assert {place.vm: place.node for place in last.vms} == {
        leaving.vm: leaving.target for leaving in first.vms
    }


def test_protected_they_leave_as_many_at_once_as_was_asked(vmferry: Vmferry) -> None:
    backend = calm()
    for vm in ("build-7", "db-primary", "gitlab", "files"):
        backend.world.guest(vm).dirty_rate_bytes_per_s = 0.0  # three share the link
    flags = ("--yes", "--json", "--protect", "--at-once", "3")
    ended = vmferry("evacuate", "charlie", *flags, on=backend)
    assert ended.code == 0, ended.err
    first = msgspec.json.decode(ended.out.splitlines()[0], type=EvacuateLine)
    assert isinstance(first, EvacuationPlan)
    told = [command.command for command in first.commands]
    assert sorted(told) == sorted(wrote(backend))
    [together, *_] = [command for command in told if "rsc_location" in command]
    assert together.count("cli-prefer-") == 3
    assert sum("on-fail" in command for command in told) == 3, "db-primary has it already"
    assert not any("starts it again" in warning for warning in first.warnings)


def test_yes_leaves_who_would_be_rebooted_and_names_them(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--yes", "--json", on=backend)
    assert ended.code == 1
    last = msgspec.json.decode(ended.out.splitlines()[-1], type=EvacuateLine)
    assert isinstance(last, EvacuationFailed) and "mail would be stopped" in last.reason
    assert on(backend, "bravo") == {"mail"} and backend.world.guest("mail").boots == 1
    assert "unless that is confirmed, mail stays" in ended.err


def test_allow_reboot_takes_them_along(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--yes", "--allow-reboot", on=backend)
    assert ended.code == 0, ended.err
    assert "bravo is in standby and empty: 2 moved live, stopped as confirmed: mail" in ended.err
    assert on(backend, "bravo") == set()


def test_by_standby_nothing_is_rebooted_unless_allowed(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--standby", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "--allow-reboot" in ended.err
    again = calm()
    ended = vmferry("evacuate", "bravo", "--standby", "--yes", "--allow-reboot", on=again)
    assert ended.code == 0, ended.err
    assert wrote(again) == ["crm_standby --node bravo --update on"]


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["evacuate", "nosuch", "--yes"], 2, "no node 'nosuch'"),
        (["evacuate", "charlie"], 4, "no terminal to confirm on"),
        (["--read-only", "evacuate", "charlie", "--yes"], 4, "read-only"),
        (["--read-only", "abort", "web1", "--yes"], 4, "read-only"),
    ],
)
def test_what_is_refused_changes_nothing(
    vmferry: Vmferry, args: list[str], code: int, says: str
) -> None:
    backend = calm()
    ended = vmferry(*args, on=backend)
    assert ended.code == code and says in ended.err
    assert wrote(backend) == []


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [("bravo\n", 0, "stopped as confirmed: mail"), ("\n", 1, "mail would be stopped")],
)
def test_a_reboot_is_confirmed_on_its_own_by_the_name_of_the_node(
    home: Path, typed: str, code: int, says: str
) -> None:
    with on_terminal(home, "evacuate", "bravo") as terminal:
        terminal.until_writes("Evacuate bravo VM by VM? [y/N] ")
        terminal.type("y\n")
        terminal.until_writes("Type bravo to accept that, or Enter to leave it there: ")
        terminal.type(typed)
        assert terminal.end() == code
    assert says in terminal.written


def leave_open(backend: SimulatedBackend, journal: Journal, vm_id: str, target: str) -> None:
    """As if vmferry had been killed right after it told a VM to move."""
    vm = end_of(backend).vm(vm_id)
    assert vm is not None
    intent = Intent("move", "demo", vm_id, vm.node, target, False, time.time(), calls(vm))
    act = journal.begin(intent)
    command = commands.move(vm_id, target)
    act.note("moving", command.purpose, command=str(command))
    act.leave()
    backend.world.execute(command.argv)


@pytest.fixture
def journal(home: Path) -> Journal:
    return Journal(home / ".local/state/vmferry/acts")


def opened(home: Path) -> int:
    return len(list((home / ".local/state/vmferry/acts").glob("*.jsonl")))


@pytest.mark.parametrize(
    "args",
    [["migrate", "web2", "charlie"], ["clear", "web2"], ["evacuate", "charlie"]],
    ids=" ".join,
)
def test_with_yes_what_was_left_open_is_finished_first(
    vmferry: Vmferry, journal: Journal, home: Path, args: list[str]
) -> None:
    backend = calm()
    leave_open(backend, journal, "web1", "bravo")
    ended = vmferry(*args, "--yes", on=backend)
    assert ended.code == 0, ended.err
    said = ended.err.splitlines()
    assert said[0] == "an earlier run was moving web1 from alpha to bravo: finishing that first"
    assert "web1 is on bravo (live, nothing was restarted)" in ended.err
    assert wrote(backend)[0] == "crm_resource --clear --resource web1"
    assert opened(home) == 0


def test_without_a_word_of_consent_it_is_told_and_left(
    vmferry: Vmferry, journal: Journal, home: Path
) -> None:
    backend = calm()
    leave_open(backend, journal, "web1", "bravo")
    ended = vmferry("clear", "web2", on=backend)
    assert "an earlier run was moving web1 from alpha to bravo, and was cut short" in ended.err
    assert (wrote(backend), opened(home)) == ([], 1)


def test_a_move_that_is_to_be_aborted_is_not_waited_for_but_closed(
    vmferry: Vmferry, journal: Journal, home: Path
) -> None:
    backend = calm(5)
    guest = backend.world.guest("web1")
    guest.dirty_rate_bytes_per_s, guest.migrate_to_timeout_s = 64e9, 3600.0
    leave_open(backend, journal, "web1", "bravo")
    backend.world.advance(5)
    ended = vmferry("abort", "web1", "--yes", on=backend)
    assert ended.code == 0, ended.err
    assert on(backend, "alpha") >= {"web1"} and opened(home) == 0


def test_what_cannot_be_finished_is_told_and_does_not_stand_in_the_way(
    vmferry: Vmferry, journal: Journal
) -> None:
    backend = calm()
    backend.world.guest("web1").on_fail = None
    backend.world.fail_next_migration("web1")
    leave_open(backend, journal, "web1", "bravo")
    ended = vmferry("migrate", "web2", "charlie", "--yes", on=backend)
    assert ended.code == 0, ended.err
    assert "that did not come to a good end" in ended.err and "restarted" in ended.err


def test_asked_on_a_terminal_enter_finishes_it_and_no_leaves_it(home: Path) -> None:
    acts = Journal(home / ".local/state/vmferry/acts")
    intent = Intent("bring back", "demo", "", "alpha", None, False, time.time())
    acts.begin(intent).leave()
    for typed, left in (("n\n", 1), ("\n", 0)):
        with on_terminal(home, "clear", "web1") as terminal:
            terminal.until_writes("ending the standby of alpha. Finish that first? [Y/n] ")
            terminal.type(typed)
            assert terminal.end() == 0
        assert opened(home) == left
