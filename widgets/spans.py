"""In which cells two painted lines differ. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.segment import Segment
from rich.style import Style

_NEAR = 4
"""Cells between two changes that cost less than to move the terminal's cursor over them."""


def changed_spans(before: Sequence[Segment], now: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """The cells, from and up to, in which two lines differ."""
    if before == now:
        return
    old = new = old_x = new_x = 0
    start: int | None = None
    while old < len(before) and new < len(now):
        if old_x == new_x:
            same = before[old] == now[new]
            if same and start is not None:
                yield start, new_x
                start = None
            elif not same and start is None:
                start = new_x
        step_old, step_new = old_x <= new_x, new_x <= old_x
        if step_old:
            old_x += before[old].cell_length
            old += 1
        if step_new:
            new_x += now[new].cell_length
            new += 1
    if start is None and (old < len(before) or new < len(now)):
        start = new_x
    if start is not None:
        yield start, max(_width(before), _width(now))


def _width(line: Sequence[Segment]) -> int:
    return sum(segment.cell_length for segment in line)


def changed_cells(before: Sequence[Segment], now: Sequence[Segment]) -> Iterator[tuple[int, int]]:
    """The same to the cell, with changes that are near each other as one."""
    first, shorter = 0, min(len(before), len(now))
    while first < shorter and before[first] == now[first]:
        first += 1
    last = 0
    while last < shorter - first and before[-1 - last] == now[-1 - last]:
        last += 1
    old, new = _cells(before[first : len(before) - last]), _cells(now[first : len(now) - last])
    if old is None or new is None or len(old) != len(new):
        yield from changed_spans(before, now)
        return
    start = end = -1
    for x, (was, is_now) in enumerate(zip(old, new, strict=True), _width(now[:first])):
        if was == is_now:
            continue
        if start >= 0 and x - end > _NEAR:
            yield start, end
            start = x
        elif start < 0:
            start = x
        end = x + 1
    if start >= 0:
        yield start, end


def _cells(line: Sequence[Segment]) -> list[tuple[str, Style | None]] | None:
    """Each cell; `None` where a character takes more than one."""
    if any(segment.cell_length != len(segment.text) for segment in line):
        return None
    return [(character, segment.style) for segment in line for character in segment.text]
