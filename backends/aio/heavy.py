"""Heavy work beside the event loop, and its memory given back.

The GNU C library keeps what is freed in the arena of the thread that asked for it, and each thread
of a pool has an arena of its own: a large CIB parsed now here, now there stays in memory as often
as there are threads, though nothing is left of it. Other C libraries are let be.
"""

from __future__ import annotations

import asyncio
import ctypes
import sys
import time
from collections.abc import Callable
from functools import cache
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

TURN_S = 0.001
"""A thread that works hands over after so long where the loop has something to do. Python's own
5 ms come again at each read and write of the loop: a key would wait for many of them."""
WORTH_IT_S = 0.05
"""Of CPU time. To give memory back takes a few milliseconds, for lighter work too long."""


async def heavy(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Do it in a thread, as `asyncio.to_thread` does, and let the loop have its turns meanwhile."""
    sys.setswitchinterval(TURN_S)

    def then_tidy() -> T:
        began_s = time.thread_time()
        try:
            return work(*args, **kwargs)
        finally:
            if time.thread_time() - began_s > WORTH_IT_S:
                _tidy()

    return await asyncio.to_thread(then_tidy)


async def give_back() -> None:
    """Give back what was freed since: what heavy work is about, its callers let go of later."""
    await asyncio.to_thread(_tidy)


def _tidy() -> None:
    trim = _trim()
    if trim is not None:
        trim(0)


@cache
def _trim() -> Callable[[int], int] | None:
    """`malloc_trim`, which glibc has since 2.8 for every arena."""
    return getattr(ctypes.CDLL(None), "malloc_trim", None)
