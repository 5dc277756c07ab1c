"""The lab over a thin line, and over one that is far as well."""

from __future__ import annotations

import asyncio
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from bench import verdicts
from bench.board import VMFERRY, board, command_s
from bench.changes import many
from bench.drawing import key
from bench.line import thin
from bench.telling import Row
from lab import Lab
from lab.pace import held

KBIT_PER_S = 256
LOSS = 0.02
FAR_S = 0.2
MORE = 200
KEYS = 20
FOLLOWED_S = 20.0


def rows(lab: Lab) -> Iterator[Row]:
    for delay_s, wanted in ((0.0, ("2 s", "2 s", "1 s")), (FAR_S, ("", "6 s", ""))):
        with tempfile.TemporaryDirectory() as directory:
            home = Path(directory)
            with thin(lab, home, kbit_per_s=KBIT_PER_S, delay_s=delay_s, loss=LOSS) as config:
                yield from over(lab, config, home, delay_s, wanted)
                if delay_s:
                    with many(lab, MORE):
                        yield from among_many(lab, config, home)


def among_many(lab: Lab, config: Path, home: Path) -> Iterator[Row]:
    """The far line, where the CIB and the status are large, and a copy is under way."""
    size = f"{MORE} VMs more, 200 ms away"
    started = time.monotonic()
    with board(config, home) as terminal:
        took = time.monotonic() - started
        yield Row(f"start to the board with its numbers, {size}", took, "s", wanted="6 s")
        with held(lab, "web1"):
            lab.run(lab.nodes[0], "crm_resource", "--move", "-r", "web1", "--node", lab.nodes[1])
            pressed = [key(terminal, number) for number in range(KEYS)]
            gap_s = asyncio.run(longest_gap_s(config))
    what, wanted = f"key to paint, median, {size}", "as on a fast line"
    yield Row(what, statistics.median(pressed), "ms", wanted=wanted)
    yield Row(f"a copy's progress, the longest without, {size}", gap_s, "s", wanted="1 s")


async def longest_gap_s(config: Path) -> float:
    """Between two words on how far a copy that is under way has come."""
    longest = 0.0
    async with LiveBackend(["alpha"], Login(ssh_config=config)) as backend:
        known = told_at = None
        with suppress(TimeoutError):
            async with asyncio.timeout(FOLLOWED_S):
                async for picture in backend.pictures():
                    elapsed = [each.elapsed_s for each in picture.migrations]
                    if elapsed == known or not any(elapsed):
                        continue
                    now = time.monotonic()
                    longest = max(longest, now - told_at) if told_at else longest
                    known, told_at = elapsed, now
    if known is None:
        raise RuntimeError("nothing was told of the copy")
    return longest


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
