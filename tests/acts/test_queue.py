"""Many moves at once: few at a time, in an order that can be changed, stopping at a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts.scene import (
    boots,
    carry_out,
    fails,
    found,
    left_behind,
    open_acts,
    place,
    rebooted,
    written,
)
from backends.errors import ActFailed, Refused, VmferryError
from backends.journal import Journal
from backends.model import Cluster, Migration, Phase
from backends.moves import Item, ItemState, Move, QueueState, confirmed, default_limit, eta_s
from backends.plan import Verdict, VerdictKind
from backends.queue import STOPPED, MoveQueue
from backends.simulated import SimulatedBackend
from backends.transaction import Report, Stage
from waiting import until

SEVERAL = ("web1", "build-7", "dns1")
"""Each goes live and drags nobody along."""


def to_bravo(*vms: str) -> list[Move]:
    return [Move(vm, "bravo") for vm in vms]


def states(queue: MoveQueue) -> dict[str, ItemState]:
    return {item.vm: item.state for item in queue.state.items}


def most_at_once(seen: Sequence[QueueState]) -> int:
    return max(len(state.having(ItemState.RUNNING)) for state in seen)


async def watched(queue: MoveQueue) -> list[QueueState]:
    return [state async for state in queue.states.read()]


async def test_all_arrive_two_at_a_time_and_nothing_is_left(
    backend: SimulatedBackend, journal: Journal
) -> None:
    before = boots(backend)
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    assert queue.state.limit == 2 == backend.picture.migration_limit
    watching = asyncio.create_task(watched(queue))
    reports = await carry_out(queue.run())
    seen = await watching
    assert {r.vm for r in reports if r.stage is Stage.DONE} == set(SEVERAL)
    assert {place(backend, vm) for vm in SEVERAL} == {"bravo"}
    assert most_at_once(seen) == 2
    assert set(states(queue).values()) == {ItemState.DONE}
    assert queue.state.finished and queue.state.eta_s == 0
    assert (rebooted(backend, before), left_behind(backend), open_acts(journal)) == (set(), [], [])


async def test_a_limit_of_one_goes_one_after_the_other_in_order(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    watching = asyncio.create_task(watched(queue))
    reports = await carry_out(queue.run())
    assert [r.vm for r in reports if r.stage is Stage.DONE] == list(SEVERAL)
    assert most_at_once(await watching) == 1


async def test_the_time_that_is_left_is_known_once_a_rate_was_measured(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    assert queue.state.eta_s is None
    watching = asyncio.create_task(watched(queue))
    await carry_out(queue.run())
    known = [state.eta_s for state in await watching if state.eta_s is not None]
    assert known[0] > 5 and known[-1] == 0


async def test_a_failure_stops_the_queue_and_what_runs_comes_to_its_end(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.guest("web1").on_fail = None
    backend.world.fail_next_migration("web1")
    queue = MoveQueue(backend, journal, to_bravo("web1", "build-7", "dns1"))
    error = await fails(queue.run())
    assert isinstance(error, ActFailed) and "web1" in str(error)
    assert states(queue) == {
        "web1": ItemState.FAILED,
        "build-7": ItemState.DONE,
        "dns1": ItemState.SKIPPED,
    }
    assert queue.state.stopped == "web1 failed"
    assert (place(backend, "build-7"), place(backend, "dns1")) == ("bravo", "alpha")
    assert "restarted" in queue.state.items[0].text


async def test_what_has_become_worse_than_confirmed_is_not_sent(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo("web1"))
    meta = ("--meta", "--set-parameter", "allow-migrate", "--parameter-value", "false")
    backend.world.execute(("crm_resource", "--resource", "web1", *meta))
    error = await fails(queue.run())
    assert isinstance(error, Refused) and "REBOOT now" in str(error)
    assert written(backend) == []
    assert queue.state.stopped == "web1 failed"


async def test_a_reboot_that_was_confirmed_is_carried_out(
    backend: SimulatedBackend, journal: Journal
) -> None:
    verdict = (await backend.preview(["legacy-erp"], ["bravo"]))["bravo"]
    assert verdict.kind is VerdictKind.REBOOT
    await carry_out(MoveQueue(backend, journal, confirmed(verdict)).run())
    assert place(backend, "legacy-erp") == "bravo"


async def test_a_vm_that_was_taken_along_is_not_moved_again(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """`cache` goes where `api` goes."""
    source = place(backend, "api")
    assert source == place(backend, "cache") != "bravo"
    moves = [Move("api", "bravo", VerdictKind.SIDE_EFFECTS), Move("cache", "bravo")]
    queue = MoveQueue(backend, journal, moves, limit=1)
    await carry_out(queue.run())
    assert states(queue) == {"api": ItemState.DONE, "cache": ItemState.SKIPPED}
    assert (place(backend, "api"), place(backend, "cache")) == ("bravo", "bravo")
    assert left_behind(backend) == []


async def test_paused_nothing_begins_and_resumed_the_rest_does(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    running = asyncio.create_task(carry_out(queue.run()))
    await until(lambda: queue.state.having(ItemState.RUNNING), "the first to run")
    queue.pause()
    await until(lambda: queue.state.having(ItemState.DONE), "the first to arrive")
    moved = written(backend)
    await backend.refresh()
    await asyncio.sleep(0)
    assert queue.state.paused and not queue.state.having(ItemState.RUNNING)
    assert written(backend) == moved and not running.done()
    queue.resume()
    await running
    assert set(states(queue).values()) == {ItemState.DONE}


async def test_stopped_what_runs_arrives_and_the_rest_stays(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    running = asyncio.create_task(carry_out(queue.run()))
    await until(lambda: queue.state.having(ItemState.RUNNING), "the first to run")
    queue.stop()
    await running
    assert states(queue) == {
        "web1": ItemState.DONE,
        "build-7": ItemState.SKIPPED,
        "dns1": ItemState.SKIPPED,
    }
    assert queue.state.stopped == STOPPED
    assert left_behind(backend) == []


async def test_the_order_can_be_changed_and_one_taken_out(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    queue.move_up("dns1")
    queue.move_up("dns1")
    queue.move_up("dns1")
    queue.remove("build-7")
    assert [item.vm for item in queue.state.items] == ["dns1", "web1"]
    reports = await carry_out(queue.run())
    assert [r.vm for r in reports if r.stage is Stage.DONE] == ["dns1", "web1"]
    assert place(backend, "build-7") == "charlie"


async def test_left_in_the_middle_the_migration_goes_on_and_its_act_stays_open(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=1)
    async with aclosing(queue.run()) as reports:
        async for report in reports:
            if report.migration is not None and report.migration.phase is Phase.COPYING:
                break
    assert backend.picture.migration("web1") is not None
    assert open_acts(journal) == ["move"]


async def test_read_only_and_twice_the_same(backend: SimulatedBackend, journal: Journal) -> None:
    with pytest.raises(Refused, match="two nodes"):
        MoveQueue(backend, journal, [Move("web1", "bravo"), Move("web1", "charlie")])
    async with SimulatedBackend(3, 16, 1, speed=60, scenario="calm", read_only=True) as looking:
        error = await fails(MoveQueue(looking, journal, to_bravo("web1")).run())
        assert isinstance(error, Refused) and "read-only" in str(error)


def test_the_limit_is_the_clusters_or_two() -> None:
    assert default_limit(Cluster()) == 2
    assert default_limit(Cluster(migration_limit=5)) == 5


kinds = st.sampled_from(list(VerdictKind))
some = st.lists(st.sampled_from("abc"), unique=True).map(tuple)


@given(allowed=kinds, allowed_reboots=some, now=kinds, reboots=some)
def test_no_worse_means_no_worse_kind_and_no_other_reboot(
    allowed: VerdictKind,
    allowed_reboots: tuple[str, ...],
    now: VerdictKind,
    reboots: tuple[str, ...],
) -> None:
    move = Move("a", "bravo", allowed, allowed_reboots)
    verdict = Verdict(("a",), "bravo", now, reboots=reboots)
    order = [
        VerdictKind.LIVE,
        VerdictKind.SIDE_EFFECTS,
        VerdictKind.REBOOT,
        VerdictKind.REFUSED,
    ]
    if move.allows(verdict):
        assert set(reboots) <= set(allowed_reboots)
        assert order.index(now) <= order.index(allowed)
    elif order.index(now) <= order.index(allowed):
        assert set(reboots) - set(allowed_reboots)


MiB = 1 << 20
items = st.builds(
    Item,
    st.builds(Move, st.sampled_from("abcdef"), st.just("bravo")),
    st.just("alpha"),
    st.sampled_from(ItemState),
    memory_bytes=st.none() | st.integers(1, 4096).map(lambda n: n * MiB),
    migration=st.none()
    | st.builds(
        Migration,
        st.just("a"),
        st.just("alpha"),
        st.just("bravo"),
        st.just(Phase.COPYING),
        remaining_bytes=st.none() | st.integers(0, 4096).map(lambda n: n * MiB),
        rate_bytes_per_s=st.none() | st.integers(0, 100).map(lambda n: n * MiB),
    ),
    began_at=st.none() | st.floats(0, 100),
    ended_at=st.none() | st.floats(0, 100),
)


@given(st.lists(items, max_size=6))
def test_the_time_left_is_unknown_or_not_negative_and_zero_only_when_nothing_is_left(
    items: list[Item],
) -> None:
    left_s = eta_s(items)
    ahead = [i for i in items if i.state in (ItemState.QUEUED, ItemState.RUNNING)]
    assert left_s is None or left_s >= 0
    assert ahead or left_s == 0
    if any(i.state is ItemState.QUEUED and i.memory_bytes is None for i in ahead):
        assert left_s is None


@given(st.lists(items, max_size=6, unique_by=lambda item: item.vm), st.integers(1, 3))
def test_no_node_ever_takes_part_in_more_than_the_limit(items: list[Item], limit: int) -> None:
    state = QueueState(tuple(items), limit)
    while (item := state.next()) is not None:
        running = replace(item, state=ItemState.RUNNING)
        changed = tuple(running if old is item else old for old in state.items)
        state = replace(state, items=changed)
        assert len(state.having(ItemState.RUNNING)) <= limit
    assert QueueState(tuple(items), limit, paused=True).next() is None


async def test_moves_that_run_side_by_side_are_no_side_effects_of_each_other(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Each is confirmed as LIVE: none would begin if the others counted against it."""
    reports: list[Report] = []
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL), limit=3)
    try:
        reports = await carry_out(queue.run())
    except VmferryError as error:
        raise AssertionError(str(error)) from error
    assert len([r for r in reports if r.stage is Stage.DONE]) == 3
    assert found(backend, "web1").constraints == ()
