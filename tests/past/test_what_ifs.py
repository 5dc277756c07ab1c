"""What could have been otherwise: only what would have saved this guest is asked about."""

from __future__ import annotations

from backends.data.plan import Action, ActionKind
from backends.data.timeline import Entry, Severity
from backends.past.otherwise import in_time
from backends.past.what_ifs import Case, slowest_copy_s, what_ifs
from past.cibs import cib, operation, taken

RUNS = {("web", "alpha"): [operation("start", 900)]}
TIMED_OUT = operation("migrate_to", 1000, 30, rc=1, status=2, call=20, to="bravo")
FAILED = {("web", "alpha"): [operation("start", 900), TIMED_OUT]}
RECOVER = Action(ActionKind.RECOVER, "web", "alpha", "alpha")
MIGRATE = Action(ActionKind.MIGRATE, "web", "alpha", "bravo")
STRUCK = Entry(
    1000, "migrate_to-timed-out", Severity.BAD, "it timed out", "web", "alpha", took_s=30.0
)


def test_a_longer_timeout_is_asked_about_only_where_such_a_copy_has_arrived() -> None:
    case = Case("web", taken(cib(1031, FAILED), 1031), RECOVER)
    for took_s, wanted in ((None, 0), (20.0, 0), (41.0, 1)):
        asked = [each.what for each in what_ifs(case, [STRUCK], took_s) if each.in_time]
        assert len(asked) == wanted
        assert all("longer than 41 s" in each for each in asked)


def test_the_slowest_copy_is_one_that_arrived() -> None:
    arrived = {("web", "charlie"): [operation("migrate_to", 500, 41, to="alpha")]}
    inputs = [taken(cib(990, {**RUNS, **arrived}), 990), taken(cib(1031, FAILED), 1031)]
    assert slowest_copy_s("web", inputs) == 41.0
    assert slowest_copy_s("web", inputs[1:]) is None


def test_an_input_reads_as_if_the_copy_had_ended_in_time() -> None:
    before = taken(cib(1031, FAILED), 1031)
    after = taken(in_time(before.text, "web"), 1031)
    (copy,) = [op for op in after.cib.history["web"] if op.task == "migrate_to"]
    assert copy.succeeded and copy.target == "bravo"
    assert taken(in_time(before.text, "db"), 1031).cib.history == before.cib.history


def test_a_guest_that_died_with_its_node_is_saved_by_nothing_that_spares_the_living() -> None:
    lost = taken(cib(1010, RUNS, down=["alpha"]), 1010)
    case = Case("web", lost, Action(ActionKind.STOP, "web", "alpha"))
    assert not case.was_alive
    assert list(what_ifs(case, [], None)) == []
    assert case.saved_by([Action(ActionKind.MOVE, "web", "alpha", "bravo")])
    assert not case.saved_by([])
    assert not Case("web", lost, Action(ActionKind.MOVE, "web", "alpha", "bravo")).saved_by(
        [Action(ActionKind.MOVE, "web", "alpha", "charlie")]
    )


def test_a_guest_that_has_left_and_not_arrived_is_alive() -> None:
    copied = {("web", "alpha"): [operation("migrate_to", 1000, 12, to="bravo")]}
    case = Case("web", taken(cib(1013, copied), 1013), Action(ActionKind.STOP, "web", "bravo"))
    assert case.was_alive
    cleared = Entry(
        1005, "cleared", Severity.NEUTRAL, "it was removed", "web", "bravo", reason="cli-prefer-web"
    )
    asked = [each.what for each in what_ifs(case, [cleared], None)]
    assert "with cli-prefer-web left alone until it had arrived" in asked
    assert case.saved_by([MIGRATE])
