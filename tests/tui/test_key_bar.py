"""The last line: what suits what is highlighted, clickable, with help and the way out always."""

from __future__ import annotations

import pytest

from app_operator import at_the_app
from app_scene import vm_of
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.help_screen import HelpScreen
from widgets.key_bar import KeyBar


@pytest.mark.parametrize("size", [(80, 24), (200, 50)])
async def test_a_click_presses_the_key(
    backend: SimulatedBackend, journal: Journal, size: tuple[int, int]
) -> None:
    async with at_the_app(backend, journal, size=size) as operator:
        await operator.press("2")
        await operator.until_sees("q Quit")
        await operator.pilot.click(offset=operator.at("Help", below=size[1] - 1))
        await operator.until(lambda: isinstance(operator.app.screen, HelpScreen), "the help")


async def test_only_what_suits_is_offered(backend: SimulatedBackend, journal: Journal) -> None:
    async with at_the_app(backend, journal) as operator:
        bar = operator.main.query_one(KeyBar)

        def offered() -> set[str]:
            return {key.label for key in bar.keys}

        operator.board.select("web1")
        await operator.until(lambda: "Evacuate" in offered(), "its node may be emptied")
        assert "Abort" not in offered() and "Take back" not in offered()
        argv = ("crm_resource", "--resource", "web1", "--move", "--node", "bravo")
        backend.world.execute(argv, vm_of(operator, "web1").node or "alpha")
        await operator.until(lambda: {"Abort", "Guard"} <= offered(), "it migrates")
        backend.world.execute(("crm_standby", "--node", "charlie", "--update", "on"), "alpha")
        operator.board.select(None, "charlie")
        await operator.until(lambda: "Take back" in offered(), "it is in standby")
        assert "Evacuate" not in offered()
