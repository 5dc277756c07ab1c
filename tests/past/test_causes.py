"""What brought what about, where it is easily taken for something else."""

from __future__ import annotations

from collections.abc import Iterator

from backends.data.timeline import Entry
from backends.past.fencings import entry as fencing
from backends.past.story import story
from backends.past.whys import Meant, chain_of
from past.cibs import cib, operation, taken

RUNS = {("web", "alpha"): [operation("start", 900)]}
COPYING = operation("migrate_to", 1000, 20, rc=1, status=4, call=20, to="bravo", reason="broken")


def ban(node: str) -> str:
    words = f'rsc="web" node="{node}" score="-INFINITY"'
    return f'<rsc_location id="cli-ban-web-on-{node}" {words}/>'


def prefer(node: str) -> str:
    return f'<rsc_location id="cli-prefer-web" rsc="web" node="{node}" score="INFINITY"/>'


def flat(entries: tuple[Entry, ...]) -> Iterator[Entry]:
    for entry in entries:
        yield from entry.all()


def test_a_copy_fails_of_its_target_that_was_lost_after_it_began() -> None:
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, constraints=prefer("bravo")), 1000),
        taken(cib(1010, RUNS, down=["bravo"], constraints=prefer("bravo")), 1010),
        taken(cib(1030, {("web", "alpha"): [COPYING]}, fenced=["bravo"]), 1030),
    ]
    chain = chain_of(story(inputs), "web")
    assert [(each.kind, each.node) for each in chain] == [
        ("node-lost", "bravo"),
        ("migrate_to-failed", "alpha"),
    ]


def test_a_target_that_had_to_be_fenced_for_the_failure_is_not_its_cause() -> None:
    stop = operation("stop", 1022, 2, rc=1, status=4, call=9)
    failed = {("web", "alpha"): [COPYING], ("web", "bravo"): [stop]}
    inputs = [
        taken(cib(1000, RUNS, constraints=prefer("bravo")), 1000),
        taken(cib(1025, failed, constraints=prefer("bravo")), 1025),
        taken(cib(1030, failed, down=["bravo"], constraints=prefer("bravo")), 1030),
    ]
    (failure,) = [each for each in story(inputs) if each.kind == "migrate_to-failed"]
    assert {"stop-failed", "node-lost"} <= {each.kind for each in failure.all()}


def test_bans_left_behind_are_why_a_vm_stays_down_with_its_node() -> None:
    both = ban("bravo") + ban("charlie")
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, constraints=ban("bravo"), who="carl"), 1000),
        taken(cib(1001, RUNS, constraints=both, who="carl"), 1001),
        taken(cib(1010, RUNS, down=["alpha"], constraints=both), 1010),
        taken(cib(1030, {}, fenced=["alpha"], constraints=both), 1030),
    ]
    chain = chain_of(story(inputs, [fencing(1020, "alpha", "off", "bravo", "x", None)]), "web")
    assert [each.kind for each in chain] == ["ban", "ban", "node-lost", "node-fenced", "vm-down"]
    assert {each.who for each in chain[:2]} == {"carl with crm_resource on alpha"}


def test_a_vm_that_was_started_elsewhere_is_not_down() -> None:
    started = {("web", "bravo"): [operation("start", 1025)]}
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1010, RUNS, down=["alpha"]), 1010),
        taken(cib(1030, started, fenced=["alpha"]), 1030),
    ]
    assert "vm-down" not in {each.kind for each in flat(story(inputs))}


def test_a_fencing_of_the_same_second_follows_the_loss_that_it_was_decided_for() -> None:
    """The fencer's history has whole seconds, and a power switch may need less."""
    started = {("web", "bravo"): [operation("start", 1011)]}
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1010, RUNS, down=["alpha"]), 1010),
        taken(cib(1030, started, fenced=["alpha"]), 1030),
    ]
    entries = story(inputs, [fencing(1010, "alpha", "off", "bravo", "x", None)])
    chain = chain_of(entries, "web")
    assert [each.kind for each in chain] == ["node-lost", "node-fenced", "started"]


