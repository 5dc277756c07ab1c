"""Times as Pacemaker reads them: moments, durations, and the ranges of a `date_spec`. Pure.

Source: `iso8601.c`, `strings.c` and `rules.c` of 2.1.5 and 3.0.0.
"""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

HOUR_S = 3600

_EVERY_ZONE = tuple(range(-12 * HOUR_S, 14 * HOUR_S + 1, HOUR_S // 4))


@dataclass(frozen=True, slots=True)
class Clock:
    """What time it is for the cluster: epoch seconds, and by how many seconds its nodes' zone is
    ahead of UTC; `None` where that is not known."""

    now_s: float = field(default_factory=time.time)
    offset_s: int | None = None

    @property
    def zones(self) -> tuple[int, ...]:
        return _EVERY_ZONE if self.offset_s is None else (self.offset_s,)


_TIMEOUT = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?\s*([a-z]*)", re.IGNORECASE)
_UNITS_S = {"ms": 0.001, "us": 0.000_001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""By their first letters, in this order: `min`, `minutes` and `M` are minutes, `msec` is not."""


def seconds(text: str | None) -> float | None:
    """A timeout as Pacemaker reads it (`crm_get_msec`): seconds where it has no unit.

    `None` for what it cannot read, an ISO 8601 duration too: its default applies then.
    """
    found = _TIMEOUT.fullmatch((text or "").strip())
    if found is None:
        return None
    word = found[2].lower()
    unit = next((s for prefix, s in _UNITS_S.items() if (word or "s").startswith(prefix)), None)
    return int(found[1]) * unit if unit is not None else None


_DATE = re.compile(
    r"(?P<year>\d{4})(?:-?(?P<month>\d{2})-?(?P<day>\d{2})|-(?P<ordinal>\d{3})"
    r"|-W(?P<week>\d{2})-(?P<weekday>[1-7]))(?:[T ](?P<time>.+))?"
)
_TIME = re.compile(r"(\d{2}):?(?:(\d{2}):?(?:(\d{2}))?)?(?:[.,]\d+)?(?P<zone>.*)")
_ZONE = re.compile(r"([+-])?(\d{2}):?(\d{2})?(?::?(\d{2}))?")


def moment(text: str, offset_s: int, *, sees_any_zone: bool = False) -> tuple[datetime, int]:
    """A date and time without a zone, and the offset from UTC that belongs to it.

    A date alone is that of UTC. A zone counts only after a blank, or as Z, if not any is seen; else
    the nodes' own, `offset_s`, is meant. Raises `ValueError` for what is not understood.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        raise ValueError(f"no date: {text}")
    day = _day(found)
    if found["time"] is None:
        return day, 0
    clock = _TIME.fullmatch(found["time"])
    if clock is None:
        raise ValueError(f"no time: {text}")
    hour, minute, second = (int(part or 0) for part in clock.groups()[:3])
    if minute > 59 or second > 59 or hour * HOUR_S + minute * 60 + second > 24 * HOUR_S:
        raise ValueError(f"no time: {text}")
    when = day + timedelta(hours=hour, minutes=minute, seconds=second)
    zone = clock["zone"]
    if "Z" in zone:
        return when, 0
    return when, _offset_s(zone if sees_any_zone else zone.partition(" ")[2], offset_s)


def _day(found: re.Match[str]) -> datetime:
    year = int(found["year"])
    if found["ordinal"] is not None:
        day = date(year, 1, 1) + timedelta(days=int(found["ordinal"]) - 1)
    elif found["week"] is not None:
        day = date.fromisocalendar(year, int(found["week"]), int(found["weekday"]))
    else:
        day = date(year, int(found["month"]), int(found["day"]))
    return datetime(day.year, day.month, day.day)


def _offset_s(zone: str, offset_s: int) -> int:
    if not zone.strip():
        return offset_s
    found = _ZONE.fullmatch(zone.strip())
    if found is None:
        raise ValueError(f"no zone: {zone}")
    away = int(found[2]) * HOUR_S + int(found[3] or 0) * 60 + int(found[4] or 0)
    return -away if found[1] == "-" else away


def epoch_s(when: datetime, offset_s: int) -> float:
    return when.replace(tzinfo=UTC).timestamp() - offset_s


def after(when: datetime, duration: Mapping[str, str]) -> datetime:
    """The end of a `<duration>`. Its parts are added from the greatest to the least; a year later
    is the same day of the year. Raises `ValueError` for what is no number."""
    amounts = {name: int(duration.get(name, "0")) for name in _PARTS}
    day_of_year = when.timetuple().tm_yday
    clock = when - datetime(when.year, when.month, when.day)
    day = date(when.year + amounts["years"], 1, 1) + timedelta(days=day_of_year - 1)
    months = day.year * 12 + day.month - 1 + amounts["months"]
    year, month = divmod(months, 12)
    first = date(year, month + 1, 1)
    length = (date(year + (month == 11), (month + 1) % 12 + 1, 1) - first).days
    day = first.replace(day=min(day.day, length))
    rest = {name: amounts[name] for name in ("weeks", "days", "hours", "minutes", "seconds")}
    return datetime(day.year, day.month, day.day) + clock + timedelta(**rest)


_PARTS = ("years", "months", "weeks", "days", "hours", "minutes", "seconds")

_RANGE = re.compile(r"(\d{1,9})?(-)?(\d{1,9})?")


def in_spec(spec: Mapping[str, str], now_s: float, offset_s: int) -> bool:
    """Whether a `<date_spec>` has this moment, by the clock of a zone.

    Raises `ValueError` for a range that is none, and for phases of the moon.
    """
    if "moon" in spec:
        raise ValueError("the phase of the moon")
    now = datetime.fromtimestamp(now_s, UTC) + timedelta(seconds=offset_s)
    week_year, week, weekday = now.isocalendar()
    fields = {
        "years": now.year,
        "months": now.month,
        "monthdays": now.day,
        "hours": now.hour,
        "minutes": now.minute,
        "seconds": now.second,
        "yeardays": now.timetuple().tm_yday,
        "weekyears": week_year,
        "weeks": week,
        "weekdays": weekday,
    }
    return all(_in_range(spec[name], value) for name, value in fields.items() if name in spec)


def _in_range(text: str, value: int) -> bool:
    found = _RANGE.fullmatch(text)
    if found is None or not (found[1] or found[3]):
        raise ValueError(f"no range: {text}")
    if found[2] is None:
        return value == int(found[1])
    return (found[1] is None or value >= int(found[1])) and (
        found[3] is None or value <= int(found[3])
    )
