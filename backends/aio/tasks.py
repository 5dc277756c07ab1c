"""Running several things until one of them ends."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar

T = TypeVar("T")


async def until_one_ends(*work: Coroutine[None, None, None]) -> None:
    """Run them side by side; when one ends or fails, end the others and raise its error."""
    tasks = [asyncio.create_task(each) for each in work]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        await cancel(*tasks)
    for task in done:
        task.result()


async def first_success(*work: Coroutine[None, None, T], raises: type[Exception]) -> T:
    """The result of the first that succeeds, the others ended; raises the last `raises` if none."""
    tasks = [asyncio.create_task(each) for each in work]
    errors: list[Exception] = []
    try:
        for next_done in asyncio.as_completed(tasks):
            try:
                return await next_done
            except raises as error:
                errors.append(error)
    finally:
        await cancel(*tasks)
    raise errors[-1]


async def cancel(*tasks: asyncio.Task[T]) -> None:
    """Cancel tasks and wait for their end."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
