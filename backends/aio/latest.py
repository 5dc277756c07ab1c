"""A value of which only the newest counts, with any number of readers."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Generic, TypeVar

T = TypeVar("T")


class Latest(Generic[T]):
    """Publish values; each reader gets the newest it has not seen, and none of those in between."""

    def __init__(self) -> None:
        self._value: T | None = None
        self._serial = 0
        self._closed = False
        self._changed = asyncio.Event()

    @property
    def value(self) -> T | None:
        """The newest value; `None` before the first."""
        return self._value

    def publish(self, value: T) -> None:
        """Replace the value. An equal one wakes nobody."""
        if self._serial and value == self._value:
            self._value = value
            return
        self._value = value
        self._serial += 1
        self._wake()

    def close(self) -> None:
        """End every reader after the newest value."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    async def read(self) -> AsyncIterator[T]:
        """Yield the newest value at once where there is one, then each change until closed."""
        seen = 0
        while True:
            changed = self._changed
            if self._serial != seen and self._value is not None:
                seen = self._serial
                yield self._value
            elif self._closed:
                return
            else:
                await changed.wait()
