"""Whether the board takes more memory the more has happened: an hour of changes in a minute."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator

import psutil

from bench.drawing import VMFERRY, drained
from bench.telling import Row
from terminal import Terminal

NODES, VMS = 8, 200
SPEED = 60
WARM_S = 15.0
HOUR_S = 60.0


def rows() -> Iterator[Row]:
    size = f"{NODES} nodes, {VMS} VMs"
    argv = ["demo", "--nodes", str(NODES), "--vms", str(VMS), "--speed", str(SPEED)]
    with tempfile.TemporaryDirectory() as home:
        environment = {"PATH": os.environ["PATH"], "HOME": home}
        with Terminal([str(VMFERRY), *argv], environment, columns=200, lines=50) as board:
            board.until_sees("quorum")
            drained(board, WARM_S)
            process = psutil.Process(board.process.pid)
            first = process.memory_info().rss
            drained(board, HOUR_S / 2)
            half = process.memory_info().rss
            drained(board, HOUR_S / 2)
            last = process.memory_info().rss
    what = f"memory gained in the first and second half of an hour, {size}"
    yield Row(f"{what}: first", (half - first) / 2**20, "MiB")
    limit = "half of it are operations of the simulated cluster, and the event log"
    yield Row(f"{what}: second", (last - half) / 2**20, "MiB", wanted="none", limit=limit)
