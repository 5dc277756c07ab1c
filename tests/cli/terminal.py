"""The command line over a simulated cluster, on a terminal of its own."""

from __future__ import annotations

import sys
from pathlib import Path

from terminal import Terminal

PROGRAM = Path(__file__).with_name("on_simulated.py")
ROOT = PROGRAM.parents[2]


def on_terminal(home: Path, *args: str, speed: int = 60) -> Terminal:
    """`speed`: how much faster than a real cluster it is."""
    argv = [sys.executable, str(PROGRAM), str(speed), "calm", *args]
    environment = {"HOME": str(home), "PYTHONPATH": str(ROOT)}
    return Terminal(argv, environment, columns=100, lines=24)
