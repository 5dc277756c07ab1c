"""Where a move stands: proven by the history of operations, whatever the clocks say."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data.picture import VM, Migration, Operation, Phase, VMState
from backends.judgement.proof import (
    Standing,
    calls,
    endangered,
    in_words_where,
    is_probed,
    only_on,
    places,
    standing,
    was_there,
)
from core.pictures import cluster, vm

RUNNING, MIGRATING = VMState.RUNNING, VMState.MIGRATING


def did(node: str, task: str, call: int, rc: int = 0, at: float | None = 100.0) -> Operation:
    return Operation(node, task, call, rc, 0, at)


def runs(node: str, task: str, at: float = 100.0) -> Operation:
    return Operation(node, task, -1, 193, -1, at)


START = did("alpha", "start", 5)
MONITOR = did("alpha", "monitor", 6)
COPIED = did("alpha", "migrate_to", 7)
RECEIVED = did("bravo", "migrate_from", 3)
LET_GO = did("alpha", "stop", 8)
FAILED_COPY = did("alpha", "migrate_to", 7, rc=1)
BEFORE = vm("web1", "alpha", history=(START, MONITOR))


def stands(after: VM, *, in_flight: bool = False, before: VM = BEFORE) -> Standing:
    return standing(calls(before), after, "bravo", in_flight=in_flight)


@pytest.mark.parametrize(
    ("what", "after", "expected"),
    [
        ("nothing happened yet", BEFORE, Standing.UNDERWAY),
        (
            "the target has it, the source has not let go",
            vm("web1", "bravo", history=(COPIED, RECEIVED)),
            Standing.UNDERWAY,
        ),
        (
            "the source is letting go",
            vm("web1", "bravo", history=(COPIED, runs("alpha", "stop"), RECEIVED)),
            Standing.UNDERWAY,
        ),
        ("moved", vm("web1", "bravo", history=(COPIED, LET_GO, RECEIVED)), Standing.MOVED),
        (
            "moved and paused by somebody",
            vm("web1", "bravo", VMState.PAUSED, history=(COPIED, LET_GO, RECEIVED)),
            Standing.MOVED,
        ),
        (
            "moved, still shown on both",
            vm("web1", "bravo", nodes=("bravo", "alpha"), history=(COPIED, LET_GO, RECEIVED)),
            Standing.UNDERWAY,
        ),
        (
            "the source was fenced before it had let go",
            vm("web1", "bravo", history=(RECEIVED,)),
            Standing.MOVED,
        ),
        (
            "restarted on the source after a failed copy",
            vm("web1", "alpha", history=(FAILED_COPY, LET_GO, did("alpha", "start", 9))),
            Standing.REBOOTED,
        ),
        (
            "restarted on the target after a failed copy",
            vm("web1", "bravo", history=(FAILED_COPY, LET_GO, did("bravo", "start", 4))),
            Standing.REBOOTED,
        ),
        (
            "restarted on the target after it had arrived",
            vm("web1", "bravo", history=(COPIED, LET_GO, RECEIVED, did("bravo", "start", 6))),
            Standing.REBOOTED,
        ),
        (
            "restarted elsewhere",
            vm("web1", "charlie", history=(FAILED_COPY, LET_GO, did("charlie", "start", 2))),
            Standing.REBOOTED,
        ),
        (
            "its recovery is under way",
            vm("web1", "alpha", VMState.FAILED, history=(FAILED_COPY,)),
            Standing.UNDERWAY,
        ),
        (
            "stopped for its restart",
            vm("web1", None, VMState.STOPPED, history=(FAILED_COPY, LET_GO)),
            Standing.UNDERWAY,
        ),
        (
            "failed and left running on the source",
            vm("web1", "alpha", history=(START, MONITOR, FAILED_COPY)),
            Standing.FAILED,
        ),
        (
            "failed and blocked",
            vm("web1", "alpha", VMState.BLOCKED, history=(START, FAILED_COPY)),
            Standing.BLOCKED,
        ),
        (
            "aborted where a failure blocks: who aborts it has its hands on it",
            replace(vm("web1", "alpha", VMState.BLOCKED, history=(FAILED_COPY,)), maintenance=True),
            Standing.UNDERWAY,
        ),
        (
            "history cleaned by somebody while it sat on the target",
            vm("web1", "bravo", history=(did("bravo", "monitor", 40),)),
            Standing.UNPROVEN,
        ),
        ("unknown", vm("web1", "bravo", VMState.UNKNOWN, history=(COPIED,)), Standing.UNDERWAY),
        (
            "a monitor is no news",
            vm("web1", "alpha", history=(START, did("alpha", "monitor", 9, rc=1))),
            Standing.UNDERWAY,
        ),
    ],
)
def test_each_situation(what: str, after: VM, expected: Standing) -> None:
    assert stands(after) is expected, what


def test_while_the_cluster_migrates_nothing_is_settled() -> None:
    moved = vm("web1", "bravo", history=(COPIED, LET_GO, RECEIVED))
    assert stands(moved, in_flight=True) is Standing.UNDERWAY


def test_an_old_move_to_the_same_node_proves_nothing_new() -> None:
    before = vm("web1", "alpha", history=(did("alpha", "migrate_from", 9), RECEIVED, LET_GO))
    assert stands(before, before=before) is Standing.UNDERWAY
    assert stands(vm("web1", "bravo", history=before.history), before=before) is Standing.UNPROVEN


def test_an_old_failure_is_not_a_new_one() -> None:
    before = vm("web1", "alpha", history=(START, FAILED_COPY))
    assert stands(before, before=before) is Standing.UNDERWAY


@given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.booleans())
def test_the_clocks_of_the_nodes_do_not_matter(alpha: float, bravo: float, live: bool) -> None:
    before = vm("web1", "alpha", history=(did("alpha", "start", 5, at=alpha),))
    arrives = did("bravo", "migrate_from" if live else "start", 3, at=bravo)
    copied = did("alpha", "migrate_to", 7, rc=0 if live else 1, at=alpha)
    stopped = did("alpha", "stop", 8, at=alpha)
    after = vm("web1", "bravo", history=(*before.history, copied, stopped, arrives))
    assert stands(after, before=before) is (Standing.MOVED if live else Standing.REBOOTED)


@given(st.permutations([COPIED, LET_GO, RECEIVED, MONITOR]))
def test_the_order_of_the_nodes_in_the_history_does_not_matter(history: list[Operation]) -> None:
    assert stands(vm("web1", "bravo", history=tuple(history))) is Standing.MOVED


PROBED = did("bravo", "monitor", 9, rc=7)


@pytest.mark.parametrize(
    ("history", "there", "probed"),
    [
        ((START, PROBED), False, True),
        ((START, RECEIVED, did("bravo", "stop", 8)), True, False),
        ((START, did("bravo", "stop", 8)), True, False),
        ((START,), False, False),
        ((START, runs("bravo", "monitor")), False, False),
    ],
    ids=["looked for", "arrived and left", "started and stopped", "unknown", "being looked for"],
)
def test_an_earlier_stay_shows_in_what_was_done_there(
    history: tuple[Operation, ...], there: bool, probed: bool
) -> None:
    known = vm("web1", "alpha", history=history)
    assert (was_there(known, "bravo"), is_probed(known, "bravo")) == (there, probed)


def test_where_it_is_now_is_no_earlier_stay() -> None:
    assert not was_there(vm("web1", "alpha", history=(START,)), "alpha")


@pytest.mark.parametrize(
    ("history", "phase", "expected"),
    [
        ((START, RECEIVED), Phase.COPYING, ("web1",)),
        ((START, RECEIVED), Phase.WAITING, ("web1",)),
        ((START, PROBED), Phase.COPYING, ()),
        ((START, RECEIVED), Phase.STOPPING, ()),
    ],
    ids=["copied to where it was", "about to be", "copied to a new place", "arrived"],
)
def test_who_is_copied_to_where_it_was_is_in_danger_when_anything_is_written(
    history: tuple[Operation, ...], phase: Phase, expected: tuple[str, ...]
) -> None:
    moving = vm("web1", "alpha", VMState.MIGRATING, history=history)
    flight = Migration("web1", "alpha", "bravo", phase)
    picture = replace(cluster(moving, vm("web2", "alpha")), migrations=(flight,))
    assert endangered(picture, "web2") == expected
    assert endangered(picture, "web1") == ()


FAILED_TO_LEAVE = (did("alpha", "start", 1), did("alpha", "migrate_to", 5, rc=1))


@pytest.mark.parametrize(
    ("what", "history", "found"),
    [
        ("nothing is known of either", (), ("alpha", "bravo")),
        ("it failed to leave", FAILED_TO_LEAVE, ("alpha",)),
        ("and to stop", (*FAILED_TO_LEAVE, did("alpha", "stop", 6, rc=1)), ("alpha",)),
        (
            "the target was only looked at",
            (did("bravo", "monitor", 2, rc=7), *FAILED_TO_LEAVE, did("alpha", "stop", 6, rc=1)),
            ("alpha",),
        ),
        (
            "nobody knows whether the target has it",
            (did("bravo", "monitor", 2, rc=1), did("alpha", "start", 1)),
            ("alpha", "bravo"),
        ),
        (
            "it has been on the target, and was stopped there",
            (
                did("bravo", "start", 2),
                did("bravo", "stop", 3),
                *FAILED_TO_LEAVE,
                did("alpha", "stop", 6, rc=1),
            ),
            ("alpha",),
        ),
        (
            "both have started it",
            (did("alpha", "start", 1), did("bravo", "start", 2)),
            ("alpha", "bravo"),
        ),
    ],
)
def test_where_it_may_run_of_what_pacemaker_counts_on(
    what: str, history: tuple[Operation, ...], found: tuple[str, ...]
) -> None:
    held = replace(vm("web1"), nodes=("alpha", "bravo"), history=history)
    assert places(held) == found, what
    assert ("where it never arrived" in in_words_where(held)) is (len(found) == 1), what


def test_a_copy_that_goes_on_may_have_arrived() -> None:
    copying = replace(did("alpha", "migrate_to", 5), status=-1, target="bravo")
    history = (did("alpha", "start", 1), copying)
    held = replace(vm("web1"), nodes=("alpha", "bravo"), history=history)
    assert only_on(held) is None
