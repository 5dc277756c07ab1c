"""The simulated cluster as a backend: pictures while time goes on, and a writer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from backends.aio.heavy import heavy
from backends.clusters.base import Answer, Backend, Writer
from backends.clusters.command_log import CommandLog
from backends.clusters.simulated import configuration, examined, scenarios
from backends.clusters.simulated.record import SimulatedRecord
from backends.clusters.simulated.world import TICK_S
from backends.data.errors import BadConfiguration, CommandFailed, Unreachable
from backends.data.examination import Facts, Probe
from backends.data.plan import Action, Command, Prediction
from backends.doctor import round as doctor_round
from backends.judgement.policy import outlasting

_BUSY_S = 0.25
_REST_S = 0.5
_MOST_AT_ONCE_S = 60.0
"""After a halt of this program the cluster does not catch up with more."""
_COMMAND_S = 0.03
_SIMULATE_S = 0.06
_EXAMINE_S = 0.8


class SimulatedBackend(Backend):
    """A cluster in memory. `speed` is simulated seconds a second; 0: only `advance` moves it."""

    def __init__(
        self,
        nodes: int = 4,
        vms: int = 16,
        seed: int = 1,
        speed: float = 1.0,
        scenario: str | None = None,
        read_only: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if nodes < 1 or vms < 0 or speed < 0:
            raise BadConfiguration(
                f"no cluster of {nodes} nodes and {vms} VMs at speed {speed:g}",
                cure="give at least one node, no negative number of VMs and no negative speed",
            )
        name = scenario or scenarios.DEFAULT
        if name not in scenarios.SCENARIOS:
            known = ", ".join(sorted(scenarios.SCENARIOS))
            raise BadConfiguration(f"no scenario {name!r}", cure=f"the scenarios are: {known}")
        self.world = scenarios.build(name, nodes, vms, seed, clock())
        self.record = SimulatedRecord(self.world)
        self._speed = speed
        self._living: asyncio.Task[None] | None = None
        self._looked_at = 0.0
        self._computing = 0
        self._computed = asyncio.Event()
        writer = _Writer(self) if not read_only else None
        super().__init__(writer=writer)

    async def open(self) -> None:
        """Take the first picture, and let time go on."""
        with self.commands.record(self.voice(), "crm_mon --one-shot --output-as=xml") as recorder:
            await self.pause(_COMMAND_S)
            recorder.exit_status = 0
        self._pictures.publish(self.world.picture())
        self._looked_at = time.monotonic()
        if self._speed:
            self._living = asyncio.create_task(self._live(), name="simulated cluster")

    async def close(self) -> None:
        """Let time stand still."""
        if self._living is not None:
            self._living.cancel()
            with suppress(asyncio.CancelledError):
                await self._living
            self._living = None
        self._pictures.close()

    async def refresh(self) -> None:
        """Look at once."""
        self._catch_up()

    async def advance(self, seconds: float) -> None:
        """Let that much simulated time pass now, with a picture for each step of it."""
        for _ in range(max(1, round(seconds / TICK_S))):
            while self._computing:
                await self._computed.wait()
            self.world.advance(TICK_S)
            self._pictures.publish(self.world.picture())
            await asyncio.sleep(0)

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        """Ask the scheduler of this cluster."""
        predictions: dict[str, Prediction] = {}
        command = "crm_simulate --simulate --xml-pipe --output-as=xml"
        with self.commands.record(self.voice(), command) as recorder:
            for node in nodes:
                await self.pause(_SIMULATE_S / len(nodes))
                predictions[node] = self.world.predict(vms, node, outlasting(self.picture, vms))
            recorder.exit_status = 0
        return predictions

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        """Ask the scheduler of this cluster."""
        with self.commands.record(self.voice(), "crm_simulate --run --xml-pipe") as recorder:
            await self.pause(_SIMULATE_S)
            actions = self.world.foresee([command.argv for command in commands])
            recorder.exit_status = 0
        return actions

    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        """Those of the scheduler of this cluster."""
        with self.commands.record(self.voice(), "crm_simulate --show-scores") as recorder:
            await self.pause(_SIMULATE_S)
            recorder.exit_status = 0
        return self.world.scores()

    async def configuration(self) -> bytes:
        """What its CIB would be. Of a large cluster that is much to write: in a thread."""
        with self._standing_still():
            return await heavy(configuration.cib, self.world.state)

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        """The answers of a node of a healthy cluster, in the form of the real tools."""
        asked_at = time.time()
        with self.commands.record(node, "sh -s") as recorder:
            recorder.stdin = doctor_round.script(probes)
            await self.pause(_EXAMINE_S)
            host = self.world.state.hosts.get(node)
            if host is None or not host.alive:
                return Facts(node, error="no route to host", asked_at=asked_at)
            with self._standing_still():
                outputs = await heavy(examined.answers, self.world.state, host, probes)
            recorder.exit_status = 0
            recorder.stdout = "".join(each.stdout for each in outputs.values()).encode()
            recorder.stderr = "".join(each.stderr for each in outputs.values()).encode()
        return Facts(node, outputs, None, asked_at, time.time())

    def voice(self) -> str:
        """The node that is asked. Raises `Unreachable` when none is left."""
        state = self.world.state
        voice = next((host.name for host in state.hosts.values() if host.online), None)
        if voice is None or state.pacemaker_stale is not None:
            raise Unreachable(
                "no node of the cluster answers", cure="wait until one of them is back"
            )
        return voice

    async def pause(self, seconds: float) -> None:
        """Take as long as a real cluster would."""
        await asyncio.sleep(seconds / self._speed if self._speed else 0)

    async def _live(self) -> None:
        while True:
            await asyncio.sleep(_BUSY_S if self.world.busy else _REST_S)
            self._catch_up()

    def _catch_up(self) -> None:
        """At a speed that this machine cannot keep, time runs slower: whoever follows what happens
        is to see it happen."""
        now = time.monotonic()
        passed_s = now - self._looked_at
        if self._speed > 1:
            passed_s = 0.0 if self._computing else min(passed_s, _REST_S)
        self.world.advance(min(passed_s * self._speed, _MOST_AT_ONCE_S))
        self._looked_at = now
        self._pictures.publish(self.world.picture())

    @contextmanager
    def _standing_still(self) -> Iterator[None]:
        """Quick motion waits for what is computed here, be this machine slow."""
        self._computing += 1
        self._computed.clear()
        try:
            yield
        finally:
            self._computing -= 1
            if not self._computing:
                self._computed.set()


class _Writer(Writer):
    def __init__(self, backend: SimulatedBackend) -> None:
        self._backend = backend

    async def send(self, command: Command) -> Answer:
        """Carry it out on the world. Raises `Unreachable` and `CommandFailed`."""
        backend = self._backend
        node = command.node or backend.voice()
        log: CommandLog = backend.commands
        with log.record(node, str(command), writes=True) as recorder:
            await backend.pause(_COMMAND_S)
            host = backend.world.state.hosts.get(node)
            if host is None or not host.alive:
                raise Unreachable("no route to host", where=node, cure="is the node running?")
            answer = backend.world.execute(command.argv, node)
            recorder.exit_status = answer.exit_status
            recorder.stdin, recorder.stdout, recorder.stderr = b"", answer.stdout, answer.stderr
        if answer.exit_status != 0:
            said = " ".join(answer.stderr.decode().split())
            raise CommandFailed(
                f"«{command}» ended with {answer.exit_status}: {said or 'without a word'}",
                where=node,
            )
        await backend.refresh()
        return answer
