"""What the tests of acts ask of a cluster in memory and of a journal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from backends.acts.journal import Act, Journal
from backends.acts.transaction import Report
from backends.aio.tasks import cancel
from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.world import TICK_S
from backends.data.errors import VmferryError
from backends.data.picture import VM, VMState


@asynccontextmanager
async def calm(*, read_only: bool = False) -> AsyncIterator[SimulatedBackend]:
    """A cluster in which nobody else is at work; its time flies, but no step of it is left out."""

    async def let_time_pass() -> None:
        while True:
            await cluster.advance(TICK_S)
            await asyncio.sleep(0.002)

    async with SimulatedBackend(speed=0, scenario="calm", read_only=read_only) as cluster:
        time = asyncio.create_task(let_time_pass())
        try:
            yield cluster
        finally:
            await cancel(time)


def found(backend: SimulatedBackend, name: str) -> VM:
    vm = backend.picture.vm(name)
    assert vm is not None
    return vm


def place(backend: SimulatedBackend, name: str) -> str | None:
    return found(backend, name).node


def running_on(backend: SimulatedBackend, node: str) -> set[str]:
    return {vm.id for vm in backend.picture.vms if vm.node == node}


def boots(backend: SimulatedBackend) -> Mapping[str, int]:
    return {guest.id: guest.boots for guest in backend.world.state.guests.values()}


def rebooted(backend: SimulatedBackend, before: Mapping[str, int]) -> set[str]:
    return {name for name, count in boots(backend).items() if count != before[name]}


def written(backend: SimulatedBackend) -> list[str]:
    return [sent.command for sent in backend.commands.sent if sent.writes]


def left_behind(backend: SimulatedBackend) -> list[str]:
    """Constraints, failures, VMs in maintenance or anywhere but at rest."""
    picture = backend.world.picture()
    return [
        *(c.id for vm in picture.vms for c in vm.constraints),
        *(failure.resource for failure in picture.failures),
        *(vm.id for vm in picture.vms if vm.maintenance or vm.state is VMState.MIGRATING),
    ]


def open_acts(journal: Journal) -> list[str]:
    acts: list[Act] = list(journal.abandoned())
    for act in acts:
        act.leave()
    return [act.intent.kind for act in acts]


async def carry_out(reports: AsyncIterator[Report]) -> list[Report]:
    return [report async for report in reports]


async def fails(reports: AsyncIterator[Report]) -> VmferryError:
    try:
        async for _ in reports:
            pass
    except VmferryError as error:
        return error
    raise AssertionError("it came to a good end")
