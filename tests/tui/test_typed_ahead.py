"""Keys that come all at once do what they do one by one: typed ahead on a slow line, or pasted."""

from __future__ import annotations

import pytest
from textual import events

from app_operator import Operator, at_the_app
from app_scene import writes
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.views.listed import VIEWS

KEYS = [tab.key for tab, _ in VIEWS]


async def all_at_once(operator: Operator, *keys: str) -> None:
    for key in keys:
        character = key if len(key) == 1 else {"slash": "/"}.get(key)
        operator.app.post_message(events.Key(key, character))
    await operator.pilot.pause()


def where(operator: Operator) -> tuple[str, object, str]:
    """What a key would act on now, and what is on the glass beside what changes by itself."""
    return operator.main.rooms.in_sight, operator.main.selection, str(operator.app.focused)


@pytest.mark.parametrize("key", KEYS)
async def test_what_follows_the_key_of_a_view_goes_to_that_view(
    backend: SimulatedBackend, journal: Journal, key: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        back = KEYS[0] if key != KEYS[0] else KEYS[1]
        await operator.press(key, "down", "down")
        one_by_one = where(operator)
        await operator.press("up", "up", back)
        await all_at_once(operator, key, "down", "down")
        await operator.until(lambda: where(operator) == one_by_one, f"as one by one: {one_by_one}")


async def test_what_follows_the_key_of_the_filter_is_looked_for(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await all_at_once(operator, "slash", *"web1")
        await operator.until_sees("/ web1")


async def test_no_dialog_is_confirmed_by_what_was_typed_before_it_could_be_read(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await all_at_once(operator, *"jmcha", *["enter"] * 20)
        await operator.until_sees("Move cache to charlie")
        await operator.until_sees("crm_resource --move --resource cache --node charlie")
        await operator.pilot.pause()
        assert not writes(operator)
        assert operator.sees("Move cache to charlie")


async def test_what_follows_the_key_that_ends_it_all_is_nothing(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await all_at_once(operator, "q", *["down"] * 20)
    assert operator.app.return_code == 0