def test_a_start_follows_the_fencing_that_it_waited_for_though_only_that_has_fractions() -> None:
    """The fencer of 3.0 remembers more than the second, the history of operations does not."""
    started = {("web", "bravo"): [operation("start", 1010)]}
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1010, RUNS, down=["alpha"]), 1010),
        taken(cib(1030, started, fenced=["alpha"]), 1030),
    ]
    entries = story(inputs, [fencing(1010.7, "alpha", "off", "bravo", "x", None)])
    chain = chain_of(entries, "web")
    assert [each.kind for each in chain] == ["node-lost", "node-fenced", "started"]


def test_a_fencing_is_told_though_all_that_led_to_it_burned_with_the_dc() -> None:
    inputs = [taken(cib(1030, {}, fenced=["alpha"]), 1030), taken(cib(1060, {}), 1060)]
    remembered = [
        fencing(1029, "alpha", "off", "bravo", "x", None),
        fencing(1028, "charlie", "off", "bravo", "x", None),
    ]
    told = [(each.kind, each.node) for each in story(inputs, remembered)]
    assert told == [("node-fenced", "alpha"), ("node-back", "alpha")]


def test_where_the_first_input_shows_a_lost_node_already_that_is_told() -> None:
    """The DC that had recorded what was before is the node that was lost."""
    started = {("web", "bravo"): [operation("start", 1025)]}
    inputs = [
        taken(cib(1010, RUNS, down=["alpha"]), 1010),
        taken(cib(1030, started, fenced=["alpha"]), 1030),
    ]
    chain = chain_of(story(inputs), "web")
    assert [(each.kind, each.node) for each in chain] == [
        ("node-lost", "alpha"),
        ("started", "bravo"),
    ]


def test_a_node_that_was_cut_off_does_not_tell_of_the_others() -> None:
    alone = cib(1011, RUNS, down=["bravo", "charlie"]).replace(b'quorum="1"', b'quorum="0"')
    others = cib(1010, RUNS, down=["alpha"]).replace(b'dc-uuid="1"', b'dc-uuid="2"')
    inputs = [taken(cib(990, RUNS), 990), taken(others, 1010), taken(alone, 1011)]
    (lost,) = [each for each in story(inputs) if each.kind == "node-lost"]
    assert (lost.node, lost.reason) == ("alpha", "it went on alone, without quorum")
    (lost,) = [each for each in story(inputs[:2]) if each.kind == "node-lost"]
    assert (lost.node, lost.reason) == ("alpha", None)


def test_fencing_that_fails_again_and_again_is_one_entry_and_why_a_vm_is_down() -> None:
    """Without it the VM would have been started elsewhere."""
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1010, RUNS, down=["alpha"]), 1010),
        taken(cib(1030, RUNS, down=["alpha"]), 1030),
    ]
    chain = chain_of(story(inputs, [fencing(1020, "alpha", "off", None, "x", None)]), "web")
    assert [each.kind for each in chain] == ["node-lost", "fencing-failed", "vm-down"]


def test_what_failed_as_often_as_it_may_bars_the_vm_and_that_explains_its_start_elsewhere() -> None:
    count = (
        '<transient_attributes id="1"><instance_attributes id="s">'
        '<nvpair id="n" name="fail-count-web#monitor_10000" value="1"/>'
        "</instance_attributes></transient_attributes>"
    )
    threshold = '<meta_attributes id="m"><nvpair id="t" name="migration-threshold" value="1"/>'
    failed = operation("monitor", 1000, 0, rc=7, call=12).replace("_last_", "_monitor_")
    every_10_s = ('interval="0"', 'interval="10000"')

    def limited(data: bytes, *, counted: bool) -> bytes:
        own = b'<primitive id="web" class="ocf" provider="heartbeat" type="VirtualDomain"'
        whole = own + b">" + threshold.encode() + b"</meta_attributes></primitive>"
        data = data.replace(own + b"/>", whole)
        where = b'expected="member"><lrm id="1">'
        put = where.replace(b"<lrm", count.encode() + b"<lrm")
        return data.replace(where, put, 1) if counted else data

    history = {("web", "alpha"): [operation("start", 900), failed.replace(*every_10_s)]}
    moved = {**history, ("web", "bravo"): [operation("start", 1004)]}
    inputs = [
        taken(limited(cib(990, RUNS), counted=False), 990),
        taken(limited(cib(1002, history), counted=True), 1002),
        taken(limited(cib(1010, moved), counted=True), 1010),
    ]
    (failure,) = [each for each in story(inputs) if each.kind == "monitor-failed"]
    (barred,) = failure.effects
    assert (barred.kind, barred.vm, barred.node) == ("barred", "web", "alpha")
    assert barred.reason is not None and "migration-threshold" in barred.reason
    assert [each.kind for each in barred.effects] == ["started"]


