"""Between two decisions an operation is pending from its begin to its end."""

from __future__ import annotations

import pytest

from backends.data.picture import NodeState
from backends.pacemaker.cib import parse_cib
from backends.past.between import cib_at
from past.cibs import cib, operation, taken

BEFORE = cib(990, {("web", "alpha"): [operation("start", 900)]})
AFTER = cib(
    1020,
    {
        ("web", "alpha"): [
            operation("migrate_to", 1000, 12, call=20, to="bravo"),
            operation("stop", 1013, 1, call=21),
        ],
        ("web", "bravo"): [operation("migrate_from", 1012, 1, call=9, to="bravo")],
    },
)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (995, {("start", False)}),
        (1005, {("start", False), ("migrate_to", True)}),
        (1012.5, {("start", False), ("migrate_to", False), ("migrate_from", True)}),
        (1013.5, {("stop", True), ("migrate_to", False), ("migrate_from", False)}),
        (1015, {("stop", False), ("migrate_to", False), ("migrate_from", False)}),
    ],
)
def test_a_moment_shows_what_was_under_way(at: float, expected: set[tuple[str, bool]]) -> None:
    history = parse_cib(cib_at(BEFORE, AFTER, at)).history["web"]
    assert {(operation.task, operation.pending) for operation in history} == expected


def test_without_a_later_input_it_stands_as_it_was_decided() -> None:
    assert cib_at(BEFORE, None, 2000) == BEFORE


@pytest.mark.parametrize("later", [None, AFTER])
def test_a_node_that_was_fenced_meanwhile_is_down_and_its_history_gone(later: bytes | None) -> None:
    """Pacemaker records nothing at the end of a fencing: its next decision may be minutes away."""
    running = {
        ("web", "alpha"): [operation("start", 900)],
        ("db", "bravo"): [operation("start", 9)],
    }
    lost = cib(990, running, down=["bravo"])
    then = taken(cib_at(lost, later, 995, {"bravo"}), 995)
    assert then.nodes["bravo"] is NodeState.OFFLINE
    assert {name for name, history in then.cib.history.items() if history} == {"web"}
    assert taken(cib_at(lost, later, 995), 995).nodes["bravo"] is NodeState.UNCLEAN
