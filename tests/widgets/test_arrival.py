"""When a copy arrives is said once, by the outlook: not also by bare arithmetic."""

from __future__ import annotations

from dataclasses import replace

from textual.app import App, ComposeResult

from backends.data.picture import Migration
from backends.judgement.health import Judged
from board_app import on_board, outlooks
from board_pictures import cluster, migrating
from widgets.details import Details


class DetailsApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Details()


PICTURE = migrating(cluster(), "web01", "node02")
(COPY,) = PICTURE.migrations


async def told_of(copy: Migration) -> str:
    """By the card, and by the details."""
    picture = replace(PICTURE, migrations=(copy,))
    async with on_board(picture) as hands:
        _, y = hands.where("web01")
        card = "\n".join(hands.lines()[y : y + 2])
    app = DetailsApp()
    async with app.run_test():
        details = app.query_one(Details)
        details.show(picture, "web01", None, judged=Judged(outlooks=outlooks(picture)))
        return f"{card}\n{details.content.plain}"


async def test_a_copy_that_never_ends_does_not_arrive_either() -> None:
    told = await told_of(replace(COPY, dirty_rate_bytes_per_s=200 << 20, eta_s=77.0))
    assert "stalled" in told
    assert "web01 will not arrive" in told
    assert "– of 1:40" in told
    assert "arrives in   –, timeout in 1:40" in told
    assert "1:17" not in told


async def test_a_copy_that_comes_late_is_told_with_one_number() -> None:
    told = await told_of(replace(COPY, eta_s=150.0))
    assert "late" in told
    assert "web01 would need 150 s" in told
    assert "2:30 of 1:40" in told
    assert "arrives in   2:30, timeout in 1:40" in told


async def test_in_its_first_iteration_the_shortest_time_is_told() -> None:
    """Empty pages cost next to nothing: what is left can fall faster than bytes are sent."""
    gib = 1 << 30
    told = await told_of(replace(COPY, iteration=1, eta_s=99.0, remaining_bytes=gib))
    assert "0:09 of 1:40" in told
    assert "arrives in   0:09, timeout in 1:40" in told
    assert "1:39" not in told
