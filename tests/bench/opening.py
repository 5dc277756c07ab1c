"""How long `?` takes until the help is on the terminal, beside a key of an app that is empty.

Both run in a pseudo-terminal. Run by itself this file is the empty app: it pushes a screen with one
line on it.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

from textual.app import App, ComposeResult
from textual.binding import BindingType
from textual.screen import ModalScreen
from textual.widgets import Static

from bench.telling import Row
from terminal import Terminal

ROUNDS = 15
TESTS = str(Path(__file__).parents[1])
VMFERRY = str(Path(sys.executable).with_name("vmferry"))
DEMO = ("demo", "--seed", "1", "--scenario", "calm", "--speed", "0.1")


class Pushed(ModalScreen[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("escape", "dismiss", "Close")]

    def compose(self) -> ComposeResult:
        yield Static("it is open")


class Empty(App[None]):
    BINDINGS: ClassVar[list[BindingType]] = [("question_mark", "open", "Open")]

    def compose(self) -> ComposeResult:
        yield Static("it is closed")

    def action_open(self) -> None:
        self.push_screen(Pushed())


def rows() -> Iterator[Row]:
    """Medians over some openings."""
    with tempfile.TemporaryDirectory() as home:
        helped = opened_ms([VMFERRY, *DEMO], home, "● web1", "Help ─")
        empty = opened_ms([sys.executable, __file__], home, "it is closed", "it is open")
    yield Row(
        "opening the help",
        statistics.median(helped),
        "ms",
        "a screen of an empty Textual app",
        statistics.median(empty),
        "100 ms more than that",
    )


def opened_ms(argv: list[str], home: str, closed: str, opened: str) -> list[float]:
    """From the key to the text on the terminal, a figure a round."""
    environment = {"PATH": os.environ["PATH"], "HOME": home, "PYTHONPATH": TESTS}
    taken = []
    with Terminal(argv, environment) as terminal:
        terminal.until_sees(closed)
        terminal.quiet(0.15)
        for _ in range(ROUNDS):
            start = time.perf_counter()
            terminal.type("?")
            terminal.until_sees(opened)
            taken.append(1000 * (time.perf_counter() - start))
            terminal.quiet(0.1)
            terminal.type("\x1b")
            terminal.until(lambda text: opened not in text, "closed")
            terminal.quiet(0.1)
    return taken


if __name__ == "__main__":
    Empty().run()
