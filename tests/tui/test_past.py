"""The keys that go back in time, and what is seen there."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual.widgets import Static

from app_operator import Operator, at_the_app
from app_scene import simulated, tell
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import Cluster
from tui.main_screen import MainScreen
from widgets.timeline import Timeline


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


def read(operator: Operator) -> str:
    """What the dialog says, wherever its lines are broken."""
    return " ".join(str(each.content) for each in operator.app.screen.query(Static))


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


async def test_the_events_are_full_from_the_start_each_effect_below_its_cause(
    operator: Operator,
) -> None:
    await operator.press("4")
    await operator.until_sees("bravo was lost")
    assert operator.sees("└ bravo was fenced (reboot) by alpha")
    assert operator.sees("delta was put in standby (by ann with crm_standby on alpha)")


@pytest.mark.parametrize(
    ("wanted", "there"), [("web1", "timed out"), ("delta", "standby"), ("node-lost", "bravo")]
)
async def test_the_events_are_filtered_by_vm_node_and_kind(
    operator: Operator, wanted: str, there: str
) -> None:
    await operator.press("4")
    await operator.until_sees("bravo was lost")
    await operator.press("slash")
    await operator.type(wanted)
    await operator.until_sees(there)
    await operator.until(lambda: all(wanted in row for row in rows(operator)), f"only {wanted}")


def rows(operator: Operator) -> list[str]:
    table = operator.app.screen.query_one(Timeline)
    return [" ".join(map(str, table.get_row(key))) for key in table.rows]


async def test_an_entry_leads_to_the_board_of_its_moment(operator: Operator) -> None:
    await operator.press("4")
    await operator.until_sees("bravo was lost")
    table = operator.app.screen.query_one(Timeline)
    key = next(key for key in table.rows if "was lost" in str(table.get_row(key)))
    table.move_cursor(row=table.get_row_index(key))
    await operator.press("enter")
    await operator.until(lambda: shown(operator).then is not None, "then")
    assert [node.name for node in shown(operator).nodes if node.unclean] == ["bravo"]
    screen = operator.app.screen
    assert isinstance(screen, MainScreen)
    await operator.until(lambda: screen.selection.node == "bravo", "it is highlighted")


async def test_who_was_away_is_told_what_went_wrong_meanwhile(journal: Journal) -> None:
    backend = SimulatedBackend(4, 24, 1, 0, "night")
    journal.looks.note("demo", backend.world.state.now - 8 * 3600)
    async with at_the_app(backend, journal, connected=False) as operator:
        await operator.until_sees("What happened since")
        assert operator.sees("✖ bravo was lost")
        assert "(by bob with crm_resource on alpha)" in read(operator)
        await operator.press("escape")
        await operator.until(lambda: isinstance(operator.app.screen, MainScreen), "read")
    again = SimulatedBackend(4, 24, 1, 0, "night")
    async with at_the_app(again, journal) as operator:
        await operator.press("4")
        await operator.until_sees("bravo was lost")
        assert not operator.sees("What happened since"), "it was told before"


async def test_an_operators_own_standby_is_no_bad_news(journal: Journal) -> None:
    backend = SimulatedBackend(4, 24, 1, 0, "calm")
    journal.looks.note("demo", backend.world.state.now - 1)
    backend.world.execute(("crm_standby", "--node", "delta", "--update", "on"), "alpha", "ann")
    backend.world.advance(120)
    async with at_the_app(backend, journal) as operator:
        await operator.press("4")
        await operator.until_sees("delta was put in standby")
        assert not operator.sees("What happened since")


async def test_why_tells_the_rules_and_scores_and_what_would_have_saved_the_guest(
    operator: Operator,
) -> None:
    await operator.press("4")
    await operator.until_sees("bravo was lost")
    await operator.press("1")
    operator.board.select("web1")
    await operator.press("w")
    await operator.until_sees("bravo has the highest score for it")
    assert operator.sees("alpha  -INFINITY  cli-ban-web1-on-alpha bans it from this node")
    assert "(by bob with crm_resource on alpha)" in read(operator)
    assert "with on-fail=block on its migrate_to: nothing would" in read(operator)


async def test_why_is_about_the_very_entry_under_the_cursor(operator: Operator) -> None:
    """web1 has known worse; what is asked about is the ban that was left behind."""
    await operator.press("4")
    await operator.until_sees("bravo was lost")
    table = operator.app.screen.query_one(Timeline)
    for wanted, told in (
        ("delta was put in standby", "(by ann with crm_standby on alpha)"),
        ("was banned from alpha", "(by carl with crm_resource on alpha)"),
    ):
        key = next(key for key in table.rows if wanted in str(table.get_row(key)))
        table.move_cursor(row=table.get_row_index(key))
        await operator.press("w")
        await operator.until_sees("What happened")
        assert wanted in read(operator) and told in read(operator)
        assert "timed out" not in read(operator)
        await operator.press("escape")
        await operator.until(lambda: isinstance(operator.app.screen, MainScreen), "read")


async def test_why_of_what_happened_since_the_board_was_opened(operator: Operator) -> None:
    tell(operator, "crm_standby", "--node", "charlie", "--update", "on")
    await simulated(operator).advance(60)
    await operator.press("4")
    await operator.until_sees("charlie is in standby")
    table = operator.app.screen.query_one(Timeline)
    key = next(key for key in table.rows if "charlie is in standby" in str(table.get_row(key)))
    table.move_cursor(row=table.get_row_index(key))
    await operator.press("w")
    await operator.until_sees("charlie was put in standby")
    assert "(by root with crm_standby on alpha)" in read(operator)
