"""One node's libvirt: a connection whose calls are made in a thread of its own.

A libvirt call may block for long, and one on the event loop's thread would wait for ever for bytes
that this very loop forwards. What a migration is at is asked over a second connection, while there
is one, since on a far line a sample takes a while.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Self

import libvirt

from backends.clusters.hypervisor import stats
from backends.clusters.hypervisor.line import Line
from backends.clusters.hypervisor.stats import Job, Sample
from backends.data.errors import Unreachable

IDLE_S = 10.0
"""Whom nobody has asked for a migration for so long is let go."""
MEMORY_S = 8.0
"""So old may the node's memory be where no load has moved, or was not known: every other sample."""
_EACH_TICK = libvirt.VIR_DOMAIN_STATS_STATE | libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
_SELDOM = libvirt.VIR_DOMAIN_STATS_BALLOON | libvirt.VIR_DOMAIN_STATS_VCPU


class Link:
    """An open connection; `notify` is called on the event loop when something happened there."""

    def __init__(self, node: str, socket: Path, notify: Callable[[], None]) -> None:
        self._node = node
        self._socket = socket
        self._notify = notify
        self._loop = asyncio.get_running_loop()
        self._line = Line(node)
        self._closed = False
        self._jobs: Line | None = None
        self._opening = asyncio.Lock()
        self._idle: asyncio.TimerHandle | None = None
        self._letting_go: set[asyncio.Task[None]] = set()
        self._last: Sample | None = None
        self._memory: tuple[int | None, int | None] = (None, None)
        self._measured_at = 0.0

    @classmethod
    async def open(
        cls, node: str, socket: Path, notify: Callable[[], None], *, timeout_s: float = 10.0
    ) -> Self:
        """Connect through a UNIX socket. Raises `Unreachable` or `TimedOut`."""
        link = cls(node, socket, notify)
        try:
            await link._line.open(socket, timeout_s)
            await link._line.call(link._listen, timeout_s)
        except BaseException:
            await link.close()
            raise
        return link

    async def sample(self, *, timeout_s: float = 5.0) -> Sample:
        """The node and all its domains, in three calls at most.

        Raises `Unreachable` or `TimedOut`.
        """
        return await self._line.call(self._sample, timeout_s)

    async def versions(self, *, timeout_s: float = 5.0) -> tuple[str, str | None]:
        """Of the daemon, and of its QEMU if it has one. Raises `Unreachable` or `TimedOut`."""
        return await self._line.call(_versions, timeout_s)

    async def job(self, domain: str, *, timeout_s: float = 5.0) -> Job | None:
        """The migration job of a domain that is leaving; `None` where none runs.

        Raises `Unreachable` or `TimedOut`.
        """
        jobs = await self._beside(timeout_s)
        if self._idle is not None:
            self._idle.cancel()
        self._idle = self._loop.call_later(IDLE_S, self._let_jobs_go)
        return await jobs.call(lambda _: _job(jobs, domain), timeout_s)

    async def _beside(self, timeout_s: float) -> Line:
        async with self._opening:
            if self._closed:
                raise Unreachable("the connection to libvirt is closed", where=self._node)
            jobs = self._jobs
            if jobs is None:
                self._jobs = jobs = Line(self._node)
                try:
                    await jobs.open(self._socket, timeout_s)
                except BaseException:
                    self._let_jobs_go()
                    raise
            return jobs

    def _let_jobs_go(self) -> None:
        jobs, self._jobs = self._jobs, None
        if jobs is not None:
            task = self._loop.create_task(jobs.close())
            self._letting_go.add(task)
            task.add_done_callback(self._letting_go.discard)

    async def close(self) -> None:
        """Let go, without waiting for a call that hangs."""
        self._closed = True
        if self._idle is not None:
            self._idle.cancel()
        self._let_jobs_go()
        await self._line.close()
        if self._letting_go:
            await asyncio.wait(self._letting_go)

    def _listen(self, connection: libvirt.virConnect) -> None:
        connection.registerCloseCallback(self._tell, None)
        connection.domainEventRegisterAny(
            None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, self._tell, None
        )

    def _sample(self, connection: libvirt.virConnect) -> Sample:
        before = self._last
        known = dict(before.domains) if before else {}
        at = time.monotonic()
        groups = _EACH_TICK if before else _EACH_TICK | _SELDOM
        records = connection.getAllDomainStats(groups, _flags())
        if before is not None and {record[0].name() for record in records} - set(known):
            records = connection.getAllDomainStats(groups | _SELDOM, _flags())
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

    def _tell(self, *_: object) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._notify)


def _versions(connection: libvirt.virConnect) -> tuple[str, str | None]:
    try:
        emulator = _version(connection.getVersion())
    except libvirt.libvirtError:
        emulator = None
    return _version(connection.getLibVersion()), emulator


def _job(line: Line, name: str) -> Job | None:
    try:
        return stats.job(line.domain(name).jobStats())
    except libvirt.libvirtError as error:
        line.forget(name)
        if error.get_error_code() in (
            libvirt.VIR_ERR_NO_DOMAIN,
            libvirt.VIR_ERR_OPERATION_INVALID,
            libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
        ):
            return None
        raise


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
