"""Between two decisions an operation is pending from its begin to its end."""

from __future__ import annotations

import pytest

from backends.pacemaker.cib import parse_cib
from backends.past.between import cib_at
from past.cibs import cib, operation

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
