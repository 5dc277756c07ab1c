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
from bench import paper, verdicts
from bench.board import VMFERRY, board, command_s
from bench.drawing import key
from bench.line import thin
from bench.telling import Row
from lab import Lab
from lab.pace import held

KBIT_PER_S = 256
LOSS = 0.02
FAR_S = 0.2
VMS = 200
KEYS = 20
CHANGES = 15
FOLLOWED_S = 20.0


def rows(lab: Lab) -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as home:
        yield from over(lab, Path(home), 0.0, 5, ("2 s", "2 s", "1 s"))
    with tempfile.TemporaryDirectory() as home:
        yield from over(lab, Path(home), FAR_S, 2, ("", "6 s", ""))
    with tempfile.TemporaryDirectory() as home:
        yield from of_a_large_cluster(lab, Path(home))


def of_a_large_cluster(lab: Lab, home: Path) -> Iterator[Row]:
    """The far line, where the CIB and the status are large, and a copy is under way."""
    size = f"{len(paper.NODES)} nodes and {VMS} VMs on paper, 200 ms away"
    aliases = dict.fromkeys(paper.ON_PAPER, paper.STANDS_IN)
    line = thin(lab, home, kbit_per_s=KBIT_PER_S, delay_s=FAR_S, loss=LOSS, aliases=aliases)
    with line as config, paper.on_paper(lab, VMS, moving=True) as cluster, held(lab, paper.MOVED):
        move = ("crm_resource", "--move", "-r", paper.MOVED, "--node", paper.NODES[1])
        lab.run(lab.nodes[0], *move)
        started = time.monotonic()
        with board(config, home) as terminal:
            took = time.monotonic() - started
            yield Row(f"start to the board with its numbers, {size}", took, "s", wanted="6 s")
            pressed = [key(terminal, number) for number in range(KEYS)]
        what = f"key to paint, median, {size}"
        yield Row(what, statistics.median(pressed), "ms", wanted="as on a fast line")
        gap_s = asyncio.run(longest_gap_s(config))
        limit = "the first word, for which it connects once more; then three a second"
        what = f"a copy's progress, the longest without, {size}"
        yield Row(what, gap_s, "s", wanted="1 s", limit=limit)
        at_once, late_s = asyncio.run(hurried(config, cluster))
        what = f"changes three times a second, {size}"
        yield Row(f"readings at once, {what}", at_once, "", wanted="1")
        yield Row(f"until the last is in the picture, {what}", late_s, "s")


async def hurried(config: Path, cluster: paper.Paper) -> tuple[int, float]:
    """How many readings were under way at once, at most, and how long after the last change the
    picture had it."""
    async with LiveBackend([paper.NODES[0]], Login(ssh_config=config)) as backend:
        await backend.settled()
        for _ in range(CHANGES):
            last = await asyncio.to_thread(cluster.change)
            await asyncio.sleep(1 / 3)
        changed_at = time.monotonic()
        async for picture in backend.pictures():
            if picture.version is not None and picture.version.num_updates == last:
                break
        late_s = time.monotonic() - changed_at
        readings = [
            (each.at, each.at + (each.duration_s or 0.0))
            for each in backend.commands.sent
            if "vmferry-read" in each.command
        ]
    return max(sum(a <= began < b for a, b in readings) for began, _ in readings), late_s


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
    lab: Lab, home: Path, delay_s: float, times: int, wanted: tuple[str, str, str]
) -> Iterator[Row]:
    """Medians: which packets are lost is another one each time."""
    line = f"{KBIT_PER_S} kbit/s, {LOSS:.0%} lost, {1000 * delay_s:.0f} ms"

    def status(config: Path) -> list[str]:
        return [str(VMFERRY), "status", "--json", "--ssh-config", str(config), lab.nodes[0]]

    def until_the_board_s(config: Path) -> float:
        started = time.monotonic()
        with board(config, home):
            return time.monotonic() - started

    with thin(lab, home, kbit_per_s=KBIT_PER_S, delay_s=delay_s) as config:
        lossless_s = command_s(status(config), home)
    with thin(lab, home, kbit_per_s=KBIT_PER_S, delay_s=delay_s, loss=LOSS) as config:
        ssh = ["ssh", "-F", str(config), lab.nodes[0], "crm_mon", "-1", "--output-as=xml"]
        took = [(command_s(status(config), home), command_s(ssh, home)) for _ in range(times)]
        ours, theirs = map(statistics.median, zip(*took, strict=True))
        limit = f"{lossless_s:.2g} s where nothing is lost; each packet that is costs 0.2 s or more"
        what, beside = f"status --json, cold, {line}", "ssh alpha crm_mon"
        yield Row(what, ours, "s", beside, theirs, wanted[0], limit)
        opened = statistics.median(until_the_board_s(config) for _ in range(times))
        yield Row(f"start to the board with its numbers, {line}", opened, "s", wanted=wanted[1])
        previewed = verdicts.preview_s(config)
        yield Row(f"verdicts after picking up, {line}", previewed, "s", wanted=wanted[2])
