"""The list: all VMs one a line, the sickest first; by keys and by the mouse."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest
from textual import on
from textual.app import App, ComposeResult
from textual.pilot import Pilot

from backends.data.picture import Cluster, Migration, NodeState, Phase, VMState
from backends.judgement.health import Judged, Known
from backends.judgement.problems import judge_health
from core.pictures import NODES, cluster, vm
from widgets.listing.view import Listing

PICTURE = replace(
    cluster(
        replace(vm("web10"), memory_bytes=1 << 30),
        replace(vm("web2", "bravo"), memory_bytes=4 << 30),
        vm("db", "charlie", VMState.BLOCKED),
        vm("mail", "alpha", VMState.MIGRATING),
    ),
    migrations=(Migration("mail", "alpha", "bravo", Phase.COPYING),),
    nodes=(*NODES[:2], replace(NODES[2], state=NodeState.UNCLEAN)),
)


class ListingApp(App[None]):
    def __init__(self, picture: Cluster) -> None:
        super().__init__()
        self.picture = picture
        self.highlighted: list[tuple[str | None, str | None]] = []
        self.marked: frozenset[str] = frozenset()

    def compose(self) -> ComposeResult:
        yield Listing()

    def show(self, picture: Cluster) -> None:
        self.picture = picture
        judged = Judged(judge_health(picture, Known()))
        self.query_one(Listing).show(picture, judged, self.marked)

    @on(Listing.Highlighted)
    def _highlighted(self, event: Listing.Highlighted) -> None:
        self.highlighted.append((event.vm, event.node))

    @on(Listing.MarkWanted)
    def _mark(self, event: Listing.MarkWanted) -> None:
        self.marked ^= {event.vm}
        self.show(self.picture)


@asynccontextmanager
async def listing(
    picture: Cluster = PICTURE, size: tuple[int, int] = (120, 12)
) -> AsyncIterator[tuple[ListingApp, Listing, Pilot[None]]]:
    app = ListingApp(picture)
    async with app.run_test(size=size) as pilot:
        app.show(picture)
        view = app.query_one(Listing)
        view.focus()
        await pilot.pause()
        yield app, view, pilot


def text(view: Listing, y: int) -> str:
    return view.render_line(y).text


async def test_the_sickest_is_first_and_says_what_is_wrong_with_it() -> None:
    async with listing() as (_, view, _pilot):
        assert view.shown[0] == "db"
        assert "db is blocked on charlie" in text(view, 1)
        assert view.shown[1:] == ("mail", "web2", "web10")


async def test_the_cursor_follows_its_vm_through_every_order() -> None:
    async with listing() as (app, view, pilot):
        await pilot.press("end")
        assert app.highlighted[-1] == ("web10", "alpha")
        await pilot.press("s")
        assert view.order.column == "VM"
        assert view.shown == ("db", "mail", "web2", "web10")
        assert view.entry is not None
        assert view.entry.key == "web10"
        await pilot.press("R")
        assert view.shown.index("web10") == 0
        assert "▌ web10" in text(view, 1)


async def test_a_click_on_a_head_sorts_by_it_and_again_the_other_way() -> None:
    async with listing() as (_, view, pilot):
        at = text(view, 0).index("memory")
        await pilot.click(Listing, offset=(at, 0))
        assert view.shown[:2] == ("web2", "web10")
        await pilot.click(Listing, offset=(at, 0))
        assert view.order.reverse


@pytest.mark.parametrize(
    ("key", "left"),
    [("exclamation_mark", ("db",)), ("tilde", ("mail",)), ("asterisk", ())],
)
async def test_a_quick_filter_leaves_what_is_meant_and_the_same_key_undoes_it(
    key: str, left: tuple[str, ...]
) -> None:
    async with listing() as (_, view, pilot):
        await pilot.press(key)
        assert view.shown == left
        await pilot.press(key)
        assert len(view.shown) == 4


async def test_text_filters_by_name_node_state_and_what_is_wrong() -> None:
    async with listing() as (_, view, pilot):
        for typed, found in (("WEB", {"web2", "web10"}), ("charlie", {"db"}), ("blocked", {"db"})):
            view.change(replace(view.order, text=typed))
            await pilot.pause()
            assert set(view.shown) == found


async def test_nodes_have_a_list_of_their_own_with_a_cursor_of_its_own() -> None:
    async with listing() as (app, view, pilot):
        await pilot.press("down")
        await pilot.press("t")
        assert view.shown == ("charlie", "alpha", "bravo")
        assert "charlie is unclean" in text(view, 1)
        assert app.highlighted[-1] == (None, "charlie")
        await pilot.press("t")
        assert list(app.highlighted)[-1] == ("mail", "alpha")


async def test_what_is_marked_is_seen_to_be() -> None:
    async with listing() as (_, view, pilot):
        await pilot.press("x")
        assert text(view, 1).startswith("◉ db")
        await pilot.press("asterisk")
        assert view.shown == ("db",)


async def test_what_is_wrong_has_its_room_at_any_width() -> None:
    for width in (80, 100, 140, 200):
        async with listing(size=(width, 12)) as (_, view, _pilot):
            assert "✖ db is blocked" in text(view, 1)
            assert len(text(view, 1)) == width


async def test_a_name_cannot_act_on_the_terminal() -> None:
    evil = cluster(vm("[red]x\x1b[2J"))
    async with listing(evil) as (_, view, _pilot):
        assert "\x1b" not in text(view, 1)
        assert "[red]x" in text(view, 1)


async def test_of_two_thousand_only_the_lines_in_sight_are_drawn() -> None:
    many = cluster(*(vm(f"vm{number}") for number in range(2000)))
    async with listing(many) as (app, view, pilot):
        assert len(view.shown) == 2000
        await pilot.press("end")
        assert app.highlighted[-1][0] == "vm1999"
        assert "vm1999" in text(view, 11)
