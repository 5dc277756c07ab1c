"""Nodes beyond the edges of the board leave a trace, and one that was lost comes into sight."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.geometry import Offset

from backends.data.picture import Cluster, NodeState
from backends.data.plan import Verdict, VerdictKind
from board_app import Hands, on_board
from board_pictures import cluster, with_node
from widgets.board import Board
from widgets.glyphs import NODE_MARKS

NARROW = (80, 24)


def overview(hands: Hands) -> str:
    """The line below the columns."""
    assert hands.board.sight.partial
    return hands.board.render_line(hands.board.sight.view.height).text


def losing(picture: Cluster, name: str) -> Cluster:
    node = picture.node(name)
    assert node is not None
    return with_node(picture, replace(node, state=NodeState.UNCLEAN))


async def test_there_is_no_line_where_all_nodes_are_seen() -> None:
    async with on_board(cluster(3, 9)) as hands:
        assert not hands.board.sight.partial
        assert hands.board.sight.view == hands.board.size


@pytest.mark.parametrize("size", [NARROW, (100, 30), (160, 40)])
async def test_the_nodes_that_are_not_seen_are_named(size: tuple[int, int]) -> None:
    async with on_board(cluster(32, 320), size=size) as hands:
        seen = hands.board.sight.heads()
        following = f"node{len(seen) + 1:02}"
        assert 0 < len(seen) < 32
        assert f"{following} " in overview(hands)
        hands.board.select(None, "node32")
        await hands.pilot.pause()
        assert "node01" not in hands.board.sight.heads()
        assert "‹ " in overview(hands) or "↑ " in overview(hands)


async def test_a_click_leads_to_a_node() -> None:
    async with on_board(cluster(32, 64), size=NARROW) as hands:
        y = hands.board.sight.view.height
        await hands.mouse_down((overview(hands).index("node04"), y))
        assert hands.board.selection.node == "node04"
        assert "node04" in hands.board.sight.heads()
        cells = overview(hands).index("‹")
        assert cells >= 0
        first = (80 - 32) // 2
        await hands.mouse_down((first + 31, y))
        assert hands.board.selection.node == "node32"


async def test_trouble_beyond_is_named_first() -> None:
    picture = losing(cluster(12, 24), "node09")
    async with on_board(picture, size=NARROW) as hands:
        assert NODE_MARKS[NodeState.UNCLEAN].glyph in overview(hands)


async def test_each_node_says_its_verdict_and_takes_a_drop() -> None:
    async with on_board(cluster(12, 24), size=NARROW) as hands:
        at = hands.where("web01")
        await hands.mouse_down(at)
        await hands.hover((at[0] + 3, at[1]))
        hands.board.show_verdicts(
            {f"node{n:02}": Verdict(("web01",), f"node{n:02}", VerdictKind.REBOOT)
             for n in range(2, 13)}
        )  # fmt: skip
        await hands.pilot.pause()
        assert overview(hands).count("⊘") == 11
        last = Offset(overview(hands).rindex("⊘"), hands.board.sight.view.height)
        await hands.hover(last)
        assert hands.board.target == "node12"
        await hands.mouse_up(last)
        assert [d.node for d in hands.said(Board.Dropped) if isinstance(d, Board.Dropped)] == [
            "node12"
        ]


async def test_a_lost_node_is_loud_and_comes_into_sight_and_the_cursor_stays() -> None:
    picture = cluster(12, 24)
    async with on_board(picture, size=NARROW) as hands:
        selected = hands.board.selected_vm
        assert "node09" not in hands.board.sight.heads()
        await hands.show(losing(picture, "node09"))
        assert "node09" in hands.board.sight.heads()
        assert hands.head("node09").startswith("┏")
        assert hands.head("node08").startswith("╭")
        assert hands.board.selected_vm == selected


async def test_while_something_is_carried_nothing_moves_for_a_lost_node() -> None:
    picture = cluster(12, 24)
    async with on_board(picture, size=NARROW) as hands:
        await hands.press("m")
        await hands.show(losing(picture, "node09"))
        assert hands.board.scroll_offset.x == 0
        await hands.press("escape")
        assert "node09" in hands.board.sight.heads()


@pytest.mark.parametrize("width", range(60, 104, 3))
async def test_no_column_is_left_half_cut_by_a_jump_or_by_another_size(width: int) -> None:
    async with on_board(cluster(12, 24), size=(width, 24)) as hands:
        for name in ("node07", "node12", "node02", "node09"):
            hands.board.select(None, name)
            await hands.pilot.pause()
            assert len(hands.board.sight.heads()) == len(hands.board.sight.columns()), name
        for size in ((width + 11, 24), (width, 16), (width - 5, 30)):
            await hands.pilot.resize_terminal(*size)
            await hands.pilot.pause()
            assert len(hands.board.sight.heads()) == len(hands.board.sight.columns()), size
