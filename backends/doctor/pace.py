"""How much of this machine the doctor takes: a share of one core, in the long run.

Who asks for an examination gets one at once. By itself the doctor looks again only after a rest
that is as much longer than its work as the share is small, however large the cluster is, and
however often something changes in it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

SHARE = 0.02


def rest_s(worked_s: float) -> float:
    """For how long to leave the cluster alone after work of so many seconds of CPU time."""
    return worked_s / SHARE


class Effort:
    """Work in threads, so that the board goes on, and the CPU seconds that it took."""

    def __init__(self) -> None:
        self.worked_s = 0.0

    async def of(self, work: Callable[[], T]) -> T:
        """Do it, and count it."""
        result, took_s = await asyncio.to_thread(_timed, work)
        self.worked_s += took_s
        return result


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started_s = time.thread_time()
    result = work()
    return result, time.thread_time() - started_s
