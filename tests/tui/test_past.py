"""The keys that go back in time, and what is seen there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from app_operator import Operator, at_the_app
from app_scene import simulated, tell
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import Cluster
from tui.main_screen import MainScreen


@pytest.fixture
async def operator(journal: Journal) -> AsyncIterator[Operator]:
    backend = SimulatedBackend(4, 24, 1, 0, "night")
    async with at_the_app(backend, journal, (140, 44)) as operator:
        operator.step_s = 0.0
        yield operator


def shown(operator: Operator) -> Cluster:
    screen = operator.app.screen
    assert isinstance(screen, MainScreen)
    return screen.picture


async def back(operator: Operator) -> float:
    """One step, and the moment to which it led."""
    before = shown(operator).then
    await operator.press("left_square_bracket")
    await operator.until(lambda: shown(operator).then not in (None, before), "earlier")
    then = shown(operator).then
    assert then is not None
    return then.at


async def test_two_keys_step_through_the_changes_and_a_line_says_where_one_is(
    operator: Operator,
) -> None:
    first = await back(operator)
    count = len(simulated(operator).record.files)
    await operator.until_sees(f"change {count} of {count}")
    assert operator.sees("THE PAST")
    assert operator.sees("nothing can be changed here")
    second = await back(operator)
    assert second < first
    await operator.until_sees(f"change {count - 1} of {count}")
    await operator.press("right_square_bracket")
    await operator.until_sees(f"change {count} of {count}")
    await operator.press("right_square_bracket")
    await operator.until(lambda: shown(operator).then is None, "the present is beyond the last")
    assert not operator.sees("THE PAST")


async def test_escape_leads_back_to_the_present_from_every_view(operator: Operator) -> None:
    await back(operator)
    for key in "23456":
        await operator.press(key)
        await operator.pilot.pause()
        assert operator.sees("THE PAST"), f"view {key} says that it is the past"
    await operator.press("1", "escape")
    await operator.until(lambda: shown(operator).then is None, "home")
    assert not operator.sees("THE PAST")


async def test_nothing_can_be_done_to_the_cluster_from_there(operator: Operator) -> None:
    await back(operator)
    screen = operator.app.screen
    assert isinstance(screen, MainScreen) and screen.house.desk.read_only
    screen.board.select("web2")
    await operator.press("m")
    await operator.until_sees("LIVE")
    await operator.press("right", "enter")
    await operator.pilot.pause()
    await operator.press("enter", "escape", "escape")
    await operator.pilot.pause()
    assert not [sent for sent in operator.backend.commands.sent if sent.writes]


async def test_the_present_goes_on_beneath(operator: Operator) -> None:
    await back(operator)
    tell(operator, "crm_standby", "--node", "delta", "--update", "on")
    await simulated(operator).advance(2)
    await operator.press("escape")
    await operator.until(lambda: shown(operator).then is None, "home")
    await operator.until(
        lambda: any(n.name == "delta" and n.standby for n in shown(operator).nodes), "it is now"
    )


async def test_a_cluster_that_records_nothing_says_so(journal: Journal) -> None:
    backend = SimulatedBackend(3, 4, 1, 0, "calm")
    backend.world.decisions.kept.clear()
    async with at_the_app(backend, journal) as operator:
        await operator.press("left_square_bracket")
        await operator.until_sees("nothing that Pacemaker recorded")
        assert shown(operator).then is None
