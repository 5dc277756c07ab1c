"""What the board costs at a pseudo-terminal: to its first picture, at rest, and for a key.

The demo runs in a terminal of 200×50, and beside it, at the same time and in turns, the smallest
Textual app: what Textual itself takes on this machine. What the demo's simulated cluster costs is
part of its CPU. At rest means: once the doctor has looked at the cluster for the first time.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.telling import Row
from terminal import Terminal

VMFERRY = Path(sys.executable).with_name("vmferry")
TRIVIAL = Path(__file__).with_name("trivial.py")
KEYS = 40
SETTLED_S = 12.0
"""After an examination, in which the scheduler is asked how each VM could leave."""
BESIDE = "an empty Textual app"


@dataclass(frozen=True, slots=True)
class Cost:
    """Of a program with nobody at the keys."""

    cpu_percent: float
    bytes_per_s: float


def rows(nodes: int, vms: int, rest_s: float) -> Iterator[Row]:
    """One size of the demo, and the empty app beside it."""
    demo = [str(VMFERRY), "demo", "--nodes", str(nodes), "--vms", str(vms)]
    size = f"{nodes} nodes, {vms} VMs"
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        empty = Terminal([sys.executable, str(TRIVIAL)], environment, columns=200, lines=50)
        board = Terminal(demo, environment, columns=200, lines=50)
        started = time.monotonic()
        with empty:
            empty.until_sees("number")
            theirs_s = time.monotonic() - started
            started = time.monotonic()
            with board:
                board.until_sees("quorum")
                yield Row(
                    f"start to first board, {size}",
                    time.monotonic() - started,
                    "s",
                    BESIDE,
                    theirs_s,
                    "0.8 s at 20 VMs, 1.2 s at 2,000",
                )
                settle(board)
                yield from at_rest(board, empty, size, rest_s)
                yield from keys(board, empty, size)


def settle(board: Terminal) -> None:
    """Let the doctor come to the end of its first look, which is no rest."""
    board.type("5")
    board.until_sees("examined")
    board.type("1")
    drained(board, SETTLED_S)


def at_rest(board: Terminal, empty: Terminal, size: str, rest_s: float) -> Iterator[Row]:
    drained(empty, 0.5)
    ours, theirs = cost(board, rest_s), cost(empty, rest_s / 4)
    yield Row(
        f"CPU at rest, {size}",
        ours.cpu_percent,
        "% of a core",
        BESIDE,
        theirs.cpu_percent,
        "3 % at 20 VMs, 5 % at 200, 20 % at 2,000",
    )
    yield Row(
        f"to the terminal at rest, {size}",
        ours.bytes_per_s / 1e3,
        "kB/s",
        BESIDE,
        theirs.bytes_per_s / 1e3,
        "2 kB/s at 20 VMs, 5 at 200, 10 at 2,000",
    )
    memory = psutil.Process(board.process.pid).memory_info().rss / 2**20
    beside = psutil.Process(empty.process.pid).memory_info().rss / 2**20
    yield Row(f"memory, {size}", memory, "MiB", BESIDE, beside, "150 MB at 2,000 VMs")


def keys(board: Terminal, empty: Terminal, size: str) -> Iterator[Row]:
    pairs = [(key(empty, number), key(board, number)) for number in range(KEYS)]
    theirs, ours = (sorted(each) for each in zip(*pairs, strict=True))
    yield Row(
        f"key to paint, median, {size}",
        statistics.median(ours),
        "ms",
        BESIDE,
        statistics.median(theirs),
        "1.5 times the empty app",
    )
    p95 = KEYS * 95 // 100
    yield Row(f"key to paint, p95, {size}", ours[p95], "ms", BESIDE, theirs[p95], "60 ms")


def drained(terminal: Terminal, for_s: float) -> int:
    """Read for so long; how many bytes came."""
    end = time.monotonic() + for_s
    total = 0
    while (left := end - time.monotonic()) > 0:
        total += len(terminal.take(left))
    return total


def cost(terminal: Terminal, for_s: float) -> Cost:
    """What a program takes while nobody touches it."""
    process = psutil.Process(terminal.process.pid)
    before, started = process.cpu_times(), time.monotonic()
    written = drained(terminal, for_s)
    took, after = time.monotonic() - started, process.cpu_times()
    used = round(after.user + after.system - before.user - before.system, 3)  # counted in ticks
    return Cost(100 * used / took, written / took)


def key(terminal: Terminal, number: int) -> float:
    """Milliseconds from a key to what it draws, after the glass was still for a moment."""
    while terminal.take(0.1):
        pass
    started = time.monotonic()
    terminal.type("\x1b[B" if number % 2 == 0 else "\x1b[A")
    terminal.take(5.0)
    return 1000 * (time.monotonic() - started)
