"""What is typed leads to what was meant, and by accident to nothing that moves many VMs."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend


async def look_for(operator: Operator, text: str) -> None:
    await operator.press("colon")
    await operator.type(text)
    await operator.until_sees(text)
    await operator.pilot.pause()


@pytest.mark.parametrize("typed", ["end", "ecat", "ode"])
async def test_scattered_letters_lead_to_no_evacuation(
    backend: SimulatedBackend, journal: Journal, typed: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select(None, "alpha")
        await look_for(operator, typed)
        await operator.press("enter")
        await operator.pilot.pause()
        assert not operator.sees("Evacuate alpha")
        assert not operator.sees("scheduler what would happen")


async def test_a_mass_act_is_found_by_its_words(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await look_for(operator, "evac charlie")
        await operator.until_sees("Evacuate node charlie")


async def test_a_description_is_searched_word_by_word(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select("web1")
        await look_for(operator, "together marked")
        await operator.press("enter")
        await operator.until(lambda: operator.board.marked == {"web1"}, "marked")
