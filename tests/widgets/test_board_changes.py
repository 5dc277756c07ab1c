"""A new picture: what changed is repainted, what is selected or in the hand stays what it was."""

from __future__ import annotations

from dataclasses import replace

from textual.widget import Widget

from backends.data.picture import Cluster
from board_app import Hands, judged, on_board
from board_pictures import cluster, migrating, node, vm, with_node, with_vm
from widgets.board import Board


def seen(hands: Hands) -> list[str]:
    """The screen as the compositor has it: what a stale repaint would leave behind shows here."""
    return [
        "".join(segment.text for segment in strip)
        for strip in hands.app.screen._compositor.render_strips()
    ]


def moved(picture: Cluster, name: str, to: str) -> Cluster:
    known = picture.vm(name)
    assert known is not None
    return with_vm(picture, replace(known, node=to, nodes=(to,)))


async def test_the_selection_follows_the_vm_to_its_new_node() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        hands.app.said.clear()
        await hands.show(moved(cluster(), "web01", "node03"))
        assert (hands.board.selected_vm, hands.board.selection.node) == ("web01", "node03")
        assert isinstance(said := hands.said(Board.SelectionChanged)[-1], Board.SelectionChanged)
        assert (said.vm, said.node) == ("web01", "node03")


async def test_a_picture_that_comes_while_the_board_shrinks_leaves_the_cursor_in_sight() -> None:
    async with on_board(cluster(vms=15), size=(80, 24)) as hands:
        board = hands.board
        last = board.sight.scene.columns[0].cards[-1].vm.id
        board.select(last)
        board.hold(True)
        board.styles.height = 9
        board.screen._clear_arrangement_cache()
        board.screen._refresh_layout()
        board.show(board.picture)
        await hands.pilot.pause()
        sight = board.sight
        assert sight.view.height == 9
        spot = sight.scene.find(last)
        assert spot is not None
        assert sight.clipped(sight.place(*spot)) == sight.place(*spot)


async def test_a_vanished_selection_leaves_its_neighbour_selected() -> None:
    picture = cluster()
    async with on_board(picture) as hands:
        hands.board.select("proxy01")
        gone = tuple(known for known in picture.vms if known.id != "proxy01")
        await hands.show(replace(picture, vms=gone))
        assert hands.board.selection.node == "node01"
        assert hands.board.selected_vm == "web01"


async def test_a_carried_vm_that_vanishes_is_put_back() -> None:
    picture = cluster()
    async with on_board(picture) as hands:
        hands.board.select("web01")
        await hands.press("m", "right")
        gone = tuple(known for known in picture.vms if known.id != "web01")
        await hands.show(replace(picture, vms=gone))
        assert not hands.board.carrying
        assert hands.said(Board.PutBack)
        await hands.press("enter")
        assert not hands.said(Board.Dropped)


async def test_a_carried_vm_that_begins_to_migrate_is_put_back() -> None:
    async with on_board(cluster()) as hands:
        await hands.mouse_down(hands.where("web01"))
        await hands.hover(hands.column("node02"))
        await hands.show(migrating(cluster(), "web01", "node03"))
        assert not hands.board.carrying
        assert hands.app.mouse_captured is None
        await hands.mouse_up(hands.column("node02"))
        assert not hands.said(Board.Dropped)


async def test_a_target_that_disappears_is_none() -> None:
    picture = cluster(4, 9)
    async with on_board(picture) as hands:
        hands.board.select("web01")
        await hands.press("m", "e", "0", "4")
        assert hands.board.target == "node04"
        left = tuple(known for known in picture.nodes if known.name != "node04")
        await hands.show(replace(picture, nodes=left))
        assert hands.board.carrying == ("web01",)
        assert hands.board.target is None


async def test_a_filter_hides_nothing_from_the_hand() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        await hands.press("m", "right")
        hands.board.filter_text = "db"
        await hands.show(cluster(seed=2))
        assert hands.board.carrying == ("web01",)


async def test_the_glass_is_always_what_a_full_repaint_would_draw() -> None:
    pictures = [
        cluster(3, 30, seed=1),
        cluster(3, 30, seed=2),
        with_vm(cluster(3, 30, seed=2), vm("web01", "node01", cpu_percent=99.0)),
        migrating(cluster(3, 30, seed=2), "web01", "node02"),
        migrating(cluster(3, 30, seed=3), "web01", "node02", 80.0),
        moved(cluster(3, 30, seed=3), "web01", "node02"),
        with_node(cluster(3, 30, seed=3), node("node02", cpu_percent=None)),
        cluster(4, 30, seed=4),
        cluster(3, 31, seed=4),
    ]
    async with on_board(pictures[0], size=(100, 30)) as hands:
        for number, picture in enumerate(pictures):
            await hands.show(replace(picture, taken_at=float(number)))
            await hands.press("down")
            shown = seen(hands)
            Widget.refresh(hands.board)
            hands.board._looks_anew()
            await hands.pilot.pause()
            assert seen(hands) == shown


async def test_an_equal_picture_repaints_nothing() -> None:
    async with on_board(cluster(3, 30)) as hands:
        await hands.show(cluster(3, 30))
        hands.board._dirty_regions.clear()
        hands.board.show(cluster(3, 30), judged(cluster(3, 30)))
        assert not hands.board._dirty_regions


async def test_a_hint_of_the_past_is_kept_for_each_node() -> None:
    async with on_board(cluster(), size=(120, 40)) as hands:
        for second, percent in enumerate((0.0, 50.0, 99.0)):
            busy = with_node(cluster(at=10.0 + second), node("node02", cpu_percent=percent))
            await hands.show(busy)
        assert "▁▅█" in hands.head("node02")


async def test_the_selection_goes_to_a_match_when_the_filter_hides_it() -> None:
    async with on_board(cluster()) as hands:
        hands.board.select("web01")
        hands.board.filter_text = "db"
        await hands.pilot.pause()
        selected = hands.board.selected_vm
        assert selected is not None and "db" in selected
