"""Waiting for a state, and saying which when it does not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


async def until(condition: Callable[[], T | None], what: str, *, within_s: float = 90.0) -> T:
    """The first truthy value of the condition; the loop goes on running meanwhile."""
    end = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {within_s:g} s in vain: {what}"
        await asyncio.sleep(0.05)
    return value
