"""What is wrong is said whatever is in sight, and is a key or two away."""

from __future__ import annotations

from app_operator import at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from widgets.details import Details


def troubled(scenario: str) -> SimulatedBackend:
    return SimulatedBackend(nodes=4, vms=16, seed=1, speed=0, scenario=scenario)


async def test_what_the_doctor_calls_wrong_stands_beside_the_quorum(journal: Journal) -> None:
    async with at_the_app(troubled("unfit"), journal) as operator:
        await operator.until_sees("5 Doctor ✖4 ⚠4")
        first = operator.lines()[0]
        assert "quorum" in first
        assert "✖" in first


async def test_one_key_leads_to_what_is_worst_and_says_it(journal: Journal) -> None:
    async with at_the_app(troubled("failed"), journal) as operator:
        await operator.until(
            lambda: bool(operator.main.house.judging.judged.health.urgent), "something wrong"
        )
        await operator.press("n")
        worst = operator.main.house.judging.judged.health.urgent[0]
        await operator.until_sees("Problem 1 of")
        assert operator.main.selection.vm == worst.vm
        await operator.press("n")
        await operator.until_sees("Problem 2 of")


async def test_where_nothing_is_wrong_the_key_says_so(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("n")
        await operator.until_sees("Nothing is wrong.")


async def test_a_node_that_was_lost_and_is_back_is_still_to_be_seen(journal: Journal) -> None:
    async with at_the_app(troubled("node-loss"), journal) as operator:
        await operator.until_sees("is unclean")
        await operator.until(
            lambda: all(node.can_host for node in operator.main.picture.nodes), "all back"
        )
        await operator.until_sees("4 Events •")
        await operator.press("4")
        await operator.press("1")
        await operator.until(lambda: not operator.sees("4 Events •"), "read")


async def test_a_tab_is_clicked_and_leads_to_its_view(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.pilot.click(offset=operator.at("3 Cluster"))
        await operator.until_sees("Fencing 0")


async def test_all_tabs_have_room_at_eighty_columns(journal: Journal) -> None:
    async with at_the_app(troubled("unfit"), journal, size=(80, 24)) as operator:
        await operator.until_sees("✖4")
        bar = operator.lines()[1]
        assert all(key in bar for key in "1234567")


async def test_a_filter_is_the_views_own_and_esc_undoes_it(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("2", "slash")
        await operator.type("web")
        await operator.press("enter")
        await operator.until_sees("/ web")
        assert not operator.sees("legacy-erp")
        await operator.press("1")
        await operator.until_sees("legacy-erp")
        await operator.press("2", "escape")
        await operator.until_sees("legacy-erp")


async def test_details_that_are_closed_leave_the_keys_to_what_is_seen(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("i", "tab")
        assert operator.app.focused is operator.main.query_one(Details)
        await operator.press("i")
        await operator.until(lambda: operator.app.focused is operator.board, "given back")


async def test_escape_leads_from_a_checklist_to_where_it_was_asked_for(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select("web1")
        await operator.press("v")
        await operator.until(lambda: operator.main.rooms.in_sight == "doctor", "the checklist")
        await operator.press("escape")
        await operator.until(lambda: operator.main.rooms.in_sight == "board", "back")
        assert operator.app.focused is operator.board
        await operator.press("5", "escape")
        await operator.pilot.pause()
        assert operator.main.rooms.in_sight == "doctor", "nobody came from anywhere"
