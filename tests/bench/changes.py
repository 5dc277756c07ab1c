"""What a change of one VM among many costs: on the wire, in CPU, and to whoever types meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from lxml import etree

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from bench import paper
from bench.telling import Row, timed_s
from bench.wire import on_the_wire
from lab import Lab

SIZES = (200, 1000)
TIMES = 3
FOLLOWED_S = 3.0
"""What is read once more, for being of two moments, is counted as well."""
TURN_S = 0.002
LIMIT = "what is beyond both answers, packed by xz, is samples: a reading moves the load"


@dataclass(frozen=True, slots=True)
class Cost:
    wire_bytes: float
    cpu_s: float


def rows(lab: Lab, home: Path) -> Iterator[Row]:
    config = paper.configuration(lab, home)
    for vms in SIZES:
        with paper.on_paper(lab, vms, moving=False) as cluster:
            answers = ("crm_mon", "-1", "--inactive", "--output-as=xml"), ("cibadmin", "--query")
            said = [lab.run(lab.nodes[0], *argv).encode() for argv in answers]
            whole = sum(map(len, said))
            parsing_s = timed_s(partial(list, map(etree.fromstring, said)))
            change, held = asyncio.run(measured(config, cluster))
        of = f"for a change, {len(paper.NODES)} nodes and {vms:,} VMs on paper"
        beside = "crm_mon's XML and the CIB"
        carried, text = change.wire_bytes / 1e3, whole / 1e3
        yield Row(f"on the wire {of}", carried, "kB", beside, text, "a twentieth", LIMIT)
        spent, beside = 1e3 * change.cpu_s, "only to parse both answers"
        yield Row(f"CPU {of}", spent, "ms", beside, 1e3 * parsing_s, "100 ms")
        yield Row(f"the loop held {of}, at most", 1e3 * held, "ms", wanted="20 ms")


async def measured(config: Path, cluster: paper.Paper) -> tuple[Cost, float]:
    """Of the backend alone: the median of what a change costs beyond rest, and how long nothing
    else got its turn, at most."""
    async with LiveBackend([paper.NODES[0]], Login(ssh_config=config)) as backend:
        await backend.settled()
        await asyncio.sleep(FOLLOWED_S)
        costs = []
        for _ in range(TIMES):
            carried, cpu, started = on_the_wire(), time.process_time(), time.monotonic()
            await changed(cluster, backend)
            carried, cpu = on_the_wire() - carried, time.process_time() - cpu
            rest = await at_rest(time.monotonic() - started)
            costs.append(Cost(carried - rest.wire_bytes, cpu - rest.cpu_s))
        turns = asyncio.create_task(longest_turn_s())
        for _ in range(TIMES):
            await changed(cluster, backend)
        turns.cancel()
        held_s = await turns
    wire = statistics.median(cost.wire_bytes for cost in costs)
    return Cost(wire, statistics.median(cost.cpu_s for cost in costs)), held_s


async def changed(cluster: paper.Paper, backend: LiveBackend) -> None:
    """Change it, and have it in the picture."""
    updates = await asyncio.to_thread(cluster.change)
    async for picture in backend.pictures():
        if picture.version is not None and picture.version.num_updates == updates:
            break
    await asyncio.sleep(FOLLOWED_S)


async def at_rest(for_s: float) -> Cost:
    carried, cpu = on_the_wire(), time.process_time()
    await asyncio.sleep(for_s)
    return Cost(on_the_wire() - carried, time.process_time() - cpu)


async def longest_turn_s() -> float:
    """Until it is cancelled; a turn of its own every other millisecond."""
    longest, last = 0.0, time.monotonic()
    with suppress(asyncio.CancelledError):
        while True:
            await asyncio.sleep(TURN_S)
            now = time.monotonic()
            longest, last = max(longest, now - last - TURN_S), now
    return longest
