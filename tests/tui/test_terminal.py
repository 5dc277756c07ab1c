"""The demo as a command in a real pseudo-terminal, with the bytes that a real mouse sends."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import shutil
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pyte
import pytest

COLUMNS, LINES = 120, 40
PATIENCE_S = 60.0


class Terminal:
    """A terminal emulator with the demo in it."""

    def __init__(self, argv: list[str], home: Path, **environment: str) -> None:
        self.screen = pyte.Screen(COLUMNS, LINES)
        self._stream = pyte.ByteStream(self.screen)
        self.master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            argv,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(home),
                "TERM": "xterm-256color",
                "LANG": "C.UTF-8",
                **environment,
            },
            start_new_session=True,
        )
        os.close(slave)

    def read(self) -> None:
        """Take in what was written, for at most a moment."""
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self._stream.feed(os.read(self.master, 65536))
            except OSError:
                assert self.process.wait(timeout=PATIENCE_S) is not None

    def until(self, true: Callable[[], bool], what: str) -> None:
        started = time.monotonic()
        while not true():
            assert time.monotonic() - started < PATIENCE_S, f"not {what}:\n{self.text}"
            self.read()

    def until_sees(self, text: str) -> None:
        self.until(lambda: text in self.text, f"seen: {text!r}")

    @property
    def text(self) -> str:
        return "\n".join(self.screen.display)

    def at(self, text: str) -> tuple[int, int]:
        """Where this text stands, counted from 1 as terminals do."""
        for y, line in enumerate(self.screen.display, 1):
            if text in line:
                return line.index(text) + 1, y
        raise AssertionError(f"no {text!r} on the screen:\n{self.text}")

    def column_of(self, text: str) -> int:
        return self.at(text)[0]

    def send(self, data: str) -> None:
        os.write(self.master, data.encode())

    def close(self) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self.master)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    started: list[Terminal] = []
    command = shutil.which("vmferry", path=str(Path(sys.executable).parent))
    assert command is not None, "the console script is not installed"

    def run(*arguments: str, **environment: str) -> Terminal:
        terminal = Terminal([command, *arguments], tmp_path, **environment)
        started.append(terminal)
        return terminal

    yield run
    for terminal in started:
        terminal.close()


DEMO = ("demo", "--seed", "1", "--scenario", "calm", "--nodes", "3", "--vms", "12", "--speed", "20")


def test_a_drag_with_a_real_mouse_moves_a_vm_in_the_demo(start: Callable[..., Terminal]) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("web1")
    x, y = terminal.at("web1")
    to, head = terminal.at("bravo")
    assert not to <= x < to + 30, "it is there already"

    terminal.send(f"\x1b[<0;{x};{y}M")
    for step in range(1, 11):
        terminal.send(f"\x1b[<32;{x + (to - x) * step // 10};{y + (head + 1 - y) * step // 10}M")
    terminal.until_sees("nothing else moves")
    terminal.send(f"\x1b[<0;{to};{head + 1}m")

    terminal.until_sees("Move web1 to bravo")
    terminal.until_sees("crm_resource --move --resource web1 --node bravo")
    assert "LIVE" in terminal.text
    terminal.send("\r")

    terminal.until_sees("web1 is on bravo (live")
    terminal.until(lambda: "crm_resource --move" not in terminal.text, "closed")
    terminal.send("M")
    terminal.until_sees("mouse released")
    assert not terminal.screen.mode & {1000 << 5, 1003 << 5, 1006 << 5}, "the terminal has it"
    terminal.send("M")
    terminal.until(lambda: 1003 << 5 in terminal.screen.mode, "taken back")
    left, _ = terminal.at("╭─ ● bravo")
    terminal.until(lambda: terminal.column_of("● web1") >= left, "in the column of bravo")
    terminal.send("q")
    terminal.until(lambda: terminal.process.poll() is not None, "ended")
    assert terminal.process.returncode == 0


def test_what_is_typed_at_once_is_taken_in_its_order(start: Callable[..., Terminal]) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("● web1")
    terminal.send("jmcha\r")
    terminal.until_sees("Move cache to charlie")


def test_a_notice_goes_away_by_itself_and_leaves_nothing(start: Callable[..., Terminal]) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("● web1")
    terminal.send("c")
    terminal.until_sees("No move has left a constraint")
    terminal.until(lambda: "No move has left" not in terminal.text, "gone")


@pytest.mark.parametrize(
    "environment",
    [{"NO_COLOR": "1"}, {"TERM": "linux"}, {"TERM": "tmux-256color", "COLORTERM": "truecolor"}],
    ids=["no-color", "16-colours", "true-colour"],
)
def test_states_are_glyphs_and_words_whatever_the_terminal_can(
    start: Callable[..., Terminal], environment: dict[str, str]
) -> None:
    terminal = start(*DEMO, **environment)
    terminal.until_sees("✔ quorum")
    terminal.until_sees("● alpha")
    terminal.until_sees("online")
    terminal.until_sees("⊘")
    if "TERM" in environment and environment["TERM"] == "linux":
        colours = {char.fg for row in terminal.screen.buffer.values() for char in row.values()} | {
            char.bg for row in terminal.screen.buffer.values() for char in row.values()
        }
        assert all(not _is_hex(colour) for colour in colours), colours
    terminal.send("\x03")
    terminal.until(lambda: terminal.process.poll() is not None, "ended")


def _is_hex(colour: str) -> bool:
    return len(colour) == 6 and all(digit in "0123456789abcdef" for digit in colour)
