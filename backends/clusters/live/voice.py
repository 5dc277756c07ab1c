"""One node speaks for Pacemaker; when it falls silent, another takes over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from backends.aio.tasks import cancel, first_success, until_one_ends
from backends.clusters.live import watch
from backends.clusters.live.reading import read
from backends.clusters.ssh import Fleet, Host
from backends.data.errors import ClusterStopped, TimedOut, VmferryError
from backends.data.picture import CibVersion
from backends.pacemaker.agents import Agents

if TYPE_CHECKING:
    from backends.clusters.live.understanding import Reading

UNEASY_AFTER_S = 1.4
"""A voice that has missed a beat of a second is asked what it does not tell: the picture is never
more than 2 s behind."""
MOST_MISSED = 2
"""One that is still silent so many looks later is lost. It is looks that count, and not seconds
alone: after a held loop or a stopped process, what came meanwhile is heard first."""
COALESCE_S = 0.02
"""One change is several lines and several updates: they are read together."""
SHORTEST_PAUSE_S = 0.5
SUCCESSION_S = 10.0
"""How long a question waits for another node to take over."""
LONGEST_AUDITION = 3
"""How many times that long the answer of one that is to take over may take."""
LONGEST_PAUSE_S = 5.0
REST_FACTOR = 2.0
"""After a reading that took t, the next begins t times this later: a large cluster is spared."""

CRM_NODE = ("crm_node", "--name")
_INTRODUCTION = ("sh", "-c", "crm_node --list & crm_node --name; named=$?; wait; exit $named")
"""Its own name on a line, and a line for each node of the cluster: id, name, `member` or `lost`."""


class Voice:
    """Reads Pacemaker through one node, whenever something changed, and changes over when it must.

    `met` is called with the name of each node in membership before anything was read, so that it
    is connected to meanwhile; `heard` with each reading; `lost` with the error when nobody speaks
    any more.
    """

    def __init__(
        self,
        fleet: Fleet,
        agents: Agents,
        met: Callable[[str], None],
        heard: Callable[[Reading], None],
        lost: Callable[[VmferryError], None],
    ) -> None:
        self._fleet = fleet
        self._agents = agents
        self._met = met
        self._heard = heard
        self._lost = lost
        self._changed = asyncio.Event()
        self._heard_somebody = asyncio.Event()
        self._host: Host | None = None
        self._reading: Reading | None = None
        self._heard_at = 0.0
        self._told: CibVersion | None = None
        self._read_at = 0.0
        self._reads = 0

    async def speaking(self) -> Host:
        """The node that speaks, waiting a moment where another is just taking over.

        Raises `ClusterStopped`.
        """
        end = time.monotonic() + SUCCESSION_S
        while self._host is None and time.monotonic() < end:
            with suppress(TimeoutError):
                async with asyncio.timeout(end - time.monotonic()):
                    await self._heard_somebody.wait()
        return self.host

    @property
    def host(self) -> Host:
        """The node that speaks. Raises `ClusterStopped` while none does."""
        if self._host is None:
            raise ClusterStopped(
                "no node speaks for the cluster", cure="wait, or look at the nodes"
            )
        return self._host

    @property
    def reading(self) -> Reading:
        if self._reading is None:
            raise RuntimeError("the voice was not opened")
        return self._reading

    async def open(self, host: Host) -> None:
        """Begin with this host, and learn which node it is. Raises what `read` raises."""
        introduction = asyncio.create_task(self._introduce(host))
        try:
            reading = await self._read(host)
            node = await introduction
        finally:
            await cancel(introduction)
        self._take(host, replace(reading, host=node) if node else reading)

    async def _introduce(self, host: Host) -> str | None:
        """Which node it is; the others are met on the way."""
        answer = await host.run(_INTRODUCTION)
        lines = [line.split() for line in answer.stdout.decode(errors="replace").splitlines()]
        node = next((words[0] for words in lines if len(words) == 1), None)
        if answer.exit_status != 0 or node is None:
            return None
        self._fleet.adopt(node, host)
        for words in lines:
            match words:
                case [_, name, "member"]:
                    self._met(name)
        return node

    def look(self) -> None:
        """Read soon: something was changed from here."""
        self._changed.set()

    async def read_now(self) -> None:
        """Read at once. Raises what `read` and `speaking` raise."""
        host = await self.speaking()
        self._take(host, await self._read(host))
        self._consider()

    async def run(self) -> None:
        """Speak until cancelled."""
        failures = 0
        while True:
            try:
                if self._host is None:
                    self._take(*await self._elect())
                failures = 0
                await self._listen(self.host)
            except VmferryError as error:
                self._host = None
                self._heard_somebody.clear()
                self._lost(error)
                await asyncio.sleep(min(SHORTEST_PAUSE_S * failures, LONGEST_PAUSE_S))
                failures += 1

    async def _listen(self, host: Host) -> None:
        self._heard_at = time.monotonic()
        async with host.stream(watch.COMMAND) as lines:
            await until_one_ends(
                self._hear(host, lines), self._mistrust_silence(host), self._read_on_change(host)
            )

    async def _hear(self, host: Host, lines: AsyncIterator[str]) -> None:
        async for line in lines:
            self._heard_at = time.monotonic()
            self._take_in(line)
        raise TimedOut("it speaks no more", where=host.name)

    def _take_in(self, line: str) -> None:
        if line.startswith(watch.SIGN_OF_LIFE):
            return
        version = watch.version_told(line)
        if version is None:
            self._changed.set()
        else:
            self._told = version
            self._consider()

    def _consider(self) -> None:
        """Read for the version that was told, unless it is known. One that is told while a reading
        is under way may be in it: that is seen when it is there."""
        if self._told is None or self._reads:
            return
        told, self._told = self._told, None
        if told != self.reading.cib.version:
            self._changed.set()

    async def _mistrust_silence(self, host: Host) -> None:
        missed, heard_at, answered_bytes = 0, self._heard_at, host.answered_bytes
        while True:
            uneasy_in_s = self._heard_at + UNEASY_AFTER_S - time.monotonic()
            if uneasy_in_s > 0 or self._heard_at != heard_at:
                missed = 0
            elif host.answering and host.answered_bytes != answered_bytes:
                missed = max(0, missed - 1)  # words wait behind what fills a thin line
            elif missed == MOST_MISSED:
                silent_s = time.monotonic() - self._heard_at
                raise TimedOut(f"it said nothing for {silent_s:.0f} s", where=host.name)
            else:
                missed += 1
            heard_at, answered_bytes = self._heard_at, host.answered_bytes
            if uneasy_in_s <= 0:
                self._changed.set()
                uneasy_in_s = UNEASY_AFTER_S
                self._say_how_old(host)
            await asyncio.sleep(uneasy_in_s)

    def _say_how_old(self, host: Host) -> None:
        """Of a voice that is not lost, though nothing whole has come from it for as long."""
        behind_s = time.monotonic() - max(self._heard_at, self._read_at)
        if behind_s > (MOST_MISSED + 1) * UNEASY_AFTER_S:
            self._lost(TimedOut("its answer is still coming", where=host.name))

    async def _read_on_change(self, host: Host) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(COALESCE_S)
            self._changed.clear()
            started = time.monotonic()
            self._take(host, await self._read(host))
            self._consider()
            await asyncio.sleep(REST_FACTOR * (time.monotonic() - started))

    async def _read(self, host: Host) -> Reading:
        self._reads += 1
        try:
            return await read(host, self._agents, self._reading)
        finally:
            self._reads -= 1

    def _take(self, host: Host, reading: Reading) -> None:
        self._host = host
        self._reading = reading
        self._read_at = time.monotonic()
        if not reading.proven:
            self._changed.set()
        self._heard_somebody.set()
        self._heard(reading)

    async def _elect(self) -> tuple[Host, Reading]:
        """The first node that answers. Raises the error of the last that did not."""
        hosts = [self._fleet.host(node.name) for node in self.reading.status.nodes]
        return await first_success(*map(self._audition, hosts), raises=VmferryError)

    async def _audition(self, host: Host) -> tuple[Host, Reading]:
        """For as long as something of an answer comes."""
        reading = asyncio.create_task(self._read(host))
        try:
            answered_bytes = -1
            for _ in range(LONGEST_AUDITION):
                if host.answered_bytes == answered_bytes:
                    break
                answered_bytes = host.answered_bytes
                if (await asyncio.wait({reading}, timeout=SUCCESSION_S))[0]:
                    break
            if not reading.done():
                raise TimedOut(f"no answer within {SUCCESSION_S:g} s", where=host.name)
            return host, reading.result()
        finally:
            await cancel(reading)
