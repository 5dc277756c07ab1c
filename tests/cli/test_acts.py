"""`migrate` and `clear`: what is asked, what is refused, and what is left behind."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from backends.clusters.simulated import SimulatedBackend
from cli.conftest import Vmferry
from cli.scene import calm, end_of, wrote
from cli.schema import (
    DoneLine,
    FailedLine,
    InterruptedLine,
    MigrateLine,
    PlanLine,
    PreviewSchema,
    ProgressLine,
)
from cli.terminal import on_terminal
from waiting import PATIENCE_S

MOVE = ("crm_resource", "--move", "--resource")


def lines(out: str) -> list[MigrateLine]:
    return [msgspec.json.decode(line, type=MigrateLine) for line in out.splitlines()]


def place(backend: SimulatedBackend, vm_id: str) -> str | None:
    vm = end_of(backend).vm(vm_id)
    assert vm is not None
    return vm.node


def test_preview_json_is_the_contract_and_writes_nothing(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("preview", "web1", "bravo", "--json", on=backend)
    plan = msgspec.json.decode(ended.out, type=PreviewSchema)
    assert (ended.code, plan.verdict, plan.reboots) == (0, "LIVE", [])
    assert [command.command for command in plan.commands] == [
        "crm_resource --move --resource web1 --node bravo",
        "crm_resource --clear --resource web1",
    ]
    assert wrote(backend) == []


def test_preview_of_a_reboot_says_so_with_the_reason(vmferry: Vmferry) -> None:
    ended = vmferry("preview", "legacy-erp", "bravo", on=calm())
    assert ended.code == 0
    assert ended.out.startswith("legacy-erp → bravo: REBOOT\n")
    assert ": legacy-erp would be stopped and started again" in ended.out


@pytest.mark.parametrize("command", ["preview", "migrate"])
@pytest.mark.parametrize(
    ("vm", "node", "code", "says"),
    [
        ("nosuch", "bravo", 2, "no VM 'nosuch' in this cluster\n  → the VMs are: "),
        ("web1", "nosuch", 2, "no node 'nosuch' in this cluster\n  → the nodes are: alpha, "),
        ("web1", "alpha", 4, "web1 is on alpha already"),
        ("staging", "alpha", 4, "staging runs nowhere"),
    ],
)
def test_what_cannot_be_moved(
    vmferry: Vmferry, command: str, vm: str, node: str, code: int, says: str
) -> None:
    backend = calm()
    ended = vmferry(command, vm, node, *(["--yes"] if command == "migrate" else []), on=backend)
    assert ended.code == code
    assert says in ended.out + ended.err
    assert wrote(backend) == []


def test_migrate_goes_to_the_proven_end_and_leaves_no_constraint(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("migrate", "web1", "bravo", "--yes", on=backend)
    assert (ended.code, ended.out) == (0, "")
    assert "web1 is on bravo (live, nothing was restarted)" in ended.err
    assert place(backend, "web1") == "bravo"
    assert not [c for vm in end_of(backend).vms for c in vm.constraints]


def test_migrate_json_is_the_contract(vmferry: Vmferry) -> None:
    ended = vmferry("migrate", "web1", "bravo", "--yes", "--json", on=calm())
    assert ended.code == 0
    first, *progress, last = lines(ended.out)
    assert isinstance(first, PlanLine)
    assert isinstance(last, DoneLine)
    assert (last.vm, last.state, last.node) == ("web1", "running", "bravo")
    assert progress
    assert all(isinstance(line, ProgressLine) for line in progress)


def test_protected_a_failure_leaves_the_guest_where_it_is(vmferry: Vmferry) -> None:
    backend = calm()
    backend.world.fail_next_migration("web1")
    ended = vmferry("migrate", "web1", "bravo", "--yes", "--protect", "--json", on=backend)
    assert ended.code == 1
    plan = lines(ended.out)[0]
    assert isinstance(plan, PlanLine)
    told = [command.command for command in plan.commands]
    assert wrote(backend) == told[:2] and "on-fail" in told[0]
    assert backend.world.guest("web1").boots == 1
    assert place(backend, "web1") == "alpha"
    assert "its guest goes on running on alpha: recover it" in ended.err


def test_without_a_terminal_nothing_is_moved_unless_yes(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("migrate", "web1", "bravo", on=backend)
    assert ended.code == 4
    assert "no terminal to confirm on" in ended.err
    assert wrote(backend) == []


def test_yes_does_not_cover_a_reboot(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("migrate", "legacy-erp", "bravo", "--yes", "--json", on=backend)
    assert ended.code == 4
    assert "--allow-reboot" in ended.err
    assert isinstance(lines(ended.out)[-1], PlanLine)
    assert wrote(backend) == []


def test_a_reboot_that_was_allowed_is_carried_out(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("migrate", "legacy-erp", "bravo", "--yes", "--allow-reboot", on=backend)
    assert ended.code == 0
    assert place(backend, "legacy-erp") == "bravo"


@pytest.mark.parametrize("args", [["migrate", "web1", "bravo"], ["clear", "web1"]])
def test_read_only_refuses_every_act_without_connecting(vmferry: Vmferry, args: list[str]) -> None:
    ended = vmferry("--read-only", *args, "--yes")
    assert (ended.code, ended.out) == (4, "")
    assert "read-only" in ended.err


def test_a_migration_that_fails_ends_with_one_and_says_where_the_vm_is(vmferry: Vmferry) -> None:
    backend = calm()
    backend.world.state.guests["web1"].dirty_rate_bytes_per_s = 64e9
    ended = vmferry("migrate", "web1", "bravo", "--yes", "--json", on=backend)
    assert ended.code == 1
    last = lines(ended.out)[-1]
    assert isinstance(last, FailedLine)
    assert "web1 is " in last.reason
    assert "web1 is " in ended.err


def leave_constraint(backend: SimulatedBackend, vm: str, node: str) -> None:
    answer = backend.world.execute((*MOVE, vm, "--node", node))
    assert answer.exit_status == 0
    backend.world.advance(600)
    assert place(backend, vm) == node


def test_clear_shows_what_is_left_and_removes_it(vmferry: Vmferry) -> None:
    backend = calm()
    leave_constraint(backend, "web1", "bravo")
    refused = vmferry("clear", "web1", on=backend)
    assert refused.code == 4
    assert "cli-prefer-web1: prefer bravo" in refused.err
    assert "crm_resource --clear --resource web1" in refused.err
    assert wrote(backend) == []


def test_clear_with_yes_leaves_the_vm_where_it_is(vmferry: Vmferry) -> None:
    backend = calm()
    leave_constraint(backend, "web1", "bravo")
    ended = vmferry("clear", "web1", "--yes", on=backend)
    assert ended.code == 0
    vm = end_of(backend).vm("web1")
    assert vm is not None
    assert (vm.node, vm.constraints) == ("bravo", ())


def test_clear_refuses_while_the_vm_is_being_migrated(vmferry: Vmferry) -> None:
    backend = SimulatedBackend(3, 16, 1, 1.0, "calm")
    backend.world.execute((*MOVE, "web1", "--node", "bravo"))
    backend.world.advance(3)
    ended = vmferry("clear", "web1", "--yes", on=backend)
    assert ended.code == 4
    assert "being migrated" in ended.err
    assert wrote(backend) == []


def test_clear_of_nothing_and_of_nobody(vmferry: Vmferry) -> None:
    assert vmferry("clear", "web1", "--yes", on=calm()).code == 0
    assert vmferry("clear", "nosuch", "--yes", on=calm()).code == 2


def test_yes_at_the_prompt_moves_with_progress_on_one_line(home: Path) -> None:
    with on_terminal(home, "migrate", "web1", "bravo", speed=20) as terminal:
        terminal.until_writes("Move web1 to bravo? [y/N] ")
        terminal.type("y\n")
        assert terminal.end() == 0
    assert "\x1b[K" in terminal.written
    assert "web1 is on bravo (live, nothing was restarted)" in terminal.written


@pytest.mark.parametrize("typed", ["\n", "n\n", "\x04", "web1\n"])
def test_anything_but_yes_changes_nothing(home: Path, typed: str) -> None:
    with on_terminal(home, "migrate", "web1", "bravo", speed=20) as terminal:
        terminal.until_writes("[y/N] ")
        terminal.type(typed)
        assert terminal.end() == 4
    assert "not confirmed" in terminal.written


def test_a_reboot_takes_the_name_of_the_vm_and_not_a_yes(home: Path) -> None:
    with on_terminal(home, "migrate", "legacy-erp", "bravo", speed=20) as terminal:
        terminal.until_writes("Type the VM's name to accept the reboot: ")
        terminal.type("yes\n")
        assert terminal.end() == 4
    with on_terminal(home, "migrate", "legacy-erp", "bravo", speed=20) as terminal:
        terminal.until_writes("Type the VM's name to accept the reboot: ")
        terminal.type("legacy-erp\n")
        assert terminal.end() == 0


def test_ctrl_c_at_the_prompt_changes_nothing(home: Path) -> None:
    with on_terminal(home, "migrate", "web1", "bravo", speed=20) as terminal:
        terminal.until_writes("[y/N] ")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "Traceback" not in terminal.written


def test_ctrl_c_in_the_middle_lets_go_and_says_what_is_left(home: Path) -> None:
    with on_terminal(home, "migrate", "web1", "bravo", "--yes", speed=1) as terminal:
        terminal.until_writes("copying")
        terminal.type("\x03")
        assert terminal.end() == 130
    assert "Pacemaker goes on moving web1 to bravo" in terminal.written
    assert "`vmferry clear web1`" in terminal.written
    assert "Traceback" not in terminal.written
    (act,) = (home / ".local/state/vmferry/acts").glob("*.jsonl")
    assert "--move" in act.read_text()
    assert "--clear" not in act.read_text()


def test_an_interrupted_migrate_says_so_in_json(home: Path) -> None:
    program = Path(__file__).with_name("on_simulated.py")
    argv = [sys.executable, str(program), "1", "calm", "migrate", "web1", "bravo", "--yes"]
    env = {"HOME": str(home), "PYTHONPATH": str(program.parents[2])}
    with subprocess.Popen(
        [*argv, "--json"], env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if '"phase": "copying"' in line:
                break
        process.send_signal(signal.SIGINT)
        rest, words = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 130
    assert isinstance(lines(rest)[-1], InterruptedLine)
    assert "Pacemaker goes on moving web1 to bravo" in words
