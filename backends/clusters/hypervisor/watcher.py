"""One node's libvirt, watched: opened, sampled, and opened again when it was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

from backends.clusters.hypervisor.stats import Job, View
from backends.clusters.ssh import Host
from backends.data.errors import VmferryError
from backends.data.picture import Hypervisor, HypervisorState

try:
    from backends.clusters.hypervisor.link import Link
except ImportError:  # libvirt-python builds from source, so it is an extra
    MISSING = "libvirt-python is not installed here"
    HAVE_LIBVIRT = False
else:
    HAVE_LIBVIRT = True

SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")
"""The monolithic daemon's (or virtproxyd's), and the modular one's."""
SAMPLE_EVERY_S = 2.0
SAMPLE_TIMEOUT_S = 3.0
FIRST_RATES_AFTER_S = 0.15
"""Percentages need two samples: the second comes sooner than the others."""
RETRY_AFTER_S = 2.0


class Watcher:
    """`changed` is called whenever `view` is another one."""

    def __init__(self, host: Host, node: str, changed: Callable[[], None]) -> None:
        self._host = host
        self._node = node
        self._changed = changed
        self._wake = asyncio.Event()
        self._link: Link | None = None
        self.view = View(Hypervisor())

    def wake(self) -> None:
        """Sample now: something happened there."""
        self._wake.set()

    async def job(self, domain: str) -> Job | None:
        """The migration job of a domain that leaves this node; `None` where nothing is known."""
        if self._link is None:
            return None
        try:
            return await self._link.job(domain)
        except VmferryError:
            # The sampling loop meets the same trouble, and reports it.
            self._wake.set()
            return None

    async def run(self) -> None:
        """Watch until cancelled."""
        if not HAVE_LIBVIRT:
            self._show(View(Hypervisor(HypervisorState.UNKNOWN, MISSING, time.time())))
            return
        while True:
            try:
                await self._host.wait_connected()
                await self._watch()
            except VmferryError as error:
                self._fail(error)
            await asyncio.sleep(RETRY_AFTER_S)

    async def _watch(self) -> None:
        async with self._host.forward(await self._socket()) as path:
            link = await Link.open(self._node, path, self.wake)
            try:
                self._link = link
                await self._sample_on(link)
            finally:
                self._link = None
                await link.close()

    async def _socket(self) -> str:
        answer = await self._host.run(("ls", *SOCKETS))
        there = set(answer.stdout.decode(errors="replace").split())
        return next((socket for socket in SOCKETS if socket in there), SOCKETS[0])

    async def _sample_on(self, link: Link) -> None:
        pause = FIRST_RATES_AFTER_S
        since = time.time()
        up = Hypervisor(HypervisorState.UP, None, since, *await link.versions())
        while True:
            self._wake.clear()
            self._show(View(up, await link.sample(timeout_s=SAMPLE_TIMEOUT_S)))
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                pause = SAMPLE_EVERY_S

    def _fail(self, error: VmferryError) -> None:
        now = self.view.hypervisor
        since = now.since if now.state is HypervisorState.DOWN else time.time()
        self._show(View(Hypervisor(HypervisorState.DOWN, error.what, since)))

    def _show(self, view: View) -> None:
        self.view = view
        self._changed()
