"""Dialogs as they are read: what is out of sight is said, and within reach."""

from __future__ import annotations

from textual.containers import VerticalScroll

from app_operator import at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.modal import Modal


async def test_a_dialog_says_how_much_of_it_is_below_its_edge(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("What will happen")
        await operator.until_sees("more lines below")
        assert not operator.sees("$   crm_resource --clear --resource web1")
        await operator.press("pagedown", "pagedown")
        await operator.until_sees("$   crm_resource --clear --resource web1")
        assert not operator.sees("below")


async def test_a_dialog_of_which_all_is_seen_says_of_nothing_that_it_is_below(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(100, 50)) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("$   crm_resource --clear --resource web1")
        await operator.until(lambda: not operator.sees("below"), "all of it seen")
        await operator.pilot.resize_terminal(100, 24)
        await operator.until_sees("below")


async def test_a_key_held_down_scrolls_a_dialog_line_by_line(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("more lines below")
        dialog = operator.app.screen
        assert isinstance(dialog, Modal)
        for _ in range(3):  # faster than it is drawn
            dialog.action_scroll(1)
        await operator.until(lambda: dialog.query_one(VerticalScroll).scroll_y == 3, "three lines")


async def test_no_notice_covers_a_dialog_and_none_is_lost(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("more lines below")
        operator.app.notify("it will not arrive", title="stalled: web2", timeout=60)
        await operator.pilot.pause()
        await operator.pilot.pause()
        assert not operator.sees("stalled: web2")
        await operator.press("escape")
        await operator.until_sees("stalled: web2")


async def test_a_verdict_has_the_same_glyph_in_the_plan_as_on_the_board(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.pick_up("legacy-erp")
        await operator.until_sees("⊘ REBOOT")
        await operator.press(*"charlie", "enter")
        await operator.until_sees("Move legacy-erp to charlie")
        await operator.until_sees("⊘ REBOOT")
