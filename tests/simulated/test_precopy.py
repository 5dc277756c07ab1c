"""The laws of pre-copy, on which every number of a simulated migration rests."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backends.clusters.simulated.precopy import PreCopy

MiB = 1 << 20
rates = st.integers(1, 4000).map(lambda n: n * MiB)
sizes = st.integers(16, 65536).map(lambda n: n * MiB)
shares = st.floats(0.0, 1.0)

LONG_S = 7200.0


def duration_s(copy: PreCopy, bandwidth: float) -> float | None:
    left = copy.advance(LONG_S, bandwidth)
    return LONG_S - left if copy.done else None


@given(total=sizes, dirty=rates, bandwidth=rates)
def test_a_guest_that_dirties_faster_than_the_link_carries_never_converges(
    total: int, dirty: int, bandwidth: int
) -> None:
    assume(dirty >= bandwidth and total > bandwidth)
    copy = PreCopy(total, dirty, working_set_bytes=total)
    assert duration_s(copy, bandwidth) is None
    assert PreCopy(total, dirty, working_set_bytes=total).eta_s(bandwidth) is None


@given(total=sizes, dirty=rates, share=shares, bandwidth=rates, more=rates)
def test_a_faster_link_never_takes_longer(
    total: int, dirty: int, share: float, bandwidth: int, more: int
) -> None:
    slow = duration_s(PreCopy(total, dirty, share * total), bandwidth)
    fast = duration_s(PreCopy(total, dirty, share * total), bandwidth + more)
    if slow is not None:
        assert fast is not None
        assert fast <= slow * 1.000001


@given(total=sizes, dirty=rates, share=shares, bandwidth=rates)
def test_the_expected_end_is_when_it_ends(
    total: int, dirty: int, share: float, bandwidth: int
) -> None:
    expected = PreCopy(total, dirty, share * total).eta_s(bandwidth)
    real = duration_s(PreCopy(total, dirty, share * total), bandwidth)
    if expected is not None:
        assert real == pytest.approx(expected, rel=0.01, abs=0.1)


@given(
    total=sizes,
    dirty=rates,
    share=shares,
    bandwidth=rates,
    steps=st.lists(st.floats(0.01, 5.0), max_size=60),
)
def test_what_remains_is_never_negative_nor_more_than_all(
    total: int, dirty: int, share: float, bandwidth: int, steps: list[float]
) -> None:
    copy = PreCopy(total, dirty, share * total)
    iteration = copy.iteration
    for seconds in steps:
        left = copy.advance(seconds, bandwidth)
        assert 0 <= left <= seconds
        assert 0 <= copy.remaining_bytes <= total
        assert copy.iteration >= iteration
        iteration = copy.iteration


@given(total=sizes, dirty=rates, share=shares, bandwidth=rates, limit=st.floats(0.01, 2.0))
def test_the_guest_is_halted_no_longer_than_allowed(
    total: int, dirty: int, share: float, bandwidth: int, limit: float
) -> None:
    copy = PreCopy(total, dirty, share * total, downtime_limit_s=limit)
    copy.advance(LONG_S, bandwidth)
    if copy.done:
        assert copy.downtime_s <= limit


def test_a_guest_that_dirties_nothing_is_sent_once() -> None:
    copy = PreCopy(1000 * MiB, 0.0, 0.0)
    assert duration_s(copy, 100 * MiB) == pytest.approx(10.0)
