"""The commands that open the board, on a terminal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from cli.terminal import ROOT, on_terminal
from terminal import Terminal


@pytest.mark.parametrize(
    "program",
    [[str(Path(sys.executable).with_name("vmferry"))], [sys.executable, "-m", "tui.cli"]],
    ids=["vmferry", "python -m tui.cli"],
)
def test_the_demo_opens_and_is_left_with_q(home: Path, program: list[str]) -> None:
    environment = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    argv = [*program, "demo", "--nodes", "3", "--seed", "7"]
    with Terminal(argv, environment, columns=80, lines=24) as terminal:
        terminal.until_sees("quorum")
        terminal.type("q")
        assert terminal.end() == 0
    assert "Traceback" not in terminal.written
    assert not (home / ".local").exists(), "the demo writes no journal of the user's"


def test_the_board_opens_where_no_command_is_given(home: Path) -> None:
    with on_terminal(home, "some-host", "--read-only", speed=1) as terminal:
        terminal.until_sees("quorum")
        terminal.type("q")
        assert terminal.end() == 0
