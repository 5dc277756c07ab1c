"""Constraints that moves have left are removed, and nobody is stopped by that who was not shown."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing

import pytest

from acts.scene import boots, calm, carry_out, fails, found, open_acts, place, rebooted, written
from backends.acts.journal import Journal
from backends.acts.migration import clear, migrate
from backends.acts.planning import foresee_beside
from backends.acts.resume import left_open, resume
from backends.acts.transaction import Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed, Refused, Unknown
from backends.data.picture import Phase
from backends.data.plan import Action
from tui.proposals.clear import of_clear
from waiting import until

VM = "web1"


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    async with calm() as backend:
        yield backend


def typed(backend: SimulatedBackend, *words: str) -> None:
    """Somebody else's command."""
    assert backend.world.execute(words).exit_status == 0


async def held_away(backend: SimulatedBackend) -> tuple[str, str]:
    """The VM wants to be where it was, and a colleague's constraint holds it elsewhere."""
    home = place(backend, VM)
    away = next(n.name for n in backend.picture.nodes if n.can_host and n.name != home)
    assert home is not None
    typed(backend, *commands.move(VM, away).argv)
    backend.world.guest(VM).preferences[home] = 500
    await until(lambda: place(backend, VM) == away and not backend.picture.migrations, "it away")
    return home, away


async def shown(backend: SimulatedBackend) -> Sequence[Action]:
    return await foresee_beside(backend, [commands.clear(VM)])


async def test_leftovers_of_somebody_else_are_removed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    typed(backend, "crm_resource", "--ban", "-r", VM, "-N", "delta")
    await backend.refresh()
    assert found(backend, VM).constraints
    reports = await carry_out(clear(backend, VM, journal))
    assert [report.stage for report in reports] == [Stage.CLEARING, Stage.DONE]
    assert (found(backend, VM).constraints, open_acts(journal)) == ((), [])


async def test_there_is_nothing_to_remove(backend: SimulatedBackend, journal: Journal) -> None:
    error = await fails(clear(backend, VM, journal))
    assert isinstance(error, Refused) and "no leftover constraints" in str(error)
    assert isinstance(await fails(clear(backend, "no-such-vm", journal)), Unknown)
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_nothing_is_removed_under_a_migration(
    backend: SimulatedBackend, journal: Journal
) -> None:
    away = next(n.name for n in backend.picture.nodes if n.name != place(backend, VM))
    plan = await backend.plan([VM], away)
    async with aclosing(migrate(backend, plan, journal)) as reports:
        async for report in reports:
            if report.migration is not None and report.migration.phase is Phase.COPYING:
                break
        error = await fails(clear(backend, VM, journal))
    assert isinstance(error, Refused) and "is being migrated" in str(error)
    assert str(commands.clear(VM)) not in written(backend)


async def test_who_goes_back_live_goes_to_a_node_that_has_forgotten_it(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """As with a move: an earlier stay there could have the guest restarted during its copy."""
    home, _ = await held_away(backend)
    before, foreseen = boots(backend), await shown(backend)
    proposal = of_clear(backend.picture, found(backend, VM), foreseen, lambda: None)
    await carry_out(clear(backend, VM, journal, shown=foreseen))
    assert written(backend) == [str(commands.forget_stay(VM, home)), str(commands.clear(VM))]
    told = [line.text.plain for line in proposal.lines]
    assert all(command in told for command in written(backend))
    await until(lambda: place(backend, VM) == home and not backend.picture.migrations, "it home")
    assert (rebooted(backend, before), open_acts(journal)) == (set(), [])


async def test_a_restart_that_was_not_shown_is_not_begun(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await held_away(backend)
    foreseen = await shown(backend)
    backend.world.guest(VM).allow_migrate = False
    await backend.refresh()
    error = await fails(clear(backend, VM, journal, shown=foreseen))
    assert isinstance(error, Refused) and "the cluster has changed since" in str(error)
    assert isinstance(await fails(clear(backend, VM, journal)), ActFailed)
    assert (written(backend), open_acts(journal)) == ([], [])
    await carry_out(clear(backend, VM, journal, shown=await shown(backend)))
    assert written(backend) == [str(commands.clear(VM))]


async def test_a_later_run_begins_no_restart_that_was_confirmed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await held_away(backend)
    backend.world.guest(VM).allow_migrate = False
    await backend.refresh()
    before, foreseen = boots(backend), await shown(backend)
    async with aclosing(clear(backend, VM, journal, shown=foreseen)) as reports:
        async for _ in reports:
            break
    assert written(backend) == []
    (act,) = left_open(backend, journal)
    await carry_out(resume(backend, act))
    assert (written(backend), rebooted(backend, before), open_acts(journal)) == ([], set(), [])
    assert found(backend, VM).constraints


async def test_a_move_leaves_its_constraint_where_its_removal_would_restart_the_guest_now(
    backend: SimulatedBackend, journal: Journal
) -> None:
    home = place(backend, VM)
    away = next(n.name for n in backend.picture.nodes if n.can_host and n.name != home)
    assert home is not None
    plan, before = await backend.plan([VM], away), boots(backend)
    error: ActFailed | None = None
    try:
        async with aclosing(migrate(backend, plan, journal)) as reports:
            async for report in reports:
                if report.migration is not None:
                    guest = backend.world.guest(VM)
                    guest.allow_migrate, guest.preferences = False, {home: 500}
    except ActFailed as failed:
        error = failed
    assert error is not None and f"{VM} on {away}, and its constraint stays" in str(error)
    assert f"vmferry clear {VM}" in str(error)
    assert place(backend, VM) == away
    assert (rebooted(backend, before), open_acts(journal)) == (set(), [])
