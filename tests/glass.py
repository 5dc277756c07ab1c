"""What a user sees of the app, as text, and where."""

from __future__ import annotations

import re
from collections.abc import Iterator

from textual.app import App

from waiting import PATIENCE_S, until


def lines(app: App[None]) -> list[str]:
    """The screen, line by line, as it is composed right now."""
    return [strip.text for strip in app.screen._compositor.render_strips(app.size)]


def text(app: App[None]) -> str:
    return "\n".join(lines(app))


def place(app: App[None], pattern: str) -> tuple[int, int] | None:
    """Where the pattern first stands: its column and line."""
    for y, line in enumerate(lines(app)):
        if found := re.search(pattern, line):
            return found.start(), y
    return None


async def shows(
    app: App[None], pattern: str, what: str, *, within_s: float = PATIENCE_S
) -> tuple[int, int]:
    """Wait until the pattern stands on the screen, and return where; fail with the screen."""
    try:
        return await until(lambda: place(app, pattern), what, within_s=within_s)
    except AssertionError as error:
        raise AssertionError(f"{error}; on the screen:\n{text(app)}") from None


def percentages(line: str) -> Iterator[int]:
    """The numbers before a percent sign."""
    for found in re.finditer(r"(\d+) ?%", line):
        yield int(found[1])
