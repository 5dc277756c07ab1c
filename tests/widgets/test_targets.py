"""Where to: what each node would carry, and the nodes in the order in which one would choose."""

from __future__ import annotations

from dataclasses import replace

from textual.geometry import Offset

from backends.data.picture import Cluster
from backends.data.plan import Verdict, VerdictKind
from board_app import Hands, on_board
from board_pictures import GIB, cluster, node, vm, with_vm
from widgets import drag
from widgets.board import Board
from widgets.hand import Hand
from widgets.targets import targets

HOME = node("alpha", memory_bytes=100 * GIB, memory_used_bytes=10 * GIB)
FULLER = node("bravo", memory_bytes=100 * GIB, memory_used_bytes=60 * GIB)
ROOMY = node("charlie", memory_bytes=100 * GIB, memory_used_bytes=30 * GIB)
BUSY = node("delta", memory_bytes=100 * GIB, memory_used_bytes=10 * GIB, cpu_percent=95.0)
NODES = (HOME, FULLER, ROOMY, BUSY)


def told(name: str, kind: VerdictKind = VerdictKind.LIVE, *reasons: str) -> Verdict:
    return Verdict(("web1",), name, kind, reasons)


def holding(memory_bytes: int | None = 4 * GIB) -> Hand:
    """A hand with web1 of alpha in it."""
    hand, _ = Hand().fed(drag.Lift(("web1",), frozenset({"alpha"})))
    return hand.seen_in(Cluster(vms=(vm("web1", "alpha", memory_bytes=memory_bytes),)))


def names(hand: Hand) -> list[str]:
    return [target.node.name for target in targets(NODES, hand)]


def test_the_better_verdict_comes_first_and_then_the_more_room() -> None:
    live = {each.name: told(each.name) for each in NODES[1:]}
    assert names(holding().told(live, None)) == ["charlie", "bravo", "delta"], "delta has no CPU"
    worse = {**live, "charlie": told("charlie", VerdictKind.REBOOT)}
    assert names(holding().told(worse, None)) == ["bravo", "delta", "charlie"]


def test_the_node_with_the_star_is_the_first_of_its_kind() -> None:
    live = {each.name: told(each.name) for each in NODES[1:]}
    assert names(holding().told(live, "bravo"))[0] == "bravo"


def test_a_node_that_is_still_asked_comes_last_and_the_own_node_not_at_all() -> None:
    refused = {"delta": told("delta", VerdictKind.REFUSED)}
    assert names(holding().told(refused, None)) == ["delta", "charlie", "bravo"]


def test_the_memory_told_is_that_after_the_move() -> None:
    hand = holding(4 * GIB)
    after = {each.name: hand.offer(each) for each in NODES}
    used = {name: offer.used_after_bytes for name, offer in after.items() if offer is not None}
    assert used["bravo"] == 64 * GIB
    assert used["alpha"] == 6 * GIB, "it leaves"


def test_of_an_unknown_size_no_sum_is_made_up() -> None:
    offer = holding(memory_bytes=None).offer(FULLER)
    assert offer is not None
    assert offer.used_after_bytes is None


async def tell(hands: Hands, *verdicts: Verdict, best: str | None = None) -> None:
    hands.board.show_verdicts({verdict.node: verdict for verdict in verdicts}, best)
    await hands.pilot.pause()


def lines_with(hands: Hands, text: str) -> list[str]:
    return [line for line in hands.lines() if text in line]


async def test_heads_keep_cpu_and_memory_while_something_is_carried() -> None:
    picture = cluster(3, 3)
    second = replace(picture.nodes[1], memory_bytes=192 * GIB, memory_used_bytes=55 * GIB,
                     cpu_percent=12.0)  # fmt: skip
    nodes = (picture.nodes[0], second, picture.nodes[2])
    sized = vm("web01", "node01", memory_bytes=2 * GIB)
    async with on_board(replace(with_vm(picture, sized), nodes=nodes)) as hands:
        hands.board.select("web01")
        await hands.press("m")
        await tell(hands, Verdict(("web01",), "node02", VerdictKind.LIVE), best="node02")
        head = hands.head("node02")
        assert "✔ LIVE" in head
        assert "★ most room" in head
        assert "mem 55→57/192 GiB  cpu 12%" in head


