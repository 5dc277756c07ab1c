"""What a change of one VM among many costs: on the wire, in CPU, and to whoever types meanwhile."""

from __future__ import annotations

import asyncio
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

from lxml import etree

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from bench.telling import Row, timed_s
from bench.wire import on_the_wire
from lab import Lab
from pacemaker.cibs import vm

SIZES = (200, 1000)
OPERATIONS = "".join(
    f'<op id="{{0}}-{name}" name="{name}" interval="{interval_s}s" timeout="{timeout_s}s"/>'
    for name, interval_s, timeout_s in (
        ("monitor", 10, 30), ("start", 0, 90), ("stop", 0, 90), ("migrate_to", 0, 180),
    )
)  # fmt: skip
TIMES = 3
FOLLOWED_S = 3.0
"""What is read once more, for being of two moments, is counted as well."""
TURN_S = 0.002
LIMIT = "what is beyond both answers, packed by xz, is samples: a reading moves the load"


@dataclass(frozen=True, slots=True)
class Cost:
    wire_bytes: float
    cpu_s: float


def rows(lab: Lab) -> Iterator[Row]:
    """The lab's VMs, and so many more that no node is asked about, so that they take no time."""
    for vms in SIZES:
        with many(lab, vms):
            answers = ("crm_mon", "-1", "--inactive", "--output-as=xml"), ("cibadmin", "--query")
            said = [lab.run(lab.nodes[0], *argv).encode() for argv in answers]
            whole = sum(map(len, said))
            parsing_s = timed_s(partial(list, map(etree.fromstring, said)))
            change, held = asyncio.run(measured(lab))
        of = f"for a change, {vms:,} VMs more"
        beside = "crm_mon's XML and the CIB"
        carried, text = change.wire_bytes / 1e3, whole / 1e3
        yield Row(f"on the wire {of}", carried, "kB", beside, text, "a twentieth", LIMIT)
        limit = f"only to parse both answers takes {1e3 * parsing_s:.0f} ms"
        yield Row(f"CPU {of}", 1e3 * change.cpu_s, "ms", wanted="100 ms", limit=limit)
        yield Row(f"the loop held {of}, at most", 1e3 * held, "ms", wanted="20 ms")


@contextmanager
def many(lab: Lab, vms: int) -> Iterator[None]:
    """Stopped, never probed, and gone at the end."""
    names = [f"more{number}" for number in range(vms)]
    rule = "".join(
        f'<rsc_location id="never-{node}" rsc-pattern="^more" node="{node}" score="-INFINITY" '
        'resource-discovery="never"/>'
        for node in lab.nodes
    )
    resources = "".join(
        vm(
            name,
            {"target-role": "Stopped"},
            OPERATIONS.format(name),
            {"config": f"/etc/libvirt/{name}.xml"},
        )
        for name in names
    )
    for scope, text in (
        ("constraints", f"<constraints>{rule}</constraints>"),
        ("resources", f"<resources>{resources}</resources>"),
    ):
        create = ("cibadmin", "--modify", "--allow-create", "--scope", scope, "--xml-pipe")
        lab.run(lab.nodes[0], *create, stdin=text)
    try:
        yield
    finally:
        lab.reset()


async def measured(lab: Lab) -> tuple[Cost, float]:
    """Of the backend alone: the median of what a change costs beyond rest, and how long nothing
    else got its turn, at most."""
    async with LiveBackend([lab.nodes[0]], Login(ssh_config=lab.ssh_config)) as backend:
        await backend.settled()
        await asyncio.sleep(FOLLOWED_S)
        costs = []
        for number in range(TIMES):
            carried, cpu, started = on_the_wire(), time.process_time(), time.monotonic()
            await changed(lab, backend, number)
            carried, cpu = on_the_wire() - carried, time.process_time() - cpu
            rest = await at_rest(time.monotonic() - started)
            costs.append(Cost(carried - rest.wire_bytes, cpu - rest.cpu_s))
        turns = asyncio.create_task(longest_turn_s())
        for number in range(TIMES):
            await changed(lab, backend, TIMES + number)
        turns.cancel()
        held_s = await turns
    wire = statistics.median(cost.wire_bytes for cost in costs)
    return Cost(wire, statistics.median(cost.cpu_s for cost in costs)), held_s


async def changed(lab: Lab, backend: LiveBackend, number: int) -> None:
    """Change it, and have it in the picture."""
    known = backend.picture.version
    to = ("--set-parameter", "priority", "--parameter-value", number + 1)
    await asyncio.to_thread(
        lab.run, lab.nodes[0], "crm_resource", "--resource", "more0", "--meta", *to
    )
    async for picture in backend.pictures():
        if picture.version != known:
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
