"""A node that fell silent is replaced within seconds: what begins meanwhile waits for that."""

from __future__ import annotations

import asyncio

from acts.scene import calm, carry_out, fails, place, written
from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import Refused
from backends.data.plan import VerdictKind
from backends.judgement.leaving import EvacuationWay


def silence(backend: SimulatedBackend, for_s: float) -> None:
    backend.world.stop_pacemaker_answers("no route to host")
    asyncio.get_running_loop().call_later(for_s, backend.world.resume_pacemaker_answers)


async def test_an_evacuation_that_begins_in_that_moment_waits(journal: Journal) -> None:
    async with calm() as backend:
        plan = await plan_evacuation(backend, "alpha")
        silence(backend, 0.5)
        await backend.refresh()
        assert backend.picture.stale_pacemaker()
        run = evacuate(backend, plan, EvacuationWay.VM_BY_VM, journal, allow_reboot=True)
        await carry_out(run)
        assert str(commands.standby("alpha", on=True)) in written(backend)


async def test_where_nobody_speaks_for_long_it_is_refused(journal: Journal) -> None:
    async with calm() as backend:
        plan = await plan_evacuation(backend, "alpha")
        silence(backend, 3600.0)
        await backend.refresh()
        run = evacuate(backend, plan, EvacuationWay.VM_BY_VM, journal, allow_reboot=True)
        error = await fails(run)
        assert isinstance(error, Refused) and "no node of the cluster answers" in str(error)
        assert written(backend) == []


async def test_what_a_move_would_do_is_asked_of_the_successor() -> None:
    async with calm() as backend:
        silence(backend, 0.5)
        await backend.refresh()
        assert backend.picture.stale_pacemaker()
        assert (await backend.plan(["gitlab"], "bravo")).verdict.kind is VerdictKind.LIVE


async def test_who_has_been_silent_for_long_is_not_waited_for_again() -> None:
    async with calm() as backend:
        silence(backend, 1.0)  # whoever waits would hear it again
        await backend.advance(60.0)
        assert (await backend.plan(["gitlab"], "bravo")).verdict.kind is VerdictKind.REFUSED


async def test_a_migration_that_began_while_a_move_was_judged_is_waited_for(
    journal: Journal,
) -> None:
    """No constraint is touched while anything is in flight, also by whoever takes over."""
    async with calm() as backend:
        plan = await backend.plan(["gitlab"], "bravo")
        for command in (commands.hands_off("legacy-erp"), commands.hands_on("legacy-erp", None)):
            assert backend.world.execute(command.argv).exit_status == 0
        await backend.refresh()
        assert plan.verdict.version != backend.picture.version
        silence(backend, 0.5)
        await backend.refresh()

        def somebody_moves() -> None:
            assert backend.world.execute(commands.moves({"web1": "charlie"}).argv).exit_status == 0

        asyncio.get_running_loop().call_later(0.45, somebody_moves)
        first = asyncio.create_task(in_flight_at_the_first_write(backend))
        await carry_out(migrate(backend, plan, journal))
        assert place(backend, "gitlab") == "bravo" and place(backend, "web1") == "charlie"
        assert "web1" not in await first


async def in_flight_at_the_first_write(backend: SimulatedBackend) -> list[str]:
    async for sent in backend.commands.changes():
        if any(each.writes for each in sent):
            break
    return [migration.vm for migration in backend.world.picture().migrations]
