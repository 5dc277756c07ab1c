"""Several guests in flight at once, and a cluster that changes meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

import pytest

from backends.acts.journal import Journal
from backends.acts.migration import clear
from backends.acts.queue import MoveQueue
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.acts.transaction import Report
from backends.acts.tuning import protect
from backends.clusters.base import Backend
from backends.data.errors import Refused, VmferryError
from backends.data.picture import Phase
from backends.judgement.moves import ItemState, Move
from engine.acting import all_of, copied, foreign_move, found, moving, to_and_fro
from engine.aftermath import Aftermath
from engine.conftest import Connect
from lab import Lab
from lab.pace import held
from waiting import until

BOTH = ("web1", "web2")


def note(lab: Lab) -> None:
    """Change the configuration as little as can be, and take that back."""
    attribute = ("crm_attribute", "--node", "charlie", "--name", "noted")
    lab.run("bravo", *attribute, "--update", "1")
    lab.run("bravo", *attribute, "--delete")


@asynccontextmanager
async def queued(
    backend: Backend, journal: Journal, vms: Sequence[str], node: str
) -> AsyncIterator[tuple[MoveQueue, asyncio.Task[list[Report]]]]:
    queue = MoveQueue(backend, journal, [Move(vm, node) for vm in vms])
    task = asyncio.create_task(all_of(queue.run()))
    try:
        yield queue, task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def in_flight(backend: Backend, *vms: str) -> None:
    """All of them are being copied at the same moment."""

    def copying() -> bool:
        now = {m.vm for m in backend.picture.migrations if m.phase is Phase.COPYING and m.percent}
        return now >= set(vms)

    await until(copying, f"{' and '.join(vms)} in flight")


async def test_the_configuration_changes_during_a_copy_to_where_it_had_been(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """Pacemaker 2.1.5 takes the old arrival for the new one, unless it was made to forget it."""
    to_and_fro(lab, "web2", "bravo", "alpha")
    async with connect() as backend, moving(backend, "web2", "bravo", journal) as task:
        with held(lab, "web2"):
            await copied(backend, "web2")
            note(lab)
        await task
        assert found(backend, "web2").node == "bravo"
    assert not list(journal.abandoned())
    aftermath.check()


async def test_two_go_side_by_side_though_the_configuration_changes_meanwhile(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    for vm in BOTH:
        to_and_fro(lab, vm, "bravo", "alpha")
    async with connect() as backend:
        await all_of(protect(backend, BOTH))
        aftermath.begin()
        async with queued(backend, journal, BOTH, "bravo") as (queue, task):
            with held(lab, *BOTH):
                await in_flight(backend, *BOTH)
                note(lab)
            await task
            assert {item.state for item in queue.state.items} == {ItemState.DONE}
        assert {lab.where(vm) for vm in BOTH} == {"bravo"}
    assert not list(journal.abandoned())
    aftermath.check()


async def test_one_of_two_in_flight_is_aborted_and_the_other_arrives(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    for vm in BOTH:
        to_and_fro(lab, vm, "bravo", "alpha")
    async with connect() as backend:
        await all_of(protect(backend, BOTH))
        aftermath.begin()
        async with queued(backend, journal, BOTH, "bravo") as (queue, task):
            with held(lab, "web1"):
                with held(lab, "web2"):
                    await in_flight(backend, *BOTH)
                await all_of(rescue(backend, "web1", Way.ABORT, journal))
            with pytest.raises(VmferryError, match="web1"):
                await task
            assert {item.vm: item.state for item in queue.state.items} == {
                "web1": ItemState.FAILED,
                "web2": ItemState.DONE,
            }
        assert {vm: lab.where(vm) for vm in BOTH} == {"web1": "alpha", "web2": "bravo"}
    assert not list(journal.abandoned())
    aftermath.check()


async def test_nothing_is_written_while_a_colleague_migrates_another_guest(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """It goes to where it had been: a write of ours could have it restarted."""
    to_and_fro(lab, "web1", "bravo", "alpha")
    async with connect() as backend, AsyncExitStack() as stack:
        with held(lab, "web1"):
            foreign_move(lab, "web1", "bravo")
            begun = await copied(backend, "web1")
            with pytest.raises(Refused, match="web1 is being migrated"):
                await all_of(clear(backend, "app1", journal))
            assert begun.percent is not None
            task = await stack.enter_async_context(moving(backend, "web2", "charlie", journal))
            await copied(backend, "web1", begun.percent + 5)
            assert not any(sent.writes for sent in backend.commands.sent)
        await task
        assert lab.where("web2") == "charlie" and lab.where("web1") == "bravo"
        await all_of(clear(backend, "web1", journal))
    assert not list(journal.abandoned())
    aftermath.check()


async def test_an_abort_of_a_guarded_migration_only_ends_its_copy(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    async with connect() as backend:
        with held(lab, "web2"):
            foreign_move(lab, "web2", "bravo")
            await copied(backend, "web2")
            guard = asyncio.create_task(all_of(rescue(backend, "web2", Way.GUARD, journal)))
            await until(lambda: found(backend, "web2").maintenance, "guarded")
            await all_of(rescue(backend, "web2", Way.ABORT, journal))
            await guard
        assert lab.where("web2") == "alpha"
        assert not found(backend, "web2").maintenance
    assert not list(journal.abandoned())
    aftermath.check()
