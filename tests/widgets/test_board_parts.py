"""The board's parts, each without an app."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Offset, Region, Size
from textual.message import Message

from backends.data.picture import Cluster
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.health import Judged
from board_pictures import cluster, node, vm, with_node, with_vm
from widgets import drag
from widgets.board import messages
from widgets.board.glass import changed
from widgets.board.grip import Grip
from widgets.board.moves import Way
from widgets.board.painter import Painter, Shown
from widgets.board.sight import Sight
from widgets.board.stage import Stage
from widgets.board.trends import KEPT, Trends
from widgets.glyphs import Tone
from widgets.hand import Hand
from widgets.ink import Ground
from widgets.selection import Selection
from widgets.spans import changed_spans

SIZE = Size(120, 40)


def shown(picture: Cluster, size: Size = SIZE) -> Shown:
    stage = Stage()
    stage.show(picture, Judged())
    stage.place(size)
    return Shown(Sight(stage.scene, stage.layout, stage.view))


def telling(tone: Tone, ground: Ground) -> Style:
    """A look in which every tone on every ground is another."""
    return Style(color=f"color({list(Tone).index(tone) * 9 + list(Ground).index(ground)})")


def cells(what: Shown) -> list[list[tuple[str, Style | None]]]:
    painter = Painter(telling)
    strips = [painter.strip(what, y, SIZE.width) for y in range(SIZE.height)]
    return [[(c, segment.style) for segment in strip for c in segment.text] for strip in strips]


def repainted(before: Shown, now: Shown) -> list[Region]:
    painter = Painter(telling)
    regions = changed(painter.glass(before), painter.glass(now), now.sight)
    return [Region(0, 0, *SIZE)] if regions is None else regions


# What has to be painted again


words = st.lists(st.sampled_from(["ab", "abc", "虚拟", " ", "x"]), max_size=6)


@given(words, words)
def test_outside_the_changed_spans_lines_are_the_same(before: list[str], now: list[str]) -> None:
    old, new = [Segment(word) for word in before], [Segment(word) for word in now]
    spans = [range(start, end) for start, end in changed_spans(old, new)]
    for line, other in ((old, new), (new, old)):
        x = 0
        for segment in line:
            after = x + segment.cell_length
            if not any(x < span.stop and after > span.start for span in spans):
                assert segment in other
            x = after
    assert sum(map(len, spans)) <= max(sum(s.cell_length for s in line) for line in (old, new))


def test_only_the_style_is_a_change_too() -> None:
    plain, loud = Segment("web01", Style()), Segment("web01", Style(bold=True))
    rest = Segment("  42%", Style())
    assert list(changed_spans([plain, rest], [loud, rest])) == [(0, 5)]
    assert list(changed_spans([plain, rest], [plain, rest])) == []


def test_the_same_picture_is_not_painted_again() -> None:
    assert repainted(shown(cluster(3, 30)), shown(cluster(3, 30))) == []


def test_of_a_number_that_changed_no_more_than_its_line_is_painted() -> None:
    picture = cluster(3, 9)
    before, now = shown(picture), shown(with_vm(picture, vm("web01", "node01", cpu_percent=99)))
    place = now.sight.scene.find("web01")
    assert place is not None
    card = now.sight.place(*place)
    found = repainted(before, now)
    assert found
    assert all(card.contains_region(region) for region in found)
    assert sum(region.area for region in found) < card.area / 2


def test_where_nearly_all_changed_the_whole_is_painted() -> None:
    picture = cluster(3, 300)
    other = replace(picture, vms=tuple(replace(each, cpu_percent=99) for each in picture.vms))
    assert repainted(shown(picture), shown(other)) == [Region(0, 0, *SIZE)]


def carrying(target: str | None) -> Hand:
    state = drag.Carrying(("web01",), frozenset({"node01"}), target, by_mouse=True)
    reboot = Verdict(("web01",), "node02", VerdictKind.REBOOT, ("not allowed",))
    return Hand(state, {"node02": reboot}, "node02")


BEFORE = shown(cluster(3, 9))
AFTER = {
    "a head is selected": replace(BEFORE, selection=Selection("node02")),
    "a VM is selected": replace(BEFORE, selection=Selection("node01", "web01")),
    "VMs are marked": replace(BEFORE, selection=Selection(marked=frozenset({"web01", "db01"}))),
    "a VM is in the hand": replace(BEFORE, hand=carrying(None)),
    "it is aimed": replace(BEFORE, hand=carrying("node02")),
    "the mouse aims": replace(BEFORE, hand=carrying("node03"), pointer=Offset(50, 20)),
    "the DC is another": shown(with_node(cluster(3, 9), node("node02", is_dc=True))),
}


@pytest.mark.parametrize("after", AFTER.values(), ids=AFTER)
def test_what_is_not_painted_again_is_as_it_was(after: Shown) -> None:
    for before, now in ((BEFORE, after), (after, BEFORE)):
        regions = repainted(before, now)
        assert regions
        for y, (was, here) in enumerate(zip(cells(before), cells(now), strict=True)):
            for x, (old, new) in enumerate(zip(was, here, strict=True)):
                assert old == new or any(region.contains(x, y) for region in regions)


# Selection and hand, of a stage


def gripped(picture: Cluster) -> tuple[Grip, list[Message]]:
    stage, said = Stage(), list[Message]()
    grip = Grip(stage, said.append)
    grip.show(picture, Judged())
    stage.place(SIZE)
    return grip, said


def test_the_selection_follows_its_vm_to_another_node() -> None:
    grip, _ = gripped(cluster(3, 9))
    grip.select("web01", None)
    grip.show(with_vm(cluster(3, 9), vm("web01", "node03")), Judged())
    assert grip.selection == Selection("node03", "web01")


def test_without_any_node_nothing_is_selected() -> None:
    grip, _ = gripped(cluster())
    assert grip.selection.anything
    grip.show(Cluster(), Judged())
    assert not grip.selection.anything
    assert grip.step(Way.DOWN) is None


def test_a_drop_says_what_is_wanted_and_unmarks() -> None:
    grip, said = gripped(cluster(3, 9))
    grip.select("web01", None)
    grip.mark()
    grip.lift_selected()
    grip.type("node03")
    grip.feed(drag.Confirm())
    assert [type(each) for each in said] == [
        messages.PickedUp,
        messages.TargetChanged,
        messages.Dropped,
    ]
    assert isinstance(dropped := said[-1], messages.Dropped)
    assert (dropped.vms, dropped.node) == (("web01",), "node03")
    assert not grip.selection.marked
    assert grip.hand.resting


# The line in a head


def test_loads_are_sampled_by_the_second_however_fast_pictures_come() -> None:
    trends = Trends()
    for tenth in range(25):
        load = node("node01", cpu_percent=float(tenth))
        trends = trends.after(replace(with_node(cluster(), load), taken_at=tenth / 10))
    assert trends.of["node01"] == (9.0, 19.0, 24.0)
    for second in range(2 * KEPT):
        trends = trends.after(replace(cluster(), taken_at=100.0 + second))
    assert len(trends.of["node01"]) == KEPT
    assert trends.after(Cluster()).of == {}