def test_a_copy_whose_arrival_was_called_off_ended_in_a_stop() -> None:
    """The stop on the source is the last step of a migration only where the VM has arrived."""
    copied = {
        ("web", "alpha"): [
            operation("migrate_to", 1000, 12, call=20, to="bravo"),
            operation("stop", 1014, 1, call=21),
        ]
    }
    inputs = [
        taken(cib(1000, RUNS, constraints=prefer("bravo")), 1000),
        taken(cib(1006, RUNS, who="bob"), 1006),
        taken(cib(1020, copied, who="bob"), 1020),
    ]
    chain = chain_of(story(inputs), "web")
    assert [each.kind for each in chain] == ["cleared", "stopped"]
    assert (chain[0].who, chain[0].reason) == ("bob with crm_resource on alpha", "cli-prefer-web")


def test_of_things_that_several_may_have_written_nobody_is_named() -> None:
    """Both lie between the same two inputs, and Pacemaker notes the last writer alone."""
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, standby=["bravo"], constraints=ban("charlie")), 1000),
    ]
    assert {(each.kind, each.who) for each in story(inputs)} == {("ban", None), ("standby", None)}
    once = cib(991, RUNS, standby=["bravo"], constraints=ban("charlie"))
    assert all(each.who for each in story([inputs[0], taken(once, 1000)])), "in one write"


def test_a_preference_explains_what_it_asks_for_and_nothing_else() -> None:
    """A standby in the same second as somebody's wish for another node."""
    moved = {
        ("web", "alpha"): [operation("migrate_to", 1001, 5, call=20, to="charlie")],
        ("web", "charlie"): [operation("migrate_from", 1006, 1, call=9, to="charlie")],
    }
    both = cib(1000, RUNS, standby=["alpha"], constraints=prefer("bravo"))
    after = cib(1020, moved, standby=["alpha"], constraints=prefer("bravo"))
    entries = story([taken(cib(990, RUNS), 990), taken(both, 1000), taken(after, 1020)])
    (standby,) = [each for each in entries if each.kind == "standby"]
    assert [each.kind for each in standby.effects] == ["migrated"]


def test_the_entry_that_is_meant_is_asked_about_be_it_not_the_gravest() -> None:
    inputs = [
        taken(cib(990, RUNS), 990),
        taken(cib(1000, RUNS, constraints=ban("charlie")), 1000),
        taken(cib(1030, {("web", "alpha"): [COPYING]}, constraints=ban("charlie")), 1030),
    ]
    entries = story(inputs)
    banned = next(each for each in entries if each.kind == "ban")
    assert chain_of(entries, "web")[-1].kind == "migrate_to-failed"
    assert chain_of(entries, "web", Meant(banned.at, "ban")) == (banned,)
    seen = chain_of(entries, "web", Meant(banned.at + 2, "as it was seen"))
    assert seen == (banned,)
    assert chain_of(entries, "web", Meant(5000, "as it was seen")) == ()


def test_what_was_seen_of_a_node_late_is_not_what_a_vm_did_there_meanwhile() -> None:
    """A busy board: its next picture came when the VM had left the standby node already."""
    moved = {
        ("web", "alpha"): [operation("migrate_to", 1001, 20, call=20, to="charlie")],
        ("web", "charlie"): [operation("migrate_from", 1021, 1, call=9, to="charlie")],
    }
    entries = story(
        [
            taken(cib(990, RUNS), 990),
            taken(cib(1000, RUNS, standby=["alpha"]), 1000),
            taken(cib(1030, moved, standby=["alpha"]), 1030),
        ]
    )
    (standby,) = chain_of(entries, "alpha", Meant(1060, "as it was seen"))
    assert (standby.kind, standby.node) == ("standby", "alpha")
