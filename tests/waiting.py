"""Waiting for a state, and saying which when it does not come."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

PATIENCE_S = 180.0
"""Nothing is promised within this time: a state that a busy machine has not reached by then never
comes."""


async def until(condition: Callable[[], T | None], what: str, *, within_s: float = PATIENCE_S) -> T:
    """The first truthy value of the condition; the loop goes on running meanwhile."""
    end = time.monotonic() + within_s
    while not (value := condition()):
        assert time.monotonic() < end, f"waited {within_s:g} s in vain: {what}"
        await asyncio.sleep(0.05)
    return value
