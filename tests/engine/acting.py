"""Carrying out acts, and waiting for the moments that matter in them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager

from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.acts.rescue import rescue
from backends.acts.resume import left_open, resume
from backends.acts.safe_order import Way
from backends.acts.transaction import Report
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, VmferryError
from backends.data.picture import VM, Migration, VMState
from lab import Lab
from waiting import until


async def all_of(reports: AsyncGenerator[Report]) -> list[Report]:
    """Carry an act out to its end."""
    return [report async for report in reports]


async def move(backend: Backend, vm: str, node: str, journal: Journal) -> list[Report]:
    """As an operator does it: preview, confirm, carry out."""
    return await all_of(migrate(backend, await backend.plan([vm], node), journal))


@asynccontextmanager
async def moving(
    backend: Backend, vm: str, node: str, journal: Journal
) -> AsyncIterator[asyncio.Task[list[Report]]]:
    """A move that is carried out beside; it is awaited in the body, or ended with it."""
    task = asyncio.create_task(move(backend, vm, node, journal))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def is_warned(backend: Backend, vm: str, node: str) -> bool:
    """Whether the plan of this move says that a failure would restart the guest."""
    plan = await backend.plan([vm], node)
    return any("stops the guest and starts it again" in warning for warning in plan.warnings)


async def recover(backend: Backend, vm: str, journal: Journal) -> None:
    """As an operator does it whose VM is blocked after a failed migration; then finish its move."""
    await until(lambda: found(backend, vm).state is VMState.BLOCKED, f"{vm} blocked")
    await all_of(rescue(backend, vm, Way.RECOVER, journal))
    for act in left_open(backend, journal):
        try:
            await all_of(resume(backend, act))
        except ActFailed as error:
            assert "called off" in str(error) or "history was cleaned" in str(error), error


async def failure_of(task: asyncio.Task[list[Report]]) -> VmferryError:
    """The error in which an act ends."""
    try:
        reports = await task
    except VmferryError as error:
        return error
    raise AssertionError(f"it did not fail: {reports[-1].text}")


def foreign_move(lab: Lab, vm: str, node: str) -> None:
    """A colleague moves a VM without vmferry."""
    lab.run("bravo", "crm_resource", "--move", "--resource", vm, "--node", node)


async def copied(backend: Backend, vm: str, percent: float = 0.0) -> Migration:
    """The migration as soon as so much is copied."""

    def reached() -> Migration | None:
        migration = backend.picture.migration(vm)
        if migration is None or migration.percent is None or migration.percent < percent:
            return None
        return migration

    return await until(reached, f"{percent:.0f} % of {vm} copied")


def to_and_fro(lab: Lab, vm: str, *nodes: str) -> None:
    """Move a VM to each of these nodes as fast as it goes, and leave no constraint."""

    def arrived(node: str) -> bool:
        lab.hurry()
        return lab.where(vm) == node and lab.cluster.is_idle()

    for node in nodes:
        foreign_move(lab, vm, node)
        lab.wait(lambda node=node: arrived(node), 60, f"{vm} on {node}")  # type: ignore[misc]
    lab.run("bravo", "crm_resource", "--clear", "--resource", vm)
    lab.wait(lab.cluster.is_idle, 30, "rest")


def modify(lab: Lab, xml: str) -> None:
    """Put an element into the CIB, or change the one of that id."""
    lab.cluster.ask("cibadmin", "--modify", "--allow-create", "--xml-text", xml)
    lab.wait(lab.cluster.is_idle, 60, "rest")


def found(backend: Backend, vm: str) -> VM:
    known = backend.picture.vm(vm)
    assert known is not None
    return known
