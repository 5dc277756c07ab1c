"""Where to: the nodes in the order in which one would choose them."""

from __future__ import annotations

from dataclasses import replace

from backends.data.plan import Verdict, VerdictKind
from core.pictures import NODES, GiB, cluster, vm
from widgets.targets import ranked

SIZED = tuple(
    replace(node, memory_bytes=100 * GiB, memory_used_bytes=used * GiB)
    for node, used in zip(NODES, (10, 60, 30), strict=True)
)
PICTURE = cluster(replace(vm(), memory_bytes=4 * GiB), nodes=SIZED)


def verdict(node: str, kind: VerdictKind) -> Verdict:
    return Verdict(("web1",), node, kind)


def test_the_better_verdict_comes_first_and_then_the_more_room() -> None:
    live = {name: verdict(name, VerdictKind.LIVE) for name in ("bravo", "charlie")}
    assert [t.node.name for t in ranked(PICTURE, ["web1"], live)] == ["charlie", "bravo"]
    worse = {**live, "charlie": verdict("charlie", VerdictKind.REBOOT)}
    assert [t.node.name for t in ranked(PICTURE, ["web1"], worse)] == ["bravo", "charlie"]


def test_the_memory_told_is_that_after_the_move() -> None:
    (first, _) = ranked(PICTURE, ["web1"], {})
    assert first.used_after_bytes == 34 * GiB


def test_of_an_unknown_size_no_sum_is_made_up() -> None:
    unknown = cluster(vm(), nodes=SIZED)
    assert ranked(unknown, ["web1"], {})[0].used_after_bytes is None


def test_the_own_node_is_no_target() -> None:
    assert "alpha" not in [target.node.name for target in ranked(PICTURE, ["web1"], {})]
