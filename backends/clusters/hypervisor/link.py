"""One node's libvirt: a connection whose calls are made in threads of its own.

A libvirt call may block for long, and one on the event loop's thread would wait for ever for bytes
that this very loop forwards. So calls go one by one to the node's own thread, closing included;
only what a migration is at is asked beside them, since on a far line a sample takes a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

import libvirt

from backends.clusters.hypervisor import stats
from backends.clusters.hypervisor.events import run_event_loop
from backends.clusters.hypervisor.stats import Job, Sample
from backends.data.errors import TimedOut, Unreachable

T = TypeVar("T")

JOBS_AT_ONCE = 3
"""libvirtd answers five calls of a connection at once (max_client_requests)."""
KEEPALIVE_S = 5
KEEPALIVE_COUNT = 3
MEMORY_S = 8.0
"""So old may the node's memory be where no load has moved, or was not known: every other sample."""
_EACH_TICK = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
_SELDOM = libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU


class Link:
    """An open connection; `notify` is called on the event loop when something happened there."""

    def __init__(self, node: str, notify: Callable[[], None]) -> None:
        self._node = node
        self._notify = notify
        self._loop = asyncio.get_running_loop()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"libvirt-{node}")
        self._jobs = ThreadPoolExecutor(JOBS_AT_ONCE, thread_name_prefix=f"jobs-{node}")
        self._connection: libvirt.virConnect | None = None
        self._active: dict[str, libvirt.virDomain] = {}
        self._last: Sample | None = None
        self._memory: tuple[int | None, int | None] = (None, None)
        self._measured_at = 0.0

    @classmethod
    async def open(
        cls, node: str, socket: Path, notify: Callable[[], None], *, timeout_s: float = 10.0
    ) -> Self:
        """Connect through a UNIX socket. Raises `Unreachable` or `TimedOut`."""
        run_event_loop()
        link = cls(node, notify)
        try:
            await link._call(link._thread, lambda: link._open(socket), timeout_s)
        except BaseException:
            await link.close()
            raise
        return link

    async def sample(self, *, timeout_s: float = 5.0) -> Sample:
        """The node and all its domains, in three calls at most.

        Raises `Unreachable` or `TimedOut`.
        """
        return await self._call(self._thread, self._sample, timeout_s)

    async def versions(self, *, timeout_s: float = 5.0) -> tuple[str, str | None]:
        """Of the daemon, and of its QEMU if it has one. Raises `Unreachable` or `TimedOut`."""
        return await self._call(self._thread, self._versions, timeout_s)

    async def job(self, domain: str, *, timeout_s: float = 5.0) -> Job | None:
        """The migration job of a domain that is leaving; `None` where none runs.

        Raises `Unreachable` or `TimedOut`.
        """
        return await self._call(self._jobs, lambda: self._job(domain), timeout_s)

    async def close(self) -> None:
        """Let go, without waiting for a call that hangs."""
        try:
            await self._call(self._thread, self._close, 2.0)
        except (TimedOut, Unreachable):
            pass
        finally:
            for threads in (self._jobs, self._thread):
                threads.shutdown(wait=False)

    async def _call(
        self, threads: ThreadPoolExecutor, function: Callable[[], T], timeout_s: float
    ) -> T:
        call = self._loop.run_in_executor(threads, function)
        try:
            async with asyncio.timeout(timeout_s):
                return await asyncio.shield(call)
        except TimeoutError:
            call.add_done_callback(_forget)
            raise TimedOut(
                f"libvirt did not answer within {timeout_s:g} s", where=self._node
            ) from None
        except libvirt.libvirtError as error:
            raise Unreachable(f"libvirt: {error}", where=self._node) from error

    def _open(self, socket: Path) -> None:
        connection = libvirt.open(f"qemu+unix:///system?socket={socket}")
        self._connection = connection
        connection.setKeepAlive(KEEPALIVE_S, KEEPALIVE_COUNT)
        connection.registerCloseCallback(self._on_close, None)
        connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._on_lifecycle, None
        )

    def _sample(self) -> Sample:
        connection = self._require()
        before = self._last
        known = dict(before.domains) if before else {}
        at = time.monotonic()
        groups = _EACH_TICK if before else _EACH_TICK | _SELDOM
        records = connection.getAllDomainStats(groups, _flags())
        if before is not None and {record[0].name() for record in records} - set(known):
            records = connection.getAllDomainStats(groups | _SELDOM, _flags())
        self._active = {handle.name(): handle for handle, _ in records}
        domains = {
            handle.name(): stats.domain(handle.name(), values, known.get(handle.name()))
            for handle, values in records
        }
        busy, total = stats.cpu(connection.getCPUStats(libvirt.VIR_NODE_CPU_STATS_ALL_CPUS))
        cpus = before.cpus if before else connection.getInfo()[2]
        now = stats.with_rates(before, Sample(at, domains, cpus, busy, total))
        lately = at - self._measured_at < MEMORY_S
        if before is None or not (lately and (before.lacks_rates or stats.is_calm(before, now))):
            memory = connection.getMemoryStats(libvirt.VIR_NODE_MEMORY_STATS_ALL_CELLS)
            self._memory, self._measured_at = stats.memory(memory), at
        self._last = replace(now, memory_bytes=self._memory[0], memory_used_bytes=self._memory[1])
        return self._last

    def _versions(self) -> tuple[str, str | None]:
        connection = self._require()
        try:
            emulator = _version(connection.getVersion())
        except libvirt.libvirtError:
            emulator = None
        return _version(connection.getLibVersion()), emulator

    def _job(self, name: str) -> Job | None:
        connection = self._require()
        try:
            domain = self._active.get(name) or connection.lookupByName(name)
            return stats.job(domain.jobStats())
        except libvirt.libvirtError as error:
            if error.get_error_code() in (
                libvirt.VIR_ERR_NO_DOMAIN,
                libvirt.VIR_ERR_OPERATION_INVALID,
                libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
            ):
                return None
            raise

    def _close(self) -> None:
        connection, self._connection = self._connection, None
        self._active = {}
        if connection is not None:
            connection.close()

    def _require(self) -> libvirt.virConnect:
        if self._connection is None:
            raise Unreachable("the connection to libvirt is closed", where=self._node)
        return self._connection

    def _on_lifecycle(self, *_: object) -> None:
        self._tell()

    def _on_close(self, *_: object) -> None:
        self._tell()

    def _tell(self) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._notify)


def _version(number: int) -> str:
    """As libvirt packs them: 1000000 × major + 1000 × minor + release."""
    rest, release = divmod(number, 1000)
    major, minor = divmod(rest, 1000)
    return f"{major}.{minor}.{release}"


def _flags() -> int:
    """Only running domains, and none that another call holds: better old numbers than to wait."""
    return int(
        libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
        | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
    )


def _forget(call: asyncio.Future[T]) -> None:
    """Take the late outcome of a call that nobody waits for any more."""
    if not call.cancelled():
        call.exception()
