from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from backends.data.errors import (
    ActFailed,
    BadAnswer,
    BadConfiguration,
    ClusterStopped,
    CommandFailed,
    HostKeyChanged,
    HostKeyUnknown,
    LoginRefused,
    NotACluster,
    NotPermitted,
    Refused,
    TimedOut,
    Unknown,
    Unreachable,
    VmferryError,
)
from cli.conftest import Vmferry
from cli.still import failing

COMMANDS = [
    *("demo", "status", "watch", "since", "why", "report"),
    *("preview", "migrate", "abort", "evacuate", "clear", "doctor"),
]
NOT_YET = ["audit", "record", "replay"]


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (Unreachable, 3),
        (HostKeyUnknown, 3),
        (HostKeyChanged, 3),
        (LoginRefused, 3),
        (TimedOut, 3),
        (NotACluster, 3),
        (ClusterStopped, 3),
        (BadAnswer, 3),
        (Refused, 4),
        (NotPermitted, 4),
        (Unknown, 2),
        (BadConfiguration, 2),
        (ActFailed, 1),
        (CommandFailed, 1),
    ],
)
@pytest.mark.parametrize("command", [["status", "--json"], ["watch"], ["preview", "vm", "node"]])
def test_an_error_is_two_lines_and_its_exit_code(
    vmferry: Vmferry, command: list[str], kind: type[VmferryError], code: int
) -> None:
    error = kind("what failed", where="alpha", cure="what to do")
    ended = vmferry(*command, on=failing(error))
    assert (ended.code, ended.out) == (code, "")
    assert ended.err == "vmferry: alpha: what failed\n  → what to do\n"


def test_an_error_cannot_write_to_the_terminal_what_a_node_wrote(vmferry: Vmferry) -> None:
    ended = vmferry("status", on=failing(Unreachable("\x1b]0;owned\x07", where="a\nb")))
    assert ended.err == "vmferry: a�b: �]0;owned�\n"


def test_a_fault_is_a_sentence_and_its_traceback_goes_to_the_log(
    vmferry: Vmferry, home: Path
) -> None:
    log = home / "vmferry.log"
    ended = vmferry("--log", str(log), "status", on=failing(ZeroDivisionError("by zero")))
    assert ended.code == 1
    assert ended.err.startswith("vmferry: a fault in vmferry itself: ZeroDivisionError: by zero\n")
    assert "Traceback (most recent call last)" in log.read_text()


def test_a_log_that_cannot_be_written(vmferry: Vmferry, home: Path) -> None:
    ended = vmferry("status", "--log", str(home))
    assert ended.code == 2
    assert ended.err.startswith(f"vmferry: {home}: cannot write the log")


@pytest.mark.parametrize(
    "args",
    [
        ["status", "--no-such-option"],
        ["status", "alpha", "-c", "prod"],
        ["alpha", "-c", "prod"],
        ["-c", "prod", "status", "alpha"],
        ["status", ""],
        ["preview", "web01"],
        ["migrate"],
        ["clear"],
        ["abort"],
        ["evacuate"],
        ["alpha", "status"],
        ["demo", "--scenario", "no-such"],
        ["demo", "--nodes", "0"],
        ["demo", "--speed", "0"],
        ["demo", "alpha"],
        ["demo", "--host", "alpha"],
        *([word] for word in NOT_YET),
        [],
        ["alpha"],
        ["demo"],
    ],
    ids=" ".join,
)
def test_usage_errors_end_with_two_and_connect_to_nothing(
    vmferry: Vmferry, args: list[str]
) -> None:
    ended = vmferry(*args)
    assert (ended.code, ended.out) == (2, "")
    assert re.match(r"vmferry: .+\n  → .+\n$", ended.err)


def test_a_command_of_a_later_version_is_not_taken_for_a_host(vmferry: Vmferry) -> None:
    assert "this version has no command 'audit'" in vmferry("audit").err


def test_the_board_says_that_it_needs_a_terminal(vmferry: Vmferry) -> None:
    assert "the board needs a terminal" in vmferry("alpha").err


def test_help_announces_what_works_and_nothing_else(vmferry: Vmferry) -> None:
    ended = vmferry("--help")
    assert ended.code == 0
    listed = re.findall(r"^  (\w+)  ", ended.out.split("Commands:")[1].split("Options:")[0], re.M)
    assert listed == COMMANDS
    assert not [word for word in NOT_YET if re.search(rf"\b{word}\b", ended.out)]


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help_with_the_options_everywhere(vmferry: Vmferry, command: str) -> None:
    ended = vmferry(command, "--help")
    assert ended.code == 0
    assert "Options everywhere:" in ended.out
    assert "--known-hosts" in ended.out


def test_the_demo_lists_its_scenarios(vmferry: Vmferry) -> None:
    from backends.clusters.simulated import SCENARIOS

    out = vmferry("demo", "--help").out
    assert all(name in out for name in SCENARIOS)


def test_the_version(vmferry: Vmferry) -> None:
    assert vmferry("--version").out.startswith("vmferry 0.")


def loaded(program: str, modules: set[str]) -> str:
    """Which of these modules there are after this program."""
    tests = Path(__file__).parents[1]
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys; {program}; print(sorted({modules} & set(sys.modules)))",
        ],
        env={"PYTHONPATH": f"{tests}:{tests.parent}", "HOME": "/nonexistent"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ended.stdout.splitlines()[-1]


def test_status_loads_no_screen_and_no_ssh() -> None:
    program = (
        "from tui.cli.entry import run_command_line; from cli.still import StillBackend; "
        "assert run_command_line(['status', '--json'], lambda target: StillBackend()) == 0"
    )
    assert loaded(program, {"textual", "rich", "asyncssh", "libvirt"}) == "[]"


def test_status_of_a_live_cluster_loads_what_reads_answers_while_it_waits_for_them() -> None:
    later = {"libvirt", "backends.past.archive", "backends.pacemaker.picture", "textual"}
    assert loaded("import backends.clusters.live.backend", later) == "[]"


def test_the_board_is_in_sight_before_the_doctor_is_loaded() -> None:
    later = {"backends.doctor.examine", "cryptography", "asyncssh", "libvirt"}
    assert loaded("import tui.cli.show", later) == "[]"
