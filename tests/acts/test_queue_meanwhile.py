"""What waits in a queue is taken out, or goes its own way, while the queue waits to begin."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from acts.scene import carry_out, fails, open_acts, place, written
from backends.acts.departure import begin, depart
from backends.acts.journal import Act, Intent, Journal
from backends.acts.queue import MoveQueue
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import BadConfiguration
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.moves import ItemState, Move
from waiting import until

PAIR = [Move("web1", "bravo", protect=True), Move("build-7", "bravo", protect=True)]
"""They would go side by side."""


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    """Slow enough to see somebody else's migration."""
    async with SimulatedBackend(3, 16, 1, speed=20, scenario="calm") as backend:
        yield backend


async def colleague_moves(backend: SimulatedBackend, vm: str, node: str) -> None:
    argv = commands.move(vm, node).argv
    assert backend.world.execute(argv).exit_status == 0
    await backend.refresh()
    await until(lambda: backend.picture.migration(vm), f"{vm} in flight")


def states(queue: MoveQueue) -> dict[str, ItemState]:
    return {item.vm: item.state for item in queue.state.items}


class Filling(Journal):
    """Its disk is full after the first act."""

    def begin(self, intent: Intent) -> Act:
        if list(self.open()):
            raise BadConfiguration("the journal cannot be written: no space left")
        return super().begin(intent)


async def test_one_that_was_taken_out_may_be_anywhere(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await colleague_moves(backend, "build-7", "alpha")
    queue = MoveQueue(backend, journal, PAIR)
    carried_out = asyncio.create_task(carry_out(queue.run()))
    await until(lambda: states(queue)["web1"] is ItemState.RUNNING, "it waits to begin")
    queue.remove("build-7")
    await carried_out
    assert (place(backend, "web1"), place(backend, "build-7")) == ("bravo", "alpha")
    assert states(queue) == {"web1": ItemState.DONE}


async def test_one_that_cannot_begin_keeps_nobody_before_it(
    backend: SimulatedBackend, journal: Journal
) -> None:
    await colleague_moves(backend, "db-primary", "bravo")
    queue = MoveQueue(backend, journal, PAIR)
    failing = asyncio.create_task(fails(queue.run()))
    await until(lambda: states(queue)["web1"] is ItemState.RUNNING, "it waits to begin")
    del backend.world.state.guests["build-7"]
    error = await failing
    assert "build-7" in str(error)
    assert states(queue) == {"web1": ItemState.DONE, "build-7": ItemState.FAILED}
    assert place(backend, "web1") == "bravo"
    assert open_acts(journal) == []


async def test_what_cannot_be_journaled_is_not_sent_and_nothing_stays_locked(
    backend: SimulatedBackend, tmp_path: Path
) -> None:
    journal = Filling(tmp_path)
    queue = MoveQueue(backend, journal, PAIR)
    assert "no space left" in str(await fails(queue.run()))
    assert not any("rsc_location" in command for command in written(backend))
    assert open_acts(journal) == ["move"], "to be found by the next start"


async def test_those_that_may_no_longer_be_together_are_not_sent_together(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Each of them alone would still go live."""
    plans = [await backend.plan([move.vm], move.node) for move in PAIR]
    acts = begin(backend, plans, journal)
    backend.world.guest("web1").apart_from = "build-7"
    await colleague_moves(backend, "db-primary", "alpha")
    error = await fails(depart(backend, acts, plans))
    for act in acts:
        act.leave()
    assert "web1 and build-7 no longer go live side by side" in str(error)
    assert (written(backend), open_acts(journal)) == ([], [])


async def test_what_the_doctor_has_found_since_keeps_a_move_that_waited(
    backend: SimulatedBackend, journal: Journal
) -> None:
    def advised(verdict: Verdict) -> Verdict:
        if verdict.vms != ("build-7",):
            return verdict
        why = ("the migration would fail: no route to bravo",)
        return replace(verdict, kind=VerdictKind.REBOOT, reasons=why, reboots=verdict.vms)

    moves = [replace(move, protect=False) for move in PAIR]
    queue = MoveQueue(backend, journal, moves, advised=advised)
    error = await fails(queue.run())
    assert "REBOOT now (the migration would fail: no route to bravo)" in str(error)
    assert states(queue) == {"web1": ItemState.DONE, "build-7": ItemState.FAILED}
    assert str(commands.move("build-7", "bravo")) not in written(backend)
