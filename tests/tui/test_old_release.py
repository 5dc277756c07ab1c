"""A cluster whose Pacemaker cannot foresee: all of it is on the board, and no act begins there."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from app_scene import colleague_moves, until_copying, writes
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend

THERE, NEEDED = "Pacemaker 2.0.5 is there", "2.1.0 on"


@pytest.fixture
def old(backend: SimulatedBackend) -> SimulatedBackend:
    backend.world.state.release = "2.0.5-ba59be7122"
    return backend


async def says_which_release_it_takes(operator: Operator) -> None:
    """In a sentence whose lines are broken where the dialog wants it."""

    def said() -> bool:
        return THERE in (glass := operator.glass()) and NEEDED in glass

    await operator.until(said, "said which release is there, and which it takes")


async def test_a_colleagues_migration_shows_its_progress(
    old: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(old, journal) as operator:
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        await operator.until_sees("web1 → bravo")
        await operator.until_sees("%")


async def test_a_vm_that_is_picked_up_says_why_no_node_takes_it(
    old: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(old, journal) as operator:
        await operator.pick_up("web1")
        await operator.type("bravo")
        await says_which_release_it_takes(operator)
        await operator.press("enter")
        await says_which_release_it_takes(operator)
        await operator.press("enter", "enter")
        assert not writes(operator)


async def test_neither_an_evacuation_nor_an_abort_begins(
    old: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(old, journal) as operator:
        operator.board.select("alpha")
        await operator.press("e")
        await says_which_release_it_takes(operator)
        await operator.press("enter", "escape")
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        before = writes(operator)
        operator.board.select("web1")
        await operator.press("a")
        await says_which_release_it_takes(operator)
        await operator.press("enter", "enter", "escape")
        assert writes(operator) == before
