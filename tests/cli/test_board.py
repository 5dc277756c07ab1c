"""The commands that open the board, on a terminal."""

from __future__ import annotations

import re
import signal
import sys
from pathlib import Path

import pytest

from cli.terminal import ROOT, on_terminal
from terminal import Terminal

LEAVES_THE_SCREEN = "\x1b[?1049l"


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


def test_a_fast_demo_shows_the_time_in_which_its_events_happen(home: Path) -> None:
    def minute(text: str) -> int | None:
        """Of the clock at the right of the first line."""
        clock = re.search(r"(\d\d):(\d\d):\d\d *$", text.splitlines()[0])
        return 60 * int(clock[1]) + int(clock[2]) if clock else None

    argv = [sys.executable, "-m", "tui.cli", "demo", "--speed", "100", "--scenario", "calm"]
    environment = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    with Terminal(argv, environment, columns=80, lines=24) as terminal:
        terminal.until(lambda text: minute(text) is not None, "a clock")
        began = minute(terminal.text)
        assert began is not None
        terminal.until(
            lambda text: ((minute(text) or began) - began) % 1440 >= 20, "twenty minutes go by"
        )
        terminal.type("q")
        assert terminal.end() == 0


def test_the_board_opens_where_no_command_is_given(home: Path) -> None:
    with on_terminal(home, "some-host", "--read-only", speed=1) as terminal:
        terminal.until_sees("quorum")
        terminal.type("q")
        assert terminal.end() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
def test_a_board_that_is_ended_gives_the_terminal_back(home: Path, number: signal.Signals) -> None:
    with on_terminal(home, "some-host", speed=1) as terminal:
        terminal.until_sees("quorum")
        terminal.process.send_signal(number)
        assert terminal.end() == 130
    assert LEAVES_THE_SCREEN in terminal.written and "Traceback" not in terminal.written


def test_a_board_ends_by_itself_when_its_terminal_is_lost(home: Path) -> None:
    """In order, so that nothing of it is left: neither a process, nor what it put into `/tmp`."""
    log = home / "log"
    with on_terminal(home, "--log", str(log), "some-host", speed=1) as terminal:
        terminal.until_sees("quorum")
        assert terminal.hang_up() == 130
    assert "Traceback" not in log.read_text()


def test_a_command_ends_quietly_when_its_terminal_is_lost(home: Path) -> None:
    log = home / "log"
    with on_terminal(home, "watch", "--log", str(log), "some-host", speed=1) as terminal:
        terminal.until_sees("3 nodes")
        assert terminal.hang_up() == 130
    assert "Traceback" not in log.read_text()


def test_who_starts_it_by_nohup_keeps_it(home: Path) -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with on_terminal(home, "some-host", speed=1) as terminal:
            terminal.until_sees("quorum")
            terminal.process.send_signal(signal.SIGHUP)
            terminal.type("?")
            terminal.until_sees("Help")
    finally:
        signal.signal(signal.SIGHUP, before)
