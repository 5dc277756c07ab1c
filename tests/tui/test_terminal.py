"""The demo as a command in a real pseudo-terminal, with the bytes that a real mouse sends."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from console_font import IN_EVERY_FONT
from terminal import Terminal
from tui.poor_terminals import CONSOLE_GLYPHS

Start = Callable[..., Terminal]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    command = shutil.which("vmferry", path=str(Path(sys.executable).parent))
    assert command is not None, "the console script is not installed"
    with ExitStack() as started:

        def run(*arguments: str, **environment: str) -> Terminal:
            known = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
            terminal = Terminal([command, *arguments], {**known, **environment})
            return started.enter_context(terminal)

        yield run


DEMO = ("demo", "--seed", "1", "--scenario", "calm", "--nodes", "3", "--vms", "12", "--speed", "20")


def test_a_drag_with_a_real_mouse_moves_a_vm_in_the_demo(start: Start) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("web1")
    x, y = terminal.at("web1")
    to, head = terminal.at("bravo")
    assert not to <= x < to + 30, "it is there already"

    terminal.type(f"\x1b[<0;{x};{y}M")
    for step in range(1, 11):
        terminal.type(f"\x1b[<32;{x + (to - x) * step // 10};{y + (head + 1 - y) * step // 10}M")
    terminal.until_sees("nothing else moves")
    terminal.type(f"\x1b[<0;{to};{head + 1}m")

    terminal.until_sees("Move web1 to bravo")
    terminal.until_sees("crm_resource --move --resource web1 --node bravo")
    assert "LIVE" in terminal.text
    terminal.type("\r")

    terminal.until_sees("web1 is on bravo (live")
    terminal.until(lambda text: "crm_resource --move" not in text, "closed")
    terminal.type("M")
    terminal.until_sees("mouse released")
    assert not terminal.screen.mode & {1000 << 5, 1003 << 5, 1006 << 5}, "the terminal has it"
    terminal.type("M")
    terminal.until(lambda _: 1003 << 5 in terminal.screen.mode, "taken back")
    left, _ = terminal.at("╭─ ● bravo")
    terminal.until(lambda _: terminal.at("● web1")[0] >= left, "in the column of bravo")
    terminal.type("q")
    assert terminal.end() == 0


def test_what_is_typed_at_once_is_taken_in_its_order(start: Start) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("● web1")
    terminal.type("jmcha\r")
    terminal.until_sees("Move cache to charlie")


def test_a_notice_goes_away_by_itself_and_leaves_nothing(start: Start) -> None:
    terminal = start(*DEMO)
    terminal.until_sees("● web1")
    terminal.type("c")
    terminal.until_sees("No move has left a constraint")
    terminal.until(lambda text: "No move has left" not in text, "gone")


@pytest.mark.parametrize(
    "environment",
    [{"NO_COLOR": "1"}, {"TERM": "linux"}, {"TERM": "tmux-256color", "COLORTERM": "truecolor"}],
    ids=["no-color", "16-colours", "true-colour"],
)
def test_states_are_glyphs_and_words_whatever_the_terminal_can(
    start: Start, environment: dict[str, str]
) -> None:
    terminal = start(*DEMO, **environment)
    console = environment.get("TERM") == "linux"
    for text in ("✔ quorum", "● alpha", "online", "⊘"):
        terminal.until_sees(text.translate(CONSOLE_GLYPHS) if console else text)
    if console:
        colours = {char.fg for row in terminal.screen.buffer.values() for char in row.values()} | {
            char.bg for row in terminal.screen.buffer.values() for char in row.values()
        }
        assert all(not _is_hex(colour) for colour in colours), colours
    terminal.type("\x03")
    terminal.end()


def _is_hex(colour: str) -> bool:
    return len(colour) == 6 and all(digit in "0123456789abcdef" for digit in colour)


def test_a_linux_console_is_sent_nothing_that_its_font_lacks(start: Start) -> None:
    terminal = start(*DEMO, TERM="linux")
    terminal.until_sees("• web1")
    assert {each for each in terminal.written if ord(each) > 126} <= IN_EVERY_FONT


def test_without_colours_an_error_is_bold_and_reversed(start: Start) -> None:
    terminal = start("demo", "--scenario", "failed", "--speed", "20", NO_COLOR="1")
    terminal.until_sees("✖ 1 failure")
    x, y = terminal.at("✖ 1 failure")
    cell = terminal.screen.buffer[y - 1][x - 1]
    assert cell.bold and cell.reverse
