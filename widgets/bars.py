"""Text on a grid of cells: names made safe, numbers in human units, bars. Pure.

Everything here counts in terminal cells, not in characters. An unknown number is `UNKNOWN`.
"""

from __future__ import annotations

import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from rich.cells import cell_len, set_cell_size

UNKNOWN = "–"
ELLIPSIS = "…"
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_UNSEEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_EIGHTHS = "▁▂▃▄▅▆▇█"
_BINARY = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


def literal(text: str) -> str:
    """`text` with every character that could act on a terminal replaced by one that is seen."""
    return text if is_plain(text) else _literal(text)


def is_plain(text: str) -> bool:
    """Whether it may be written as it is, each character in a cell: so it is with nearly all texts,
    and to see it takes no longer than to remember it."""
    return text.isascii() and text.isprintable()


@lru_cache(maxsize=1024)
def _literal(text: str) -> str:
    return "".join(_visible(unicodedata.normalize("NFC", text)))


def _visible(text: str) -> Iterator[str]:
    after_base = False
    for character in text:
        category = unicodedata.category(character)
        if category == "Cc" and ord(character) < 0x20:
            yield chr(0x2400 + ord(character))
        elif category in _UNSEEN:
            yield _REPLACEMENT
        elif category in ("Mn", "Me"):
            # A mark without a base, or one of a pile, would draw over its neighbours.
            yield character if after_base and cell_len(character) == 0 else _REPLACEMENT
            after_base = False
            continue
        elif category == "Zs":
            yield " "
        else:
            yield character
        after_base = True


def cut(text: str, width: int) -> str:
    """`text` in at most `width` cells; what is cut off leaves an ellipsis."""
    return text if len(text) <= width and is_plain(text) else _cut(text, width)


@lru_cache(maxsize=1024)
def _cut(text: str, width: int) -> str:
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, width - 1).rstrip() + ELLIPSIS if width > 0 else ""


@lru_cache(maxsize=1024)
def fit(text: str, width: int) -> str:
    """`text` in exactly `width` cells."""
    return set_cell_size(cut(text, width), max(0, width))


def wrap(text: str, width: int, lines: int) -> tuple[str, ...]:
    """`text` in at most `lines` lines of at most `width` cells, broken between words."""
    wrapped: list[str] = []
    words = [piece for word in text.split() for piece in _pieces(word, width)]
    while words and len(wrapped) < lines:
        line = words.pop(0)
        last = len(wrapped) == lines - 1
        while words and (last or cell_len(line) + 1 + cell_len(words[0]) <= width):
            line += " " + words.pop(0)
        wrapped.append(cut(line, width))
    return tuple(wrapped)


def _pieces(word: str, width: int) -> Iterator[str]:
    """`word` itself, or what it takes to break it where it is wider than a line."""
    while cell_len(word) > max(2, width):
        head = set_cell_size(word, max(2, width)).rstrip()
        yield head
        word = word[len(head) :]
    yield word


def bar(percent: float | None, width: int) -> tuple[str, str]:
    """A gauge of `width` cells as its filled and its empty part, apart without colour too."""
    if width <= 0:
        return "", ""
    if percent is None:
        return "", "╌" * width
    halves = round(max(0.0, min(100.0, percent)) / 100 * width * 2)
    full, half = divmod(halves, 2)
    filled = "━" * full + "╸" * half
    return filled, "─" * (width - full - half)


def gauge(percent: float | None) -> str:
    """A gauge in one cell."""
    if percent is None:
        return " "
    return _EIGHTHS[min(7, max(0, int(percent / 12.5)))]


def sparkline(percents: Sequence[float | None], width: int) -> str:
    """The newest `width` values, right-aligned; a gap where nothing was known."""
    newest = percents[-width:] if width > 0 else ()
    return "".join(map(gauge, newest)).rjust(max(0, width))


def percent_text(percent: float | None) -> str:
    """In four cells."""
    return f"{percent:3.0f}%" if percent is not None else f"  {UNKNOWN} "


def bytes_text(count: int | float | None) -> str:
    """Such as `512 MiB`, `1.5 GiB`, `128 GiB`."""
    if count is None:
        return UNKNOWN
    value = float(count)
    for unit in _BINARY[:-1]:
        if abs(value) < 1023.5:
            return f"{_three_digits(value)} {unit}"
        value /= 1024
    return f"{_three_digits(value)} {_BINARY[-1]}"


def bytes_short(count: int | float | None) -> str:
    """Such as `512M`, `1.5G`."""
    value, _, unit = bytes_text(count).partition(" ")
    return value + unit[:1]


def change_text(before: int | None, after: int | None, total: int | None) -> str:
    """Such as `55→57/192 GiB`: in the unit of the total, where all three are known."""
    value, _, unit = bytes_text(total).partition(" ")
    if total is None or unit not in _BINARY:
        return UNKNOWN
    scale = 1024 ** _BINARY.index(unit)
    said = [UNKNOWN if used is None else _three_digits(used / scale) for used in (before, after)]
    return f"{said[0]}→{said[1]}/{value} {unit}"


def rate_text(bytes_per_s: int | float | None) -> str:
    """Such as `118 MiB/s`."""
    return f"{bytes_text(bytes_per_s)}/s" if bytes_per_s is not None else UNKNOWN


def rate_short(bytes_per_s: int | float | None) -> str:
    """Such as `118M/s`."""
    return f"{bytes_short(bytes_per_s)}/s" if bytes_per_s is not None else UNKNOWN


def duration_text(seconds: float | None) -> str:
    """Such as `0:12`, `12:05`, `1:02:03`, `3d 4h`."""
    if seconds is None:
        return UNKNOWN
    whole = max(0, round(seconds))
    minutes, second = divmod(whole, 60)
    hours, minute = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24}d {hours % 24}h"
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def clock_text(moment: float | None) -> str:
    """The time of day of an epoch moment, here."""
    return time.strftime("%H:%M:%S", time.localtime(moment)) if moment is not None else "?"


def moment_text(moment: float | None, now: float) -> str:
    """The time of day here, and the date where that is not today's: `11-27 18:51:20`."""
    if moment is None:
        return "?"
    day = time.strftime("%Y-%m-%d", time.localtime(moment))
    today = time.strftime("%Y-%m-%d", time.localtime(now))
    if day == today:
        return clock_text(moment)
    return f"{day[5:] if day[:4] == today[:4] else day} {clock_text(moment)}"


def midnight(moment: float) -> float:
    """When the day of this moment began, here."""
    year, month, day, *_ = time.localtime(moment)
    return time.mktime((year, month, day, 0, 0, 0, 0, 0, -1))


def _three_digits(value: float) -> str:
    return f"{value:.1f}".removesuffix(".0") if abs(value) < 9.95 else f"{value:.0f}"


def widest(texts: Iterable[str]) -> int:
    """The cells that the widest of them takes."""
    return max(map(cell_len, texts), default=0)
