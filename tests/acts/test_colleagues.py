"""A colleague begins a migration while vmferry prepares: nothing is told until that has ended."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing

import pytest

from acts.scene import boots, carry_out, place, rebooted, running_on
from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.acts.transaction import Report, Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.judgement.leaving import EvacuationWay
from waiting import until


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Slow enough to see somebody else's migration."""
    async with SimulatedBackend(3, 16, 1, speed=20, scenario="calm") as backend:
        yield backend


async def everywhere(backend: SimulatedBackend, journal: Journal, vm: str) -> str:
    """Been on all nodes, and home again: Pacemaker remembers. Where it was first."""
    home = place(backend, vm) or ""
    away = [node.name for node in backend.picture.nodes if node.name != home]
    for node in (*away, home):
        await carry_out(migrate(backend, await backend.plan([vm], node), journal))
    return away[0]


async def stopped(backend: SimulatedBackend, vm: str) -> None:
    argv = commands.set_meta(vm, "target-role", "Stopped").argv
    assert backend.world.execute(argv).exit_status == 0
    await until(lambda: place(backend, vm) is None, f"{vm} stopped")


async def disturbed(backend: SimulatedBackend, reports: AsyncGenerator[Report]) -> None:
    """Carried out while a colleague moves db-primary as soon as an earlier stay is forgotten.

    What is told after that is told when nothing is in flight.
    """
    where = place(backend, "db-primary")
    others = [node.name for node in backend.picture.nodes if node.name != where]
    target = next(node for node in others if node != place(backend, "web1"))
    async with aclosing(reports):
        async for report in reports:
            if "forget" in report.text and place(backend, "db-primary") == where:
                argv = commands.move("db-primary", target).argv
                assert backend.world.execute(argv).exit_status == 0
                await backend.refresh()
                await until(lambda: backend.picture.migration("db-primary"), "the colleague's")
            elif report.stage is Stage.MOVING:
                assert backend.picture.migrations == ()
    assert place(backend, "db-primary") == target, "nothing was forgotten"


async def test_a_move_waits_for_it(backend: SimulatedBackend, journal: Journal) -> None:
    away = await everywhere(backend, journal, "web1")
    before = boots(backend)
    await disturbed(backend, migrate(backend, await backend.plan(["web1"], away), journal))
    assert place(backend, "web1") == away
    assert rebooted(backend, before) == set()


async def test_a_standby_waits_for_it(backend: SimulatedBackend, journal: Journal) -> None:
    await everywhere(backend, journal, "web1")
    node = place(backend, "web1") or ""
    for name in running_on(backend, node) - {"web1"}:
        await stopped(backend, name)
    plan = await plan_evacuation(backend, node)
    before = boots(backend)
    await disturbed(backend, evacuate(backend, plan, EvacuationWay.STANDBY, journal))
    assert place(backend, "web1") not in (None, node)
    assert rebooted(backend, before) == set()
