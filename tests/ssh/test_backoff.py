"""Pauses between attempts."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.ssh.backoff import Backoff


@given(failures=st.integers(1, 500), now=st.floats(0, 1e9))
def test_pauses_grow_but_never_beyond_the_longest(failures: int, now: float) -> None:
    backoff = Backoff()
    for _ in range(failures):
        backoff.failed(now)
    pause = backoff.remaining_s(now)
    expected = min(15.0, 0.5 * 2 ** (failures - 1))
    assert 0.79 * expected < pause < 1.21 * expected
    backoff.succeeded()
    assert backoff.remaining_s(now) == 0


def test_a_refused_login_is_not_repeated_soon() -> None:
    backoff = Backoff()
    backoff.failed(0, least_s=60)
    assert backoff.remaining_s(0) > 45
