"""One node's libvirt, watched: opened, sampled, and opened again when it was lost."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from backends.clusters.hypervisor.stats import SHORTEST_NS, Job, Sample, View, is_calm
from backends.clusters.ssh import Host
from backends.data.errors import Unreachable, VmferryError
from backends.data.picture import Hypervisor, HypervisorState

if TYPE_CHECKING:
    from backends.clusters.hypervisor.link import Link

MISSING = "libvirt-python is not installed here"
SOCKETS = ("/run/libvirt/libvirt-sock", "/run/libvirt/virtqemud-sock")
"""The monolithic daemon's (or virtproxyd's), and the modular one's."""
SAMPLE_EVERY_S = 2.0
CALM_EVERY_S = 4.5
"""Where loads are as they were: what changes besides is told by events, and sampled at once. After
5 s without a word SSH here and libvirt at both ends would ask whether the other still lives, which
costs more."""
SAMPLE_TIMEOUT_S = 3.0
RATES_AFTER_S = SHORTEST_NS / 1e9 + 0.002
"""Percentages need two samples: the second comes sooner than the others, as soon as what they tell
is no noise."""
RETRY_AFTER_S = 2.0


def load_link() -> type[Link] | None:
    """What speaks to libvirt; `None` without libvirt-python, which is an extra: it builds from
    source. Late, because it can be loaded while the first node is waited for."""
    try:
        from backends.clusters.hypervisor.link import Link
    except ImportError:
        return None
    return Link


async def reach(host: Host, sockets: Sequence[str], stack: AsyncExitStack) -> Path:
    """The first socket there on which somebody listens, from here. Raises `Unreachable` with what
    is wrong with the first of all."""
    failures: list[Unreachable] = []
    for socket in sockets:
        try:
            return await stack.enter_async_context(host.forward(socket))
        except Unreachable as error:
            failures.append(error)
    raise failures[0]


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
        self._host.begin()
        linked = await asyncio.to_thread(load_link)
        if linked is None:
            self._show(View(Hypervisor(HypervisorState.UNKNOWN, MISSING, time.time())))
            return
        while True:
            try:
                await self._host.wait_connected()
                await self._watch(linked)
            except VmferryError as error:
                self._fail(error)
            await asyncio.sleep(RETRY_AFTER_S)

    async def _watch(self, linked: type[Link]) -> None:
        async with AsyncExitStack() as stack:
            path = await reach(self._host, SOCKETS, stack)
            link = await linked.open(self._node, path, self.wake)
            try:
                self._link = link
                await self._sample_on(link)
            finally:
                self._link = None
                await link.close()

    async def _sample_on(self, link: Link) -> None:
        up = Hypervisor(HypervisorState.UP, None, time.time())
        sample: Sample | None = None
        while True:
            self._wake.clear()
            before, sample = sample, await link.sample(timeout_s=SAMPLE_TIMEOUT_S)
            self._show(View(up, sample))
            if up.libvirt is None:  # after the first word: a libvirtd just started takes its time
                up = Hypervisor(HypervisorState.UP, None, up.since, *await link.versions())
            pause_s = CALM_EVERY_S if is_calm(before, sample) else SAMPLE_EVERY_S
            if sample.lacks_rates:
                pause_s = max(0.0, sample.at_s + RATES_AFTER_S - time.monotonic())
            with suppress(TimeoutError):
                async with asyncio.timeout(pause_s):
                    await self._wake.wait()

    def _fail(self, error: VmferryError) -> None:
        now = self.view.hypervisor
        since = now.since if now.state is HypervisorState.DOWN else time.time()
        self._show(View(Hypervisor(HypervisorState.DOWN, error.what, since)))

    def _show(self, view: View) -> None:
        self.view = view
        self._changed()
