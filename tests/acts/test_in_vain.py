"""The cluster changes during a copy, so that the guest would not be let arrive."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from acts.scene import found, open_acts, written
from backends.acts.arrivals import Arrivals
from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.judgement.leaving import EvacuationWay
from waiting import until

VM = "web1"


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Slow enough to see a migration from its beginning to its end."""
    async with SimulatedBackend(5, 16, 1, speed=6, scenario="calm") as backend:
        yield backend


async def test_a_standby_of_the_target_during_a_standby_is_guarded(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Two colleagues empty two nodes at once."""
    plan = await plan_evacuation(backend, "bravo")
    act = evacuate(backend, plan, EvacuationWay.STANDBY, journal, allow_reboot=True)
    vm, target = "", ""
    async with aclosing(act) as reports:
        async for report in reports:
            migration = report.migration
            if not target and migration is not None and (migration.percent or 0) > 10:
                vm, target = migration.vm, migration.target or ""
                backend.world.execute(commands.standby(target, on=True).argv)
            if found(backend, vm or VM).maintenance:
                break
    assert str(commands.hands_off(vm)) in written(backend)
    assert "guard" in open_acts(journal)


async def test_what_changes_by_no_configuration_is_asked_of_the_scheduler(
    backend: SimulatedBackend,
) -> None:
    """An attribute of the target's health, or of its shutdown, is part of the status alone."""
    home = found(backend, VM).node
    target = next(node.name for node in backend.picture.nodes if node.name != home)
    backend.world.execute(commands.move(VM, target).argv)
    await until(lambda: (m := backend.picture.migration(VM)) and m.percent, "being copied")
    arrivals = Arrivals(backend)
    assert await arrivals.in_vain([VM]) == frozenset()
    backend.world.state.hosts[target].standby = True
    backend.world.state.happened()
    await backend.refresh()
    assert await arrivals.in_vain([VM]) == {VM}
    backend.world.execute(commands.hands_off(VM).argv)
    await backend.refresh()
    assert await arrivals.in_vain([VM]) == frozenset()
