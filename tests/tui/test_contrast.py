"""Whatever carries meaning can be read, in both themes, also under the cursor."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

import pytest
from rich.style import Style

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.themes import DARK, LIGHT
from tui.views.listed import VIEWS

ENOUGH = 4.5
"""WCAG 2.1, 1.4.3 (AA) for text of usual size."""

DECORATION = range(0x2500, 0x25A0)
"""Lines, boxes and bars: what they show stands beside them as a number or a word."""
SEPARATORS = "·▌…›‹–"


def luminance(colour: tuple[int, int, int]) -> float:
    """Relative, as WCAG has it."""
    linear = [
        part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4
        for part in (value / 255 for value in colour)
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@lru_cache
def contrast(style: Style) -> float:
    assert style.color is not None
    assert style.bgcolor is not None
    assert not style.dim
    both = (luminance(style.color.get_truecolor()), luminance(style.bgcolor.get_truecolor()))
    return (max(both) + 0.05) / (min(both) + 0.05)


def means_something(text: str) -> bool:
    return any(
        not char.isspace() and ord(char) not in DECORATION and char not in SEPARATORS
        for char in text
    )


def too_faint(operator: Operator) -> Iterator[str]:
    """What cannot be read well; below a dialog all is dimmed, and need not be."""
    screen = operator.app.screen
    above = len(operator.app.screen_stack) > 1
    region = screen.children[0].region if above else screen.region
    for y, strip in enumerate(screen._compositor.render_strips()):
        if not region.y <= y < region.bottom:
            continue
        for segment in strip.crop(region.x, region.right):
            if segment.style is not None and means_something(segment.text):
                ratio = contrast(segment.style)
                if ratio < ENOUGH:
                    yield f"{segment.text.strip()!r} {segment.style}: {ratio:.1f}"


@pytest.mark.parametrize("scenario", ["unfit", "stubborn", "node-loss"])
@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_all_that_means_something_can_be_read(
    theme: str, scenario: str, journal: Journal
) -> None:
    backend = SimulatedBackend(4, 16, 1, 0, scenario)
    async with at_the_app(backend, journal) as operator:
        operator.app.theme = theme
        for _ in range(6):
            backend.world.advance(2)
            await backend.refresh()
            await operator.pilot.pause()
        faint: dict[str, str] = {}

        def look(where: str) -> None:
            faint.update(dict.fromkeys(too_faint(operator), where))

        for tab, _ in VIEWS:
            await operator.press(tab.key, "down")
            look(tab.name)
        for keys, where in (
            (("1", "i"), "details"),
            (("i", "x"), "marked"),
            (("x", "m"), "picked up"),
            (("right",), "aimed"),
            (("enter",), "a move proposed"),
            (("escape", "escape", "e"), "an evacuation proposed"),
            (("escape", "question_mark"), "the help"),
            (("escape", "full_stop"), "the menu"),
            (("escape", "colon"), "the palette"),
        ):
            await operator.press(*keys)
            await operator.pilot.pause()
            look(where)
        assert not faint, "\n".join(f"{where}: {told}" for told, where in faint.items())
