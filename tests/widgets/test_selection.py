"""The selection and the hand: values that any view can show and move."""

from __future__ import annotations

from dataclasses import replace

from backends.data.picture import VMState
from backends.data.plan import Verdict, VerdictKind
from board_pictures import cluster, migrating, node, vm
from widgets import drag
from widgets.hand import Hand, Offer, lifted
from widgets.selection import Selection

FIRST, SECOND, THIRD = (node(name) for name in ("node01", "node02", "node03"))


def test_marks_stay_where_the_cursor_goes_and_leave_with_their_vm() -> None:
    selection = Selection("node01", "a").toggled("a").toggled("b").at("node02", "c")
    assert selection.marked == {"a", "b"}
    assert selection.toggled("a").marked == {"b"}
    assert selection.among(["b", "c"]).marked == {"b"}
    assert selection.unmarked() == Selection("node02", "c")


def test_what_is_taken_is_the_marked_unless_the_cursor_is_on_another_vm() -> None:
    marked = Selection("node01", None, frozenset("ab"))
    assert marked.to_take() == "a"
    assert marked.at("node01", "b").to_take() in marked.marked
    assert marked.at("node01", "c").to_take() in marked.marked, "marks win over the cursor"
    assert marked.with_others("a", "zba") == ("b", "a")
    assert marked.with_others("c", "abc") == ("c",)


def test_a_hand_that_takes_anew_asks_anew() -> None:
    hand, intents = Hand().fed(drag.Lift(("a",), frozenset({"node01"})))
    assert intents == (drag.PickUp(("a",)),)
    live = Verdict(("a",), "node02", VerdictKind.LIVE)
    told = hand.told({"node02": live}, "node02")
    assert told.offer(SECOND) == Offer(live, best=True)
    assert told.offer(FIRST) == Offer(home=True)
    assert told.offer(THIRD) == Offer(), "it is still asked"
    assert told.offer(None) is None
    aimed, _ = told.fed(drag.Aim("node02"))
    assert aimed.offer(SECOND) == Offer(live, target=True, best=True)
    emptied, _ = aimed.fed(drag.Escape())
    assert emptied.offer(SECOND) is None
    again, _ = emptied.fed(drag.Lift(("b",), frozenset({"node01"})))
    assert again.offer(SECOND) == Offer(), "the verdict was for another VM"


def test_only_what_runs_somewhere_and_is_not_under_way_can_be_lifted() -> None:
    stopped = vm("off01", None, VMState.STOPPED)
    picture = migrating(cluster(), "web01", "node02")
    picture = replace(picture, vms=(*picture.vms, stopped))
    found = lifted(picture, ["db01", "web01", "off01", "gone01"])
    assert found.homes == {"db01": "node02"}
    assert set(found.refused) == {"web01", "off01"}
    assert "web01 is being migrated already" in found.refused["web01"]
