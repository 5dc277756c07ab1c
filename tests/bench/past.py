"""What a look into a long past costs on the lab: to list what is recorded, and to jump in it."""

from __future__ import annotations

import asyncio
import bz2
import functools
import itertools
import os
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from backends.clusters.command_log import CommandLog
from backends.clusters.live.site import LiveSite
from backends.clusters.ssh import Fleet, Login
from backends.past.archive import Archive
from backends.past.backend import PastBackend
from backends.past.recorded import DIRECTORY
from bench.telling import Row, timed_s
from bench.wire import node_ticks, on_the_wire
from lab import Lab

FILES = 4000
"""What Pacemaker keeps by itself of the most frequent kind (`pe-input-series-max`)."""
EVERY_S = 20.0
JUMPS = 21
SECONDS = 20


@dataclass(frozen=True, slots=True)
class Jump:
    took_s: float
    wire_bytes: int


def rows(lab: Lab) -> Iterator[Row]:
    """Two nodes have been DC by turns."""
    made = list(fill(lab))
    names = {file.name for file in made}
    try:
        listed_s, indexed_s, jumps, spent = asyncio.run(measured(lab, names))
    finally:
        for file in made:
            file.unlink(missing_ok=True)
    files = f"{FILES} recorded inputs"
    yield Row(f"listing {files}", indexed_s, "s", "find on one node", listed_s, "2 s")
    took = statistics.median(jump.took_s for jump in jumps)
    beside = timed_s(lambda: lab.run("alpha", "crm_mon", "-1", "--output-as=xml"))
    yield Row("a jump in the past", took, "s", "one crm_mon", beside, "0.3 s")
    most = max(jump.wire_bytes for jump in jumps)
    yield Row("the most that a jump brings over the wire", most / 1000, "kB", wanted="50 kB")
    for how, by_node in spent.items():
        yield Row(f"all nodes together while {how}", sum(by_node), "% of a core")
        yield Row(f"the busiest node while {how}", max(by_node), "% of a core", wanted="2 %")


def fill(lab: Lab) -> Iterator[Path]:
    """Files of long ago, each as it was written at the moment of a decision, none like another."""
    every = [lab.members[node].root / DIRECTORY.lstrip("/") for node in lab.nodes]
    kept = next(file for place in every for file in place.glob("pe-*.bz2"))
    places = every[:2]
    content, newest = bz2.decompress(kept.read_bytes()), time.time() - 86_400
    for number in range(FILES):
        file = places[number * len(places) // FILES] / f"pe-input-{90_000 + number}.bz2"
        own = re.sub(rb'num_updates="\d+"', b'num_updates="%d"' % number, content, count=1)
        file.write_bytes(bz2.compress(own, 1))
        at = newest - EVERY_S * (FILES - number)
        os.utime(file, (at, at))
        yield file


async def measured(
    lab: Lab, made: Collection[str]
) -> tuple[float, float, list[Jump], dict[str, list[float]]]:
    """One node's own `find`, the index of all, jumps all over the span, and what percent of a core
    each node spends on one a second, beyond what it does anyway."""
    archive = Archive(site(lab))
    await archive.open()
    await archive.listed(lab.nodes[0])
    started = time.monotonic()
    await archive.listed(lab.nodes[0])
    listed_s = time.monotonic() - started
    started = time.monotonic()
    await archive.index()
    indexed_s = time.monotonic() - started
    old = [file for file in archive.files if file.name in made]
    assert len(old) == FILES
    jumps = []
    async with PastBackend(archive, old[-1].at) as past:
        for number in range(JUMPS):
            before, started = on_the_wire(), time.monotonic()
            await past.go(old[(number * 1237) % FILES].at + 1)
            jumps.append(Jump(time.monotonic() - started, on_the_wire() - before))
        idle = await spent_percent(lab, itertools.repeat(_nothing))
        strides = [old[number * 911 % FILES].at + 1 for number in range(SECONDS)]
        await past.go(old[FILES // 2].at)
        spent = {
            "a step is made each second": await spent_percent(
                lab, itertools.repeat(lambda: past.step(1))
            ),
            "every second is jumped far": await spent_percent(
                lab, [functools.partial(past.go, at) for at in strides]
            ),
        }
    beyond = {how: [n - i for n, i in zip(by, idle, strict=True)] for how, by in spent.items()}
    return listed_s, indexed_s, jumps, beyond


async def spent_percent(
    lab: Lab, each_second: Iterable[Callable[[], Awaitable[object]]]
) -> list[float]:
    """Of a core, of each node, while something is done each second."""
    began, started = [node_ticks(lab, node) for node in lab.nodes], time.monotonic()
    for do in itertools.islice(each_second, SECONDS):
        second = asyncio.create_task(asyncio.sleep(1))
        await do()
        await second
    took = time.monotonic() - started
    ended = [node_ticks(lab, node) for node in lab.nodes]
    ticks = os.sysconf("SC_CLK_TCK")
    return [100 * (e - b) / ticks / took for b, e in zip(began, ended, strict=True)]


async def _nothing() -> None:
    pass


def site(lab: Lab) -> LiveSite:
    fleet = Fleet([lab.nodes[0]], Login(ssh_config=lab.ssh_config), CommandLog())
    return LiveSite(lambda: fleet)
