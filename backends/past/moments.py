"""Moments as operators type them: «02:13», «yesterday 21:40», «-3h», ISO. Pure."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, tzinfo

from backends.data.errors import BadConfiguration

_AGO = re.compile(
    r"(?:now\s*)?-\s*([0-9]+(?:\.[0-9]+)?)\s*"
    r"(s(?:ec(?:ond)?s?)?|m(?:in(?:ute)?s?)?|h(?:ours?)?|d(?:ays?)?|w(?:eeks?)?)",
    re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:(today|yesterday)\s+)?([0-9]{1,2}):([0-9]{2})(?::([0-9]{2}))?")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}


def is_meant(word: str) -> bool:
    """Whether a word on a command line is a moment, be it a wrong one, and no name of a host."""
    address = re.fullmatch(r"[0-9]+(\.[0-9]+){3}", word)
    return address is None and re.match(r"-?[0-9]|now|today|yesterday", word) is not None


def moment(text: str, now: float, zone: tzinfo | None = None) -> float:
    """Epoch seconds. A clock time without a day is the last one that has been.

    `zone`: that of the operator; `None` for the machine's own. Raises `BadConfiguration`.
    """
    words = " ".join(text.split())
    found = _moment(words, datetime.fromtimestamp(now, zone))
    if found is None:
        raise BadConfiguration(
            f"{text!r} is no moment",
            cure="such as 02:13, 'yesterday 21:40', -3h, or 2026-11-28T02:13",
        )
    if found > now:
        raise BadConfiguration(f"{text!r} has yet to come", cure="name a moment of the past")
    return found


def _moment(words: str, now: datetime) -> float | None:
    ago = _AGO.fullmatch(words)
    if ago is not None:
        return now.timestamp() - float(ago[1]) * _SECONDS[ago[2][0].lower()]
    clock = _CLOCK.fullmatch(words.lower())
    try:
        if clock is None:
            return _iso(words, now)
        then = now.replace(
            hour=int(clock[2]), minute=int(clock[3]), second=int(clock[4] or 0), microsecond=0
        )
    except ValueError:
        return None
    if clock[1] == "yesterday" or (clock[1] is None and then > now):
        then -= timedelta(days=1)
    return then.timestamp()


def _iso(words: str, now: datetime) -> float:
    then = datetime.fromisoformat(words)
    return (then if then.tzinfo is not None else then.replace(tzinfo=now.tzinfo)).timestamp()
