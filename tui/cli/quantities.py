"""Numbers in words; what is not known is `?`."""

from __future__ import annotations

import time

UNKNOWN = "?"
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def size(size_bytes: float | None) -> str:
    """`8.0 GiB`."""
    if size_bytes is None:
        return UNKNOWN
    value = float(size_bytes)
    unit = 0
    while value >= 1024 and unit < len(_UNITS) - 1:
        value /= 1024
        unit += 1
    return f"{value:.0f} {_UNITS[unit]}" if unit < 3 else f"{value:.1f} {_UNITS[unit]}"


def percent(value: float | None) -> str:
    """`41 %`."""
    return UNKNOWN if value is None else f"{value:.0f} %"


def seconds(value_s: float | None) -> str:
    """`42 s` up to two minutes, then `3 min 20 s`."""
    if value_s is None:
        return UNKNOWN
    whole = max(0, round(value_s))
    return f"{whole} s" if whole < 120 else f"{whole // 60} min {whole % 60} s"


def count(value: int | None) -> str:
    return UNKNOWN if value is None else str(value)


def clock(at: float) -> str:
    """A moment in this machine's own zone."""
    return time.strftime("%H:%M:%S", time.localtime(at))
