"""Which of all that happened is asked about, and what led to it."""

from __future__ import annotations

from backends.data.timeline import Entry, Severity
from backends.past.whys import chain_of

STARTED = Entry(1004, "started", Severity.NEUTRAL, "web was started", "web", "bravo")
FAILED = Entry(
    1000, "migrate_to-failed", Severity.BAD, "it failed", "web", "alpha", effects=(STARTED,)
)
MOVED = Entry(1000, "prefer", Severity.NEUTRAL, "told", "web", "bravo", effects=(FAILED,))
LOST = Entry(1100, "node-lost", Severity.BAD, "charlie was lost", node="charlie")


def test_the_gravest_thing_of_the_vm_itself_is_asked_about_with_what_led_to_it() -> None:
    assert chain_of([MOVED, LOST], "web") == (MOVED, FAILED)


def test_of_a_node_what_happened_to_it() -> None:
    assert chain_of([MOVED, LOST], "charlie") == (LOST,)


def test_of_whom_nothing_is_recorded_nothing_is_said() -> None:
    assert chain_of([MOVED, LOST], "db") == ()