async def test_the_list_is_there_by_itself_where_not_all_nodes_are_seen() -> None:
    async with on_board(cluster(3, 9)) as hands:
        await hands.press("m")
        assert not lines_with(hands, "where to"), "all of them are seen"
    async with on_board(cluster(32, 64), size=(80, 24)) as hands:
        before = hands.board.sight.layout
        await hands.press("m")
        assert lines_with(hands, "where to")
        assert hands.board.sight.layout == before, "nothing makes room for it"
        await hands.press("tab")
        assert not lines_with(hands, "where to")
        await hands.press("tab", "escape")
        assert not lines_with(hands, "where to"), "the hand is empty"


async def test_down_and_enter_take_the_best() -> None:
    async with on_board(cluster(3, 9)) as hands:
        hands.board.select("web01")
        await hands.press("m", "tab")
        await tell(
            hands,
            Verdict(("web01",), "node02", VerdictKind.REFUSED, ("it is banned there",)),
            Verdict(("web01",), "node03", VerdictKind.LIVE),
        )
        listed = [line for line in hands.lines() if "REFUSED" in line or "LIVE" in line]
        assert "node03" in listed[1], "below the heads, the best first"
        assert any("it is banned there" in line for line in listed[2:] + hands.lines())
        await hands.press("down")
        assert hands.board.target == "node03"
        await hands.press("down", "down")
        assert hands.board.target == "node02"
        await hands.press("up", "enter")
        assert [d.node for d in hands.said(Board.Dropped) if isinstance(d, Board.Dropped)] == [
            "node03"
        ]


async def test_a_row_can_be_dropped_on_with_the_mouse() -> None:
    async with on_board(cluster(32, 64), size=(80, 24)) as hands:
        at = hands.where("web01")
        await hands.mouse_down(at)
        await hands.hover((at[0] + 3, at[1]))
        await tell(hands, *(Verdict(("web01",), f"node{n:02}", VerdictKind.LIVE)
                            for n in range(2, 33)), best="node31")  # fmt: skip
        y = next(y for y, line in enumerate(hands.lines()) if "node31" in line)
        row = Offset(hands.lines()[y].index("node31"), y)
        await hands.hover(row)
        assert hands.board.target == "node31"
        await hands.mouse_up(row)
        assert [d.node for d in hands.said(Board.Dropped) if isinstance(d, Board.Dropped)] == [
            "node31"
        ]


async def test_the_list_never_lies_over_what_is_carried() -> None:
    async with on_board(cluster(32, 96), size=(120, 40)) as hands:
        seen = [hands.board.sight.scene.columns[i] for i in hands.board.sight.columns()]
        for column in seen:
            hands.board.select(column.cards[0].vm.id)
            await hands.press("m")
            x, y = hands.where(column.cards[0].vm.id)
            assert column.cards[0].vm.id in hands.lines()[y][x - 3 : x + 20], column.name
            await hands.press("escape")


async def test_no_row_goes_away_under_the_cursor() -> None:
    """Loads change each second; the order is that of the verdicts."""
    picture = cluster(32, 64)
    async with on_board(picture, size=(80, 24)) as hands:
        hands.board.select("web01")
        await hands.press("m")
        await tell(hands, *(Verdict(("web01",), n.name, VerdictKind.LIVE) for n in picture.nodes))
        before = [line[38:48] for line in hands.lines()]
        await hands.show(cluster(32, 64, seed=7))
        assert [line[38:48] for line in hands.lines()][6:] == before[6:]
