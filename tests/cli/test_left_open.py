"""What an earlier run left open: told first, and finished first."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from backends.acts.journal import Intent, Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.judgement.proof import calls
from cli.conftest import Vmferry
from cli.scene import calm, end_of, on, wrote
from cli.terminal import on_terminal


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
