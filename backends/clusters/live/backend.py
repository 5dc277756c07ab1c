"""The live cluster: Pacemaker through one node, libvirt on each, joined into pictures."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from backends.aio.tasks import cancel
from backends.clusters.base import Answer, Backend, Writer
from backends.clusters.hypervisor.watcher import Watcher, load_link
from backends.clusters.live.join import Joined, Progress, join
from backends.clusters.live.reading import load_understanding
from backends.clusters.live.touched import touched
from backends.clusters.live.voice import Voice
from backends.clusters.ssh import Fleet, Login
from backends.data.errors import CommandFailed, NotPermitted, Refused, VmferryError
from backends.data.picture import Cluster, Migration, NodeKind, Phase, Stale
from backends.data.plan import Action, Command, Prediction
from backends.judgement.abilities import blind
from backends.judgement.policy import outlasting
from backends.pacemaker import domains
from backends.pacemaker.agents import KNOWN, Agents

if TYPE_CHECKING:
    from backends.clusters.live.questions import Questions
    from backends.clusters.live.understanding import Reading
    from backends.data.examination import Facts, Probe
    from backends.past.archive import Archive

JOB_EVERY_S = 1 / 3
REST_FACTOR = 9.0
"""After a picture that took t to join, numbers alone wait for the next t times this."""
LONGEST_REST_S = 0.15
"""A guest that was paused is to be seen as such before anybody wonders."""
LISTENS_AFTER_S = 0.5
"""What changes before is told once the first version is."""
_GONE_S = 0.1
"""Who has its picture closes what it opened within this."""
WRITE_TIMEOUT_S = 30.0

_INSUFFICIENT_PRIVILEGES = 4


class LiveWriter(Writer):
    """Sends confirmed commands to the voice node, or to the node that a command names."""

    def __init__(self, fleet: Fleet, voice: Voice) -> None:
        self._fleet = fleet
        self._voice = voice

    async def send(self, command: Command) -> Answer:
        if command.node is None:
            host = await self._voice.speaking()
        else:
            host = self._fleet.host(command.node)
        answer = await host.run(command.argv, timeout_s=WRITE_TIMEOUT_S, writes=True)
        self._voice.look()
        if answer.exit_status == 0:
            return answer
        said = " ".join(answer.stderr.decode(errors="replace").split())
        if answer.exit_status == _INSUFFICIENT_PRIVILEGES or "ermission denied" in said:
            raise NotPermitted(
                f"this login may not change the cluster: {said}",
                where=host.name,
                cure="log in as root, or use --sudo",
            )
        raise CommandFailed(
            f"«{command}» ended with {answer.exit_status}: {said or 'without a word'}",
            where=host.name,
        )


class LiveBackend(Backend):
    """`hosts`: any nodes, as ssh takes them; none means this machine."""

    def __init__(
        self,
        hosts: Sequence[str],
        login: Login,
        *,
        read_only: bool = False,
        agents: Agents = KNOWN,
    ) -> None:
        super().__init__(writer=None, agents=agents)
        self._hosts = tuple(hosts)
        self._login = login
        self._read_only = read_only
        self._connect()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._progress: dict[str, Progress] = {}
        self._names: dict[str, str] = {}
        self._silence: Stale | None = None
        self._pacemaker: Cluster | None = None
        self._joined = Joined()
        self._rested_at = 0.0
        self._later: asyncio.TimerHandle | None = None

    def _connect(self) -> None:
        self._fleet = Fleet(self._hosts, self._login, self.commands)
        self._voice = Voice(self._fleet, self.agents, self._watch, self._heard, self._lost)
        self._watchers: dict[str, Watcher] = {}
        self._tasks: list[asyncio.Task[None]] = []
        if not self._read_only:
            self.writer = LiveWriter(self._fleet, self._voice)

    # These two late, because who asks how things are now need not wait for what they load.

    @cached_property
    def record(self) -> Archive:
        """What the nodes have recorded."""
        from backends.clusters.live.site import archive

        return archive(lambda: self._fleet, self.agents)

    @property
    def _questions(self) -> Questions:
        from backends.clusters.live.questions import Questions

        return Questions(self._fleet, self._voice)

    async def open(self) -> None:
        self._tasks.append(asyncio.create_task(asyncio.to_thread(_load)))
        try:
            await self._voice.open(await self._fleet.first())
        except BaseException:
            await self._let_go()
            self._connect()  # nothing half-open is left for the next try
            raise
        self._tasks.append(asyncio.create_task(self._listen()))

    async def _listen(self) -> None:
        """Who only wants to know how things are has gone by then, and no node listened for it."""
        await self.settled(within_s=LISTENS_AFTER_S)
        await asyncio.sleep(_GONE_S)
        await self._voice.run()

    async def close(self) -> None:
        self._pictures.close()
        await self._let_go()

    async def _let_go(self) -> None:
        await cancel(*self._tasks, *self._following.values())
        if self._later is not None:
            self._later.cancel()
        await self._fleet.close()

    async def refresh(self) -> None:
        for watcher in self._watchers.values():
            watcher.wake()
        await self._voice.read_now()

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        return await self._questions.predict(vms, nodes, outlasting(self.picture, vms))

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        if (reason := blind(self.picture)) is not None:
            raise Refused(reason, cure="update Pacemaker on the nodes")
        return await self._questions.foresee(commands)

    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        return await self._questions.scores()

    async def configuration(self) -> bytes:
        return self._voice.reading.cib_text

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        return await self._questions.collect(node, probes)

    def _watch(self, node: str) -> None:
        if node not in self._watchers:
            self._watchers[node] = Watcher(self._fleet.host(node), node, self._sampled)
            self._tasks.append(asyncio.create_task(self._watchers[node].run()))

    def _heard(self, reading: Reading) -> None:
        self._silence = None
        before, self._pacemaker = self._pacemaker, reading.picture
        for node in self._pacemaker.nodes:
            if node.kind is not NodeKind.GUEST:
                self._watch(node.name)
        files = {vm.config for vm in reading.cib.vms if vm.config} - set(self._names)
        if files:
            self._names.update(dict.fromkeys(files, ""))
            self._tasks.append(asyncio.create_task(self._ask_names(sorted(files))))
        self._follow(self._pacemaker)
        for name in touched(before, self._pacemaker) & set(self._watchers):
            self._watchers[name].wake()
        self._publish()

    def _lost(self, error: VmferryError) -> None:
        since = self._silence.since if self._silence else time.time()
        self._silence = Stale("pacemaker", error.where, since, error.what)
        self._publish()

    async def _ask_names(self, files: Sequence[str]) -> None:
        try:
            answer = await (await self._voice.speaking()).run(domains.command(files))
        except VmferryError:
            for file in files:
                self._names.pop(file, None)
            return
        self._names.update(domains.parse(answer.stdout, files))
        self._publish()

    def _follow(self, picture: Cluster) -> None:
        """One task for each migration in flight, from its first sight to its end."""
        moving = {m.vm: m for m in picture.migrations if m.phase is not Phase.WAITING}
        for vm in set(self._following) - set(moving):
            self._following.pop(vm).cancel()
            self._progress.pop(vm, None)
        for vm, migration in moving.items():
            if vm not in self._following:
                self._following[vm] = asyncio.create_task(self._follow_one(migration))

    async def _follow_one(self, migration: Migration) -> None:
        began = time.monotonic()
        self._progress[migration.vm] = Progress(0.0)
        while True:
            asked = time.monotonic()
            watcher = self._watchers.get(migration.source)
            name = self._domains().get(migration.vm, migration.vm)
            job = await watcher.job(name) if watcher is not None else None
            last = self._progress.get(migration.vm, Progress(0.0))
            self._progress[migration.vm] = Progress(time.monotonic() - began, job or last.job)
            self._publish()
            await asyncio.sleep(max(0.0, asked + JOB_EVERY_S - time.monotonic()))

    def _domains(self) -> dict[str, str]:
        return domains.by_vm(self._voice.reading.cib.vms, self._names)

    def _sampled(self) -> None:
        """A node's numbers are there: join them now, or with those of others once the loop has had
        its rest. Of many nodes each would have the whole cluster joined otherwise."""
        loop = asyncio.get_running_loop()
        if self._later is None:
            if loop.time() >= self._rested_at:
                self._publish()
            else:
                self._later = loop.call_at(self._rested_at, self._publish)

    def _publish(self) -> None:
        if self._later is not None:
            self._later.cancel()
            self._later = None
        if self._pacemaker is None:
            return
        began = time.monotonic()
        views = {name: watcher.view for name, watcher in self._watchers.items()}
        before = self._pictures.value
        picture = join(
            self._pacemaker,
            views,
            self._domains(),
            self._progress,
            self._silence,
            before,
            self._joined,
        )
        voice = self._voice.reading.host
        self._pictures.publish(replace(picture, voice=voice, taken_at=time.time()))
        rest_s = min(REST_FACTOR * (time.monotonic() - began), LONGEST_REST_S)
        self._rested_at = asyncio.get_running_loop().time() + rest_s


def _load() -> None:
    """What is needed once a node has answered, while it is waited for."""
    load_understanding()
    load_link()
