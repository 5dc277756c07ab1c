"""The commands that open the board, on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.terminal import Terminal


@pytest.mark.parametrize(
    "program",
    [[str(Path(sys.executable).with_name("vmferry"))], [sys.executable, "-m", "tui.cli"]],
    ids=["vmferry", "python -m tui.cli"],
)
def test_the_demo_opens_and_is_left_with_q(home: Path, program: list[str]) -> None:
    root = Path(__file__).parents[2]
    env = {"HOME": str(home), "TERM": "xterm-256color", "PYTHONPATH": str(root)}
    with Terminal([*program, "demo", "--nodes", "3", "--seed", "7"], env, (24, 80)) as terminal:
        terminal.wait_for("quorum")
        terminal.type("q")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.written
    assert not (home / ".local").exists(), "the demo writes no journal of the user's"


def test_the_board_opens_where_no_command_is_given(home: Path) -> None:
    program = Path(__file__).with_name("on_simulated.py")
    env = {"HOME": str(home), "TERM": "xterm-256color", "PYTHONPATH": str(program.parents[2])}
    argv = [sys.executable, str(program), "1", "calm", "some-host", "--read-only"]
    with Terminal(argv, env, (24, 80)) as terminal:
        terminal.wait_for("quorum")
        terminal.type("q")
        assert terminal.end() == 0
