"""vmferry as an operator runs it: the command, and the board in a terminal, at rest."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from bench.telling import timed_s
from terminal import Terminal

VMFERRY = Path(sys.executable).with_name("vmferry")


def environment(home: Path) -> dict[str, str]:
    return {"PATH": os.environ["PATH"], "HOME": str(home)}


@contextmanager
def board(ssh_config: Path, home: Path) -> Iterator[Terminal]:
    """The board on the lab, from its first numbers on."""
    argv = [str(VMFERRY), "--ssh-config", str(ssh_config), "alpha"]
    with Terminal(argv, environment(home)) as terminal:
        terminal.until(lambda text: "web1" in text and "online" in text, "the board")
        terminal.until(lambda text: "? %" not in text, "its numbers")
        yield terminal


def command_s(argv: list[str], home: Path) -> float:
    """How long a command takes. Raises CalledProcessError."""
    run = partial(subprocess.run, check=True, stdout=subprocess.DEVNULL, env=environment(home))
    return timed_s(lambda: run(argv))
