"""What the doctor costs here, and what it costs to think of a whole node: on simulated clusters.

Each size stands beside the one before it: the cost against the product of nodes and VMs. A ratio of
growth above 1 says that it grows faster than that.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from backends.acts.evacuation_plan import plan_evacuation
from backends.clusters.simulated import SimulatedBackend
from backends.data.examination import Report
from backends.data.plan import Verdict
from backends.doctor.advice import advise
from backends.doctor.examine import examine
from bench.telling import Row

SIZES = ((8, 100), (16, 300), (32, 1000), (32, 2000))
LARGE = (32, 3200)
"""100 VMs a node."""
IN_HAND = 60


@dataclass(frozen=True, slots=True)
class Examined:
    nodes: int
    vms: int
    worked_s: float
    """Questions and judgement, CPU."""
    findings: int
    growth: float | None
    """Against the size before: cost by cost, over nodes × VMs by nodes × VMs."""


async def doctors(sizes: Sequence[tuple[int, int]] = SIZES) -> list[Examined]:
    """The smallest twice, for the first time an interpreter pays for what it loads."""
    rows: list[Examined] = []
    await _examined(*sizes[0])
    for nodes, vms in sizes:
        report = await _examined(nodes, vms)
        before = rows[-1] if rows else None
        growth = None
        if before is not None:
            larger = nodes * vms / (before.nodes * before.vms)
            growth = report.worked_s / before.worked_s / larger
        rows.append(Examined(nodes, vms, report.worked_s, len(report.findings), growth))
    return rows


async def _examined(nodes: int, vms: int) -> Report:
    async with SimulatedBackend(nodes, vms, speed=0) as backend:
        return await examine(backend)


async def evacuation(nodes: int, vms: int) -> tuple[int, float, float]:
    """How many VMs the fullest node has, and the seconds until it is planned to be empty: on the
    clock, and of CPU."""
    async with SimulatedBackend(nodes, vms, speed=0, scenario="calm") as backend:
        report, picture = await examine(backend), backend.picture
        counts = {node.name: 0 for node in picture.nodes}
        for vm in picture.vms:
            if vm.node is not None:
                counts[vm.node] += 1
        node = max(counts, key=counts.__getitem__)
        started, worked = time.monotonic(), time.process_time()
        await plan_evacuation(backend, node, report)
        return counts[node], time.monotonic() - started, time.process_time() - worked


async def picked_up(nodes: int, vms: int) -> tuple[float, float]:
    """The seconds until the first node has its verdict on all the VMs in hand, and until all have,
    with the doctor's word on them. The hand is of as few nodes as can be."""
    async with SimulatedBackend(nodes, vms, speed=0, scenario="calm") as backend:
        report, picture = await examine(backend), backend.picture
        able = [vm for vm in picture.vms if vm.node is not None and vm.live_migration.possible]
        in_hand = sorted(able, key=lambda vm: vm.node or "")[:IN_HAND]
        names = [vm.id for vm in in_hand]
        started, first = time.monotonic(), 0.0
        verdicts: Mapping[str, Verdict]
        for node in picture.nodes:
            verdicts = await backend.preview(names, [node.name])
            for verdict in verdicts.values():
                advise(picture, verdict, report)
            first = first or time.monotonic() - started
        return first, time.monotonic() - started


def rows(sizes: Sequence[tuple[int, int]] = SIZES) -> Iterator[Row]:
    """The doctor at each size; a whole node in mind, and many VMs in the hand, at the largest."""
    for row in asyncio.run(doctors(sizes)):
        name = f"{row.nodes} nodes, {row.vms} VMs"
        wanted = "0.1 s at 8/100, 0.5 at 16/300, 3 at 32/1,000, 6 at 32/2,000"
        yield Row(f"doctor, {name}", row.worked_s, "s of CPU", wanted=wanted)
        if row.growth is not None:
            yield Row(f"doctor, growth over nodes × VMs, {name}", row.growth, "×", wanted="1")
    count, took_s, _ = asyncio.run(evacuation(*LARGE))
    yield Row(f"evacuation plan, {count} VMs, {LARGE[0]} nodes", took_s, "s", wanted="5 s")
    nodes, vms = sizes[-1]
    first_s, all_s = asyncio.run(picked_up(nodes, vms))
    name = f"{IN_HAND} VMs in hand, {nodes} nodes"
    yield Row(f"first verdict, {name}", first_s, "s", wanted="1 s")
    yield Row(f"all verdicts, {name}", all_s, "s", wanted="15 s")
