"""Dragging with the mouse: press, move, release, and all that can come between."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.events import MouseUp
from textual.screen import ModalScreen

from backends.data.picture import VMState
from board_app import Hands, on_board
from board_pictures import cluster, migrating, vm
from widgets.board import Board


async def drag(hands: Hands, name: str, node: str | None) -> None:
    start, end = hands.where(name), hands.column(node)
    await hands.mouse_down(start)
    await hands.hover((start[0] + 2, start[1]))
    await hands.hover(end)
    await hands.mouse_up(end)


async def test_a_card_dragged_to_a_column_is_dropped_there() -> None:
    async with on_board(cluster()) as hands:
        await drag(hands, "web01", "node02")
        [taken] = hands.said(Board.PickedUp)
        assert isinstance(taken, Board.PickedUp)
        assert taken.vms == ("web01",)
        [dropped] = hands.said(Board.Dropped)
        assert isinstance(dropped, Board.Dropped)
        assert (dropped.vms, dropped.node) == (("web01",), "node02")
        assert not hands.said(Board.PutBack)
        assert not hands.board.carrying


async def test_the_column_under_the_pointer_is_the_target() -> None:
    async with on_board(cluster()) as hands:
        await hands.mouse_down(hands.where("web01"))
        await hands.hover(hands.column("node02"))
        assert hands.board.target == "node02"
        assert "┏" in hands.head("node02")
        assert "web01 → node02" in hands.lines()[-1]
        await hands.hover(hands.column("node03"))
        assert hands.board.target == "node03"
        assert "┏" not in hands.head("node02")


async def test_a_click_only_selects() -> None:
    async with on_board(cluster()) as hands:
        place = hands.where("mail01")
        await hands.mouse_down(place)
        await hands.hover((place[0] + 1, place[1]))
        await hands.mouse_up((place[0] + 1, place[1]))
        assert hands.board.selected_vm == "mail01"
        assert not hands.said(Board.PickedUp)


async def test_a_terminal_that_reports_no_motion_can_drag() -> None:
    async with on_board(cluster()) as hands:
        await hands.mouse_down(hands.where("web01"))
        hands.app.said.clear()
        board, (x, y) = hands.board, hands.column("node03")
        board.post_message(MouseUp(board, x, y, 0, 0, 1, False, False, False, x, y))
        await hands.pilot.pause()
        assert [type(message) for message in hands.app.said][:2] == [Board.PickedUp, Board.Dropped]


@pytest.mark.parametrize("node", ["node01", None])
async def test_a_release_at_home_or_on_no_node_puts_back(node: str | None) -> None:
    picture = cluster()
    stopped = vm("off01", None, VMState.STOPPED)
    async with on_board(replace(picture, vms=(*picture.vms, stopped))) as hands:
        await drag(hands, "web01", node)
        assert hands.said(Board.PutBack)
        assert not hands.said(Board.Dropped)


async def test_escape_puts_back_and_frees_the_mouse() -> None:
    async with on_board(cluster()) as hands:
        await hands.mouse_down(hands.where("web01"))
        await hands.hover(hands.column("node02"))
        await hands.press("escape")
        assert hands.said(Board.PutBack)
        assert hands.app.mouse_captured is None
        await hands.mouse_up(hands.column("node02"))
        assert not hands.said(Board.Dropped)


async def test_a_dialog_that_takes_the_mouse_puts_back() -> None:
    async with on_board(cluster()) as hands:
        await hands.mouse_down(hands.where("web01"))
        await hands.hover(hands.column("node02"))
        await hands.app.push_screen(ModalScreen())
        await hands.pilot.pause()
        assert not hands.board.carrying
        assert hands.said(Board.PutBack)


async def test_a_double_click_asks_for_details() -> None:
    async with on_board(cluster()) as hands:
        await hands.pilot.click(Board, offset=hands.where("mail01"), times=2)
        [wanted] = hands.said(Board.DetailsWanted)
        assert isinstance(wanted, Board.DetailsWanted)
        assert (wanted.vm, wanted.node) == ("mail01", "node03")


async def test_ctrl_click_marks_and_a_drag_takes_all_marked() -> None:
    async with on_board(cluster()) as hands:
        for name in ("web01", "build01"):
            await hands.mouse_down(hands.where(name), control=True)
            await hands.mouse_up(hands.where(name))
        assert hands.board.marked == {"web01", "build01"}
        await drag(hands, "web01", "node02")
        [dropped] = hands.said(Board.Dropped)
        assert isinstance(dropped, Board.Dropped)
        assert set(dropped.vms) == {"web01", "build01"}
        assert not hands.board.marked


async def test_what_is_migrating_cannot_be_picked_up_and_says_why() -> None:
    async with on_board(migrating(cluster(), "web01", "node02")) as hands:
        await drag(hands, "web01", "node03")
        assert not hands.said(Board.PickedUp)
        [no] = hands.said(Board.Unmovable)
        assert isinstance(no, Board.Unmovable)
        assert "migrated already" in no.reason


async def test_the_edge_scrolls_while_dragging() -> None:
    async with on_board(cluster(12, 24), size=(80, 24)) as hands:
        board = hands.board
        await hands.mouse_down(hands.where("web01"))
        await hands.hover((40, 12))
        await hands.hover((79, 12))
        for _ in range(200):
            if board.scroll_offset.x == board.max_scroll_x:
                break
            await hands.pilot.pause(0.05)
        assert board.scroll_offset.x == board.max_scroll_x
        assert board.target == "node12"
        await hands.mouse_up((79, 12))
        assert isinstance(dropped := hands.said(Board.Dropped)[0], Board.Dropped)
        assert dropped.node == "node12"
        assert not board._mouse.edge.scrolling


async def test_a_click_on_a_head_selects_the_node() -> None:
    async with on_board(cluster()) as hands:
        x, _ = hands.column("node02")
        await hands.mouse_down((x, 1))
        await hands.mouse_up((x, 1))
        assert (hands.board.selected_vm, hands.board.selection.node) == (None, "node02")


async def test_a_drop_where_nothing_runs_is_refused_in_words() -> None:
    picture = cluster()
    stopped = vm("off01", None, VMState.STOPPED)
    async with on_board(replace(picture, vms=(*picture.vms, stopped))) as hands:
        await drag(hands, "web01", None)
        [no] = hands.said(Board.Unmovable)
        assert isinstance(no, Board.Unmovable)
        assert "stops none" in no.reason
        assert not hands.said(Board.Dropped)
        assert hands.said(Board.PutBack)
