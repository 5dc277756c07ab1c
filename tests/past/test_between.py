"""Between two decisions an operation is pending from its begin to its end."""

from __future__ import annotations

import pytest

from backends.data.picture import NodeState
from backends.pacemaker.cib import parse_cib
from backends.past.between import cib_at
from backends.past.inputs import Input
from past.cibs import cib, operation, taken

BEFORE = taken(cib(990, {("web", "alpha"): [operation("start", 900)]}), 990)
AFTER = taken(
    cib(
        1020,
        {
            ("web", "alpha"): [
                operation("migrate_to", 1000, 12, call=20, to="bravo"),
                operation("stop", 1013, 1, call=21),
            ],
            ("web", "bravo"): [operation("migrate_from", 1012, 1, call=9, to="bravo")],
        },
    ),
    1020,
)


def history(before: Input, after: Input, at: float) -> set[tuple[str, bool]]:
    """What is known of the VM's operations at a moment: each task, and whether it is pending."""
    known = parse_cib(cib_at(before, after, at)).history["web"]
    return {(operation.task, operation.pending) for operation in known}


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (995, {("start", False)}),
        (1005, {("start", False), ("migrate_to", True)}),
        (1013, {("start", False), ("migrate_to", False), ("migrate_from", True)}),
        (1014, {("stop", True), ("migrate_to", False), ("migrate_from", False)}),
        (1015, {("stop", False), ("migrate_to", False), ("migrate_from", False)}),
    ],
)
def test_a_moment_shows_what_was_under_way(at: float, expected: set[tuple[str, bool]]) -> None:
    assert history(BEFORE, AFTER, at) == expected


FAILED = operation("migrate_to", 1000, 3, rc=1, call=20, to="bravo")


@pytest.mark.parametrize(
    ("answered_at", "at", "still_copied"),
    [
        # Begun in second 1000, for three seconds: it ended between 1003 and 1004.
        (1003, 1003.4, True),
        (1003, 1002.5, True),
        # Something else was decided first: nobody knows, and the middle is as good as any.
        (1010, 1003.4, True),
        (1010, 1003.6, False),
    ],
)
def test_a_failure_ends_when_it_is_answered(
    answered_at: int, at: float, still_copied: bool
) -> None:
    """Pacemaker notes the second in which a copy began, and decides anew as soon as it failed."""
    answer = taken(cib(answered_at, {("web", "alpha"): [FAILED]}), answered_at)
    assert history(BEFORE, answer, at) == {("start", False), ("migrate_to", still_copied)}


def test_nothing_that_a_decision_did_not_know_had_begun_by_then() -> None:
    decided = taken(cib(1000, {("web", "alpha"): [operation("start", 900)]}), 1000)
    later = taken(cib(1001, {("web", "alpha"): [operation("stop", 1000, 0.8)]}), 1001)
    assert decided.at == 1000.5
    assert history(decided, later, 1000.4) == {("start", False)}
    assert history(decided, later, 1000.8) == {("stop", True)}


BROKEN_OFF = {("web", "alpha"): [operation("start", 900), FAILED]}


@pytest.mark.parametrize(
    "there",
    [[], [operation("stop", 800, call=7)], [operation("monitor", 800, rc=7, call=7)]],
    ids=["never there", "stopped there long ago", "looked for there"],
)
def test_the_target_of_a_copy_that_broke_off_is_stopped_at_once(there: list[str]) -> None:
    """The recovery stops it on both; where it starts then, the start takes the stop's place."""
    known = {("web", "bravo"): there} if there else {}
    before = taken(cib(1003, BROKEN_OFF | known), 1003)
    recovered = {
        ("web", "alpha"): [operation("stop", 1003, 10, call=21), FAILED],
        ("web", "bravo"): [operation("start", 1014, call=9)],
    }
    then = parse_cib(cib_at(before, taken(cib(1020, recovered), 1020), 1008)).history["web"]
    stopped = [each for each in then if each.node == "bravo"]
    assert [(each.task, each.pending, each.at) for each in stopped] == [("stop", False, 1003)]


def test_what_ran_there_is_not_said_to_be_stopped_before_it_starts_anew() -> None:
    """Its stop has lost its times as well, but nobody can say how long that one took."""
    anew = taken(cib(1020, {("web", "alpha"): [operation("start", 1010, call=30)]}), 1020)
    then = parse_cib(cib_at(BEFORE, anew, 1005)).history["web"]
    assert [(each.task, each.at) for each in then] == [("start", 900)]


def test_without_a_later_input_it_stands_as_it_was_decided() -> None:
    assert cib_at(BEFORE, None, 2000) == BEFORE.text


@pytest.mark.parametrize("later", [None, AFTER])
def test_a_node_that_was_fenced_meanwhile_is_down_and_its_history_gone(later: Input | None) -> None:
    """Pacemaker records nothing at the end of a fencing: its next decision may be minutes away."""
    running = {
        ("web", "alpha"): [operation("start", 900)],
        ("db", "bravo"): [operation("start", 9)],
    }
    lost = taken(cib(990, running, down=["bravo"]), 990)
    then = taken(cib_at(lost, later, 995, {"bravo"}), 995)
    assert then.nodes["bravo"] is NodeState.OFFLINE
    assert {name for name, history in then.cib.history.items() if history} == {"web"}
    assert taken(cib_at(lost, later, 995), 995).nodes["bravo"] is NodeState.UNCLEAN
