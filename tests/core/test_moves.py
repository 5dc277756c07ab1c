"""What a queue shows of itself: what is allowed to begin, and how long it takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backends.data.picture import Migration, Phase
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.moves import Item, ItemState, Move, QueueState, eta_s

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
        VerdictKind.NO_ROOM,
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


nodes = st.sampled_from(["alpha", "bravo", "charlie"])
waiting = st.builds(
    Item,
    st.builds(Move, st.sampled_from("abcdef"), nodes),
    nodes,
    st.sampled_from([ItemState.QUEUED, ItemState.DONE]),
)


@given(st.lists(waiting, max_size=6, unique_by=lambda item: item.vm), st.integers(1, 4))
def test_those_that_begin_are_the_first_that_wait_and_no_node_has_more_than_the_limit(
    items: list[Item], limit: int
) -> None:
    state = QueueState(tuple(items), limit)
    queued, wave = state.having(ItemState.QUEUED), state.wave()
    assert wave == queued[: len(wave)] and bool(wave) == bool(queued)

    def most(items: Sequence[Item]) -> int:
        ends = [node for i in items for node in {i.source, i.move.node}]
        return max(map(ends.count, ends), default=0)

    assert most(wave) <= limit
    assert wave == queued or most(queued[: len(wave) + 1]) > limit
    assert replace(state, paused=True).wave() == replace(state, stopped="x").wave() == ()
    if wave:
        running = replace(wave[0], state=ItemState.RUNNING)
        assert replace(state, items=(running, *state.items[1:])).wave() == ()
