"""Heavy work leaves nothing of itself in memory, whichever thread did it."""

from __future__ import annotations

import asyncio
import time

import psutil
import pytest

from backends.aio.heavy import WORTH_IT_S, give_back, heavy

MiB = 1 << 20
WORK_BYTES = 48 * MiB
PIECE_BYTES = 4096
"""More than Python keeps by itself, less than what the C library asks the kernel for one by one."""


def pieces() -> list[bytes]:
    return [bytes(PIECE_BYTES) for _ in range(WORK_BYTES // PIECE_BYTES)]


def parsed(keep: list[bytes]) -> int:
    """What a parser does: much is made and let go, and a little that was made last stays."""
    until = time.thread_time() + 2 * WORTH_IT_S
    count = 0
    while time.thread_time() < until or not count:
        made = pieces()
        count += len(made)
        keep.append(made.pop())
    return count


def resident_bytes() -> int:
    return psutil.Process().memory_info().rss


async def test_what_work_has_freed_is_given_back_in_every_thread() -> None:
    keep: list[list[bytes]] = [[] for _ in range(3)]
    await give_back()
    before = resident_bytes()
    counts = await asyncio.gather(*(heavy(parsed, each) for each in keep))
    assert min(counts) >= WORK_BYTES // PIECE_BYTES
    assert resident_bytes() - before < WORK_BYTES


async def test_what_its_caller_has_let_go_later_is_given_back_too() -> None:
    await give_back()
    before = resident_bytes()
    made = pieces()
    made_bytes = resident_bytes() - before
    kept = made.pop()
    del made
    await give_back()
    assert made_bytes > WORK_BYTES // 2
    assert resident_bytes() - before < made_bytes / 2, len(kept)


async def test_errors_come_through() -> None:
    with pytest.raises(ValueError, match="no number"):
        await heavy(int, "no number")
