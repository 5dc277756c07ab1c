"""The keyboard can do all that the mouse can."""

from __future__ import annotations

import pytest

from backends.data.plan import Verdict, VerdictKind
from board_app import on_board
from board_pictures import cluster, migrating
from widgets.board import Board


async def test_pick_up_aim_and_drop() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("m", "right", "right", "left", "enter")
        assert [
            type(message).__name__
            for message in hands.app.said
            if not isinstance(message, (Board.TargetChanged, Board.SelectionChanged))
        ] == ["PickedUp", "Dropped"]
        [dropped] = hands.said(Board.Dropped)
        assert isinstance(dropped, Board.Dropped)
        assert (dropped.vms, dropped.node) == (("web01",), "node02")


async def test_space_picks_up_and_escape_puts_back() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("space")
        assert hands.board.carrying == ("web01",)
        await hands.press("right", "escape")
        assert not hands.board.carrying
        assert hands.said(Board.PutBack)
        assert not hands.said(Board.Dropped)


async def test_enter_without_a_target_drops_nothing() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("m", "enter")
        assert hands.board.carrying == ("web01",)
        assert not hands.said(Board.Dropped)


async def test_typing_a_part_of_a_name_chooses_the_node_and_brings_it_into_sight() -> None:
    async with on_board(cluster(32, 64), size=(80, 24)) as hands:
        hands.board.select("web01")
        await hands.press("m", "e", "2", "8")
        assert hands.board.target == "node28"
        assert "e28▏" in hands.lines()[-1]
        assert "node28" in hands.lines()[0]
        await hands.press("backspace", "9")
        assert hands.board.target == "node29"
        await hands.press("x", "enter")
        assert "no such node" in hands.lines()[-1]
        assert not hands.said(Board.Dropped)
        await hands.press("backspace", "enter")
        assert isinstance(dropped := hands.said(Board.Dropped)[0], Board.Dropped)
        assert dropped.node == "node29"


async def test_letters_that_are_keys_are_letters_while_carrying() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("m", "d", "e", "0", "3")
        assert hands.board.target == "node03"
        assert hands.board.dense is None


async def test_marked_vms_are_picked_up_together() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("x")
        hands.board.select("db01")
        await hands.press("x", "m")
        assert set(hands.board.carrying) == {"web01", "db01"}
        assert "2 VMs" in hands.lines()[-1]


async def test_escape_unmarks_and_otherwise_is_left_to_others() -> None:
    async with on_board(cluster()) as hands:
        assert hands.board.check_action("put_back", ()) is False
        await hands.press("x")
        assert hands.board.marked
        await hands.press("escape")
        assert not hands.board.marked


async def test_enter_asks_for_details() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("db01")
        await hands.press("enter")
        hands.board.select(None, "node02")
        await hands.press("enter")
        wanted = [m for m in hands.app.said if isinstance(m, Board.DetailsWanted)]
        assert [(m.vm, m.node) for m in wanted] == [("db01", "node02"), (None, "node02")]


@pytest.mark.parametrize(
    ("keys", "selected"),
    [
        (["down"], ("proxy01", "node01")),
        (["j", "k"], ("build01", "node01")),
        (["up"], (None, "node01")),
        (["right"], ("cache01", "node02")),
        (["l", "h"], ("build01", "node01")),
        (["end"], ("web01", "node01")),
        (["end", "home"], ("build01", "node01")),
        (["down", "down", "down"], ("web01", "node01")),
        (["up", "right"], (None, "node02")),
        (["left"], ("build01", "node01")),
    ],
)
async def test_arrows_move_the_selection(
    keys: list[str], selected: tuple[str | None, str | None]
) -> None:
    async with on_board(cluster(), size=(80, 24)) as hands:
        assert hands.board.selected_vm == "build01"
        await hands.press(*keys)
        assert (hands.board.selected_vm, hands.board.selection.node) == selected


async def test_down_goes_through_every_card_below_and_keeps_it_in_sight() -> None:
    async with on_board(cluster(9, 300), size=(120, 30)) as hands:
        board = hands.board
        seen: list[str] = []
        before = None
        while (before != (board.selection.node, board.selected_vm)) and len(seen) < 300:
            before = board.selection.node, board.selected_vm
            assert board.selected_vm is not None or board.selection.node is not None
            if board.selected_vm is not None:
                x, y = hands.where(board.selected_vm)
                assert board.sight.layout.head_height <= y < board.sight.view.height
                assert 0 <= x < board.sight.view.width
                assert board.selected_vm in board.render_line(y).text
                seen.append(board.selected_vm)
            board.action_step("DOWN")
        below = ("node01", "node04", "node07")
        assert set(seen) == {vm.id for vm in cluster(9, 300).vms if vm.node in below}
        assert len(seen) == len(set(seen))


async def test_pages_move_by_a_screenful() -> None:
    async with on_board(cluster(3, 300), size=(80, 24)) as hands:
        await hands.press("pagedown", "pagedown")
        assert hands.board.scroll_offset.y > 10
        await hands.press("pageup", "pageup", "pageup")
        assert hands.board.selected_vm is None
        assert hands.board.scroll_offset.y == 0


async def test_a_migrating_vm_stays_where_it_is() -> None:
    async with on_board(migrating(cluster(), "web01", "node02")) as hands:
        hands.board.select("web01")
        await hands.press("m")
        assert not hands.board.carrying
        assert isinstance(no := hands.said(Board.Unmovable)[0], Board.Unmovable)
        assert no.vm == "web01"


async def test_verdicts_are_on_the_columns_while_carrying_and_then_gone() -> None:
    async with on_board(cluster(4, 8)) as hands:
        hands.board.select("web01")
        await hands.press("m")
        assert "here now" in hands.head("node01")
        assert "…" in hands.head("node02")
        reason = "allow-migrate is not set: web01 would be stopped and started again"
        hands.board.show_verdicts(
            {
                "node02": Verdict(("web01",), "node02", VerdictKind.REBOOT, (reason,)),
                "node03": Verdict(("web01",), "node03", VerdictKind.LIVE),
            }
        )
        await hands.pilot.pause()
        assert "⊘ REBOOT" in hands.head("node02")
        assert "stopped" in hands.head("node02")
        assert "✔ LIVE" in hands.head("node03")
        assert "…" in hands.head("node04")
        await hands.press("right")
        assert f"web01 → node02   ⊘ REBOOT: {reason}" in hands.lines()[-1]
        await hands.press("escape")
        assert "REBOOT" not in hands.glass()


async def test_no_card_moves_when_a_vm_is_picked_up() -> None:
    async with on_board(cluster(4, 30), size=(110, 30)) as hands:
        before = hands.board.sight.layout
        await hands.press("m")
        await hands.pilot.pause()
        assert hands.board.sight.layout == before
