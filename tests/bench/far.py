"""The lab over a thin line, and over one that is far as well."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import verdicts
from bench.board import VMFERRY, board, command_s
from bench.line import thin
from bench.telling import Row
from lab import Lab

KBIT_PER_S = 256
LOSS = 0.02
FAR_S = 0.2


def rows(lab: Lab) -> Iterator[Row]:
    for delay_s, wanted in ((0.0, ("2 s", "2 s", "1 s")), (FAR_S, ("", "6 s", ""))):
        with tempfile.TemporaryDirectory() as directory:
            home = Path(directory)
            with thin(lab, home, kbit_per_s=KBIT_PER_S, delay_s=delay_s, loss=LOSS) as config:
                yield from over(lab, config, home, delay_s, wanted)


def over(
    lab: Lab, config: Path, home: Path, delay_s: float, wanted: tuple[str, str, str]
) -> Iterator[Row]:
    line = f"{KBIT_PER_S} kbit/s, {LOSS:.0%} lost, {1000 * delay_s:.0f} ms"
    ssh = ["ssh", "-F", str(config), lab.nodes[0], "crm_mon", "-1", "--output-as=xml"]
    status = [str(VMFERRY), "status", "--json", "--ssh-config", str(config), lab.nodes[0]]
    theirs, ours = command_s(ssh, home), command_s(status, home)
    yield Row(f"status --json, cold, {line}", ours, "s", "ssh alpha crm_mon", theirs, wanted[0])
    started = time.monotonic()
    with board(config, home):
        took = time.monotonic() - started
    yield Row(f"start to the board with its numbers, {line}", took, "s", wanted=wanted[1])
    took = verdicts.preview_s(config)
    yield Row(f"verdicts after picking up, {line}", took, "s", wanted=wanted[2])
