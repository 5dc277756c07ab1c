"""What drawing costs, at a pseudo-terminal: bytes and CPU with nobody at the keys, key to paint.

Run as `PYTHONPATH=tests python -m bench.drawing [--size NODES/VMS]… [--rest S] [--json FILE]`. The
demo runs in a terminal of 200×50, and beside it, at the same time and in turns, the smallest
Textual app: what Textual itself takes on this machine. What the demo's simulated cluster costs is
part of its CPU.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import click
import psutil

from terminal import Terminal

VMFERRY = Path(sys.executable).with_name("vmferry")
TRIVIAL = Path(__file__).with_name("trivial.py")
SIZES = ("3/20", "8/200", "32/2000")
KEYS = 40
SETTLED_S = 8.0
"""In which a board starts, and the doctor looks at its cluster for the first time."""


@dataclass(frozen=True)
class Cost:
    """Of a program with nobody at the keys."""

    cpu_percent: float
    bytes_per_s: float


@dataclass(frozen=True)
class Drawing:
    nodes: int
    vms: int
    rest: Cost
    rest_beside: Cost
    key_ms: float
    key_p95_ms: float
    key_beside_ms: float
    key_beside_p95_ms: float


@click.command()
@click.option("--size", "sizes", multiple=True, default=SIZES, metavar="NODES/VMS")
@click.option("--rest", "rest_s", type=float, default=20.0, metavar="SECONDS")
@click.option("--json", "to", type=click.Path(dir_okay=False, path_type=Path))
def main(sizes: Sequence[str], rest_s: float, to: Path | None) -> None:
    """Measure the board beside an empty app."""
    measured = []
    print(f"{'nodes/VMs':>10} {'CPU':>7} {'kB/s':>6} {'key':>7} {'p95':>7}   beside it: key, p95")
    for size in sizes:
        nodes, vms = map(int, size.split("/"))
        found = measure(nodes, vms, rest_s)
        measured.append(asdict(found))
        print(
            f"{size:>10} {found.rest.cpu_percent:>5.1f} % {found.rest.bytes_per_s / 1e3:>6.1f} "
            f"{found.key_ms:>4.0f} ms {found.key_p95_ms:>4.0f} ms   "
            f"{found.key_beside_ms:.0f}, {found.key_beside_p95_ms:.0f} ms"
        )
    if to is not None:
        to.write_text(json.dumps(measured, indent=2) + "\n")


def measure(nodes: int, vms: int, rest_s: float) -> Drawing:
    """One size of the demo, and the empty app beside it."""
    demo = [str(VMFERRY), "demo", "--nodes", str(nodes), "--vms", str(vms)]
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        with (
            Terminal(demo, environment, columns=200, lines=50) as board,
            Terminal([sys.executable, str(TRIVIAL)], environment, columns=200, lines=50) as trivial,
        ):
            drained(board, SETTLED_S)
            drained(trivial, 0.5)
            rest, beside = cost(board, rest_s), cost(trivial, rest_s / 4)
            pairs = [(key(trivial, number), key(board, number)) for number in range(KEYS)]
    theirs, ours = (sorted(each) for each in zip(*pairs, strict=True))
    return Drawing(
        nodes,
        vms,
        rest,
        beside,
        statistics.median(ours),
        ours[KEYS * 95 // 100],
        statistics.median(theirs),
        theirs[KEYS * 95 // 100],
    )


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
    used = after.user + after.system - before.user - before.system
    return Cost(100 * used / took, written / took)


def key(terminal: Terminal, number: int) -> float:
    """Milliseconds from a key to what it draws, after the glass was still for a moment."""
    while terminal.take(0.1):
        pass
    started = time.monotonic()
    terminal.type("\x1b[B" if number % 2 == 0 else "\x1b[A")
    terminal.take(5.0)
    return 1000 * (time.monotonic() - started)


if __name__ == "__main__":
    main()
