"""One connection to a libvirt, with one thread for its calls.

They go one by one, closing included: libvirt 9.0 frees what another thread's call still uses where
a connection is closed or breaks meanwhile, and the process dies of it. And whatever holds the
connection is let go there too: the last to do so closes it, which on the loop's thread would wait
for bytes that the loop forwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

import libvirt

from backends.clusters.hypervisor.events import run_event_loop
from backends.data.errors import TimedOut, Unreachable

T = TypeVar("T")

KEEPALIVE_S = 5
KEEPALIVE_COUNT = 3
CLOSED_WITHIN_S = 2.0


class Line:
    """`node` is named in errors."""

    def __init__(self, node: str) -> None:
        run_event_loop()
        self._node = node
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"libvirt-{node}")
        self._connection: libvirt.virConnect | None = None
        self._domains: dict[str, libvirt.virDomain] = {}
        self._closed = False

    async def open(self, socket: Path, timeout_s: float) -> None:
        """Connect through a UNIX socket. Raises `Unreachable` or `TimedOut`."""
        if self._closed:
            raise self._gone()
        await self._do(lambda: self._open(socket), timeout_s)

    async def call(self, function: Callable[[libvirt.virConnect], T], timeout_s: float) -> T:
        """Raises `Unreachable` or `TimedOut`."""
        if self._closed:
            raise self._gone()
        return await self._do(lambda: function(self._require()), timeout_s)

    async def close(self) -> None:
        """Let go, without waiting for a call that hangs."""
        self._closed = True
        try:
            await self._do(self._close, CLOSED_WITHIN_S)
        except (TimedOut, Unreachable):
            pass
        finally:
            self._thread.shutdown(wait=False)

    def domain(self, name: str) -> libvirt.virDomain:
        """For a call. Who was asked for before is not looked up again. Raises `libvirtError`."""
        if name not in self._domains:
            self._domains[name] = self._require().lookupByName(name)
        return self._domains[name]

    def forget(self, name: str) -> None:
        """For a call: look it up again the next time."""
        self._domains.pop(name, None)

    async def _do(self, function: Callable[[], T], timeout_s: float) -> T:
        def guarded() -> T:
            try:
                return function()
            except libvirt.libvirtError as error:
                failure = Unreachable(f"libvirt: {error}", where=self._node)
            raise failure  # behind it, so that it holds nothing of the call

        call = asyncio.get_running_loop().run_in_executor(self._thread, guarded)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(call)
        except TimeoutError:
            call.add_done_callback(_forget)
            raise TimedOut(
                f"libvirt did not answer within {timeout_s:g} s", where=self._node
            ) from None

    def _open(self, socket: Path) -> None:
        self._connection = libvirt.open(f"qemu+unix:///system?socket={socket}")
        self._connection.setKeepAlive(KEEPALIVE_S, KEEPALIVE_COUNT)

    def _close(self) -> None:
        self._domains.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _require(self) -> libvirt.virConnect:
        if self._connection is None:
            raise self._gone()
        return self._connection

    def _gone(self) -> Unreachable:
        return Unreachable("the connection to libvirt is closed", where=self._node)


def _forget(call: asyncio.Future[T]) -> None:
    """Take the late outcome of a call that nobody waits for any more."""
    if not call.cancelled():
        call.exception()
