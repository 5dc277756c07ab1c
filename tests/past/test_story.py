"""The timeline: what happened, in order, under what brought it about."""

from __future__ import annotations

from collections.abc import Iterable

from backends.data.timeline import Entry, Severity
from backends.past.story import story, worst_first
from past.cibs import cib, operation, taken


def kinds(entries: Iterable[Entry]) -> list[str]:
    return [entry.kind for entry in entries]


RUNS = {("web", "alpha"): [operation("start", 900)]}


def test_a_migration_is_one_entry_with_its_way_and_its_length() -> None:
    ban = '<rsc_location id="cli-ban-web-on-alpha" rsc="web" node="alpha" score="-INFINITY"/>'
    there = {
        ("web", "alpha"): [
            operation("migrate_to", 1000, 12, call=20, to="bravo"),
            operation("stop", 1013, 1, call=21),
        ],
        ("web", "bravo"): [operation("migrate_from", 1012, 1, call=9, to="bravo")],
    }
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, constraints=ban), 1000, "pe-input-2.bz2"),
        taken(cib(1020, there, constraints=ban), 1020, "pe-input-3.bz2"),
    ]
    (banned,) = story(inputs)
    assert (banned.kind, banned.vm, banned.node) == ("ban", "web", "alpha")
    assert banned.who == "root with crm_resource on alpha"
    (moved,) = banned.effects
    assert (moved.kind, moved.node, moved.target, moved.took_s) == (
        "migrated",
        "alpha",
        "bravo",
        13.0,
    )


def test_a_lost_node_is_one_entry_with_its_vms_under_it() -> None:
    started = {("web", "bravo"): [operation("start", 1015, 3, call=4)]}
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1010, RUNS, down=["alpha"]), 1010, "pe-warn-1.bz2"),
        taken(cib(1030, started, fenced=["alpha"]), 1030, "pe-input-3.bz2"),
        taken(cib(1090, started), 1090, "pe-input-4.bz2"),
    ]
    lost, back = story(inputs)
    assert (lost.kind, lost.node, lost.severity, lost.who) == (
        "node-lost",
        "alpha",
        Severity.BAD,
        None,
    )
    assert sorted(kinds(lost.effects)) == ["node-fenced", "started"]
    assert (back.kind, back.node) == ("node-back", "alpha")


def test_a_copy_that_timed_out_explains_the_restart_behind_it() -> None:
    failed = {
        ("web", "alpha"): [
            operation(
                "migrate_to", 1000, 30, rc=1, status=2, call=20, to="bravo", reason="timed out"
            ),
        ]
    }
    again = {
        ("web", "alpha"): [*failed["web", "alpha"], operation("start", 1035, 2, call=22)],
    }
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1031, failed), 1031, "pe-input-2.bz2"),
        taken(cib(1050, again), 1050, "pe-input-3.bz2"),
    ]
    (failure,) = story(inputs)
    assert failure.kind == "migrate_to-timed-out"
    assert failure.worst is Severity.BAD
    assert failure.reason == "timed out"
    assert kinds(failure.effects) == ["started"]


def test_a_standby_names_who_set_it_and_a_colleagues_tool() -> None:
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(
            cib(1000, RUNS, standby=["alpha"], who="ann", client="crm_attribute"),
            1000,
            "pe-input-2.bz2",
        ),
        taken(cib(1060, RUNS, who="bob"), 1060, "pe-input-3.bz2"),
    ]
    on, off = story(inputs)
    assert (on.kind, on.node, on.who) == (
        "standby",
        "alpha",
        "ann with crm_attribute on alpha",
    )
    assert (off.kind, off.who) == ("standby-over", "bob with crm_resource on alpha")


def test_what_the_cluster_itself_wrote_is_nobodys_doing() -> None:
    constraint = '<rsc_location id="cli-prefer-web" rsc="web" node="bravo" score="INFINITY"/>'
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(
            cib(1000, RUNS, constraints=constraint, client="pacemaker-controld"),
            1000,
            "pe-input-2.bz2",
        ),
    ]
    (set_,) = story(inputs)
    assert set_.who is None


def test_the_digest_begins_with_the_gravest() -> None:
    entries = [
        Entry(1, "started", Severity.NEUTRAL, "a"),
        Entry(2, "ban", Severity.WARNING, "b", effects=(Entry(3, "x", Severity.BAD, "c"),)),
        Entry(4, "migrated", Severity.GOOD, "d"),
    ]
    assert kinds(worst_first(entries)) == ["ban", "started", "migrated"]


def test_a_tool_that_is_not_told_is_not_made_up() -> None:
    """Pacemaker 3.0 writes the user where 2.1 wrote the tool."""
    ban = '<rsc_location id="cli-ban-web-on-alpha" rsc="web" node="alpha" score="-INFINITY"/>'
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, constraints=ban, client="root"), 1000, "pe-input-2.bz2"),
    ]
    assert [entry.who for entry in story(inputs)] == ["root on alpha"]
