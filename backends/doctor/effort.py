"""What the doctor's own work costs this machine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from backends.aio.heavy import heavy

T = TypeVar("T")


class Effort:
    """Work in threads, so that the board goes on, and the CPU seconds that it took."""

    def __init__(self) -> None:
        self.worked_s = 0.0

    async def of(self, work: Callable[[], T]) -> T:
        """Do it, and count it."""
        result, took_s = await heavy(_timed, work)
        self.worked_s += took_s
        return result


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    started_s = time.thread_time()
    result = work()
    return result, time.thread_time() - started_s
