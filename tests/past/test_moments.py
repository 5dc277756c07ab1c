"""Moments are typed as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from backends.data.errors import BadConfiguration
from backends.past.moments import is_meant, moment

NOW = datetime(2026, 11, 28, 9, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("02:13", "2026-11-28T02:13:00"),
        ("2:13:07", "2026-11-28T02:13:07"),
        ("21:40", "2026-11-27T21:40:00"),
        ("today 02:13", "2026-11-28T02:13:00"),
        ("yesterday  02:13", "2026-11-27T02:13:00"),
        ("-3h", "2026-11-28T06:00:00"),
        ("now-90m", "2026-11-28T07:30:00"),
        ("-1.5 days", "2026-11-26T21:00:00"),
        ("2026-11-27T23:59:58", "2026-11-27T23:59:58"),
        ("2026-11-27 23:59+02:00", "2026-11-27T21:59:00"),
    ],
)
def test_what_is_typed_is_what_is_meant(typed: str, meant: str) -> None:
    expected = datetime.fromisoformat(meant).replace(tzinfo=UTC).timestamp()
    assert moment(typed, NOW.timestamp(), UTC) == expected
    assert is_meant(typed)


@pytest.mark.parametrize("typed", ["25:00", "2026-13-01", "now", "-3 moons", "today 23:00", ""])
def test_what_is_no_moment_of_the_past_is_said(typed: str) -> None:
    with pytest.raises(BadConfiguration) as caught:
        moment(typed, NOW.timestamp(), UTC)
    assert caught.value.cure


@pytest.mark.parametrize("word", ["alpha", "root@alpha", "10.0.0.3", "todo-node"])
def test_a_host_is_not_taken_for_a_moment(word: str) -> None:
    assert not is_meant(word)
