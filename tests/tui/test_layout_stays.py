"""What the operator looks at stays where it is: no view and no panel makes the board jump."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from widgets.board.layout import Layout


def cards_seen(operator: Operator) -> set[str]:
    """The VMs whose cards are wholly in sight."""
    sight = operator.board.sight
    found = set()
    for number in sight.columns():
        cards = sight.scene.columns[number].cards
        for index in sight.cards(number):
            place = sight.place(number, index)
            if sight.clipped(place) == place:
                found.add(cards[index].vm.id)
    return found


def side_by_side(layout: Layout) -> int:
    return layout.bands[0].last


@pytest.mark.parametrize("size", [(110, 40), (120, 40), (160, 50), (220, 60)])
async def test_opening_details_moves_no_card_out_of_sight(
    journal: Journal, size: tuple[int, int]
) -> None:
    backend = SimulatedBackend(nodes=4, vms=20, seed=1, speed=0, scenario="calm")
    async with at_the_app(backend, journal, size=size) as operator:
        before, seen = operator.board.sight.layout, cards_seen(operator)
        assert len(seen) == len(operator.backend.picture.vms)
        await operator.press("i")
        await operator.until_sees("vCPU")
        opened = operator.board.sight
        assert opened.view.width < size[0]
        assert cards_seen(operator) == seen
        assert opened.layout.pitch == before.pitch
        assert side_by_side(opened.layout) == side_by_side(before)
        assert not operator.sees("m…"), "a number without its name rather than half a name"
        await operator.press("i")
        await operator.pilot.pause()
        assert operator.board.sight.layout == before


async def test_where_details_take_half_the_lines_the_cursor_stays_in_sight(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        last = operator.board.sight.scene.columns[0].cards[-1].vm.id
        operator.board.select(last)
        await operator.pilot.pause()
        before = operator.board.sight.layout
        await operator.press("i")
        await operator.pilot.pause()
        assert operator.board.size.height < 12
        assert operator.board.sight.layout.pitch == before.pitch
        assert last in cards_seen(operator)


@pytest.mark.parametrize("view", "234567")
async def test_the_board_comes_back_as_it_was(
    backend: SimulatedBackend, journal: Journal, view: str
) -> None:
    """Also in the first frame: it is laid out before it has its size again."""
    async with at_the_app(backend, journal, size=(120, 40)) as operator:
        before = operator.board.sight.layout
        await operator.press(view)
        await operator.pilot.pause()
        await operator.main.action_view("board")
        assert operator.board.sight.layout == before
        await operator.pilot.pause()
        assert operator.board.sight.layout == before
