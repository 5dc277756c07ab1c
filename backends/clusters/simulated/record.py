"""The past of the simulated cluster: the same record that a real one keeps."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from backends.aio.heavy import heavy
from backends.clusters.simulated import configuration
from backends.clusters.simulated.painter import Painter
from backends.clusters.simulated.state import State
from backends.clusters.simulated.world import World
from backends.data.errors import BadAnswer, Unreachable, VmferryError
from backends.data.picture import Cluster, Hypervisor, Migration
from backends.data.plan import Action, Command, Prediction
from backends.data.timeline import Entry
from backends.past import fencings
from backends.past.record import Moment, Record
from backends.past.recorded import Recorded


class SimulatedRecord(Record):
    """What a world has decided so far; of a node without power nothing can be had."""

    def __init__(self, world: World) -> None:
        super().__init__()
        self._world = world

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(self._world.state.hosts)

    async def open(self) -> None:
        """There is nothing to connect to."""

    async def close(self) -> None:
        """There is nothing to let go of."""

    async def listed(self, node: str) -> tuple[Recorded, ...]:
        self._reach(node)
        return tuple(file for file in self._world.decisions.kept if file.node == node)

    def _reach(self, node: str) -> None:
        if not self._world.state.hosts[node].alive:
            raise Unreachable("no route to host", where=node)

    async def texts(
        self, node: str, files: Sequence[Recorded]
    ) -> Mapping[Recorded, bytes | VmferryError]:
        kept = self._world.decisions.kept
        found: dict[Recorded, bytes | VmferryError] = {}
        for file in files:
            state = kept.get(file)
            gone = BadAnswer(f"{file.name} of {node} is gone")
            found[file] = await _text(state) if state is not None else gone
        return found

    async def current(self) -> tuple[bytes, float]:
        state = self._world.state
        return await _text(state.kept()), state.now

    async def fencings(self) -> tuple[Entry, ...]:
        return tuple(
            fencings.entry(f.at, f.node, "reboot", f.by, "pacemaker-controld", f.by)
            for f in self._world.state.fenced
        )

    async def picture(self, moment: Moment) -> Cluster:
        return as_recorded(Painter().paint(self._then(moment).state))

    async def predict(
        self, moment: Moment, vms: Sequence[str], nodes: Sequence[str]
    ) -> Mapping[str, Prediction]:
        then = self._then(moment)
        return {node: then.predict(vms, node) for node in nodes}

    async def foresee(
        self, moment: Moment, commands: Sequence[Command], in_time: str | None = None
    ) -> tuple[Action, ...]:
        then = self._then(moment, decided=False)
        if in_time is not None:
            then.end_copy_well(in_time)
        return then.foresee([each.argv for each in commands])

    async def scores(self, moment: Moment) -> Mapping[str, Mapping[str, int]]:
        return self._then(moment).scores()

    def _then(self, moment: Moment, *, decided: bool = True) -> World:
        """The world of that moment. Its scheduler has `decided`, or is about to.

        Raises `BadAnswer` where that has been let go meanwhile.
        """
        file = moment.decision.file
        state = self._world.decisions.kept.get(file) if file is not None else self._world.state
        if state is None:
            raise BadAnswer(f"{moment.decision.name} is gone")
        return _world_of(state, moment.at, decided=decided)


async def _text(state: State) -> bytes:
    return await heavy(configuration.cib, state)


def _world_of(state: State, at: float, *, decided: bool) -> World:
    then = state.kept()
    then.random = random.Random(0)
    waited_s, then.now = at - then.now, at
    for guest in then.guests.values():
        if guest.activity is not None:
            guest.activity.left_s -= waited_s
    return World(then, decided=decided)


def as_recorded(picture: Cluster) -> Cluster:
    """Without what only libvirt could have said: nobody recorded that."""
    nodes = tuple(
        replace(
            node,
            cpus=None,
            cpu_percent=None,
            memory_bytes=None,
            memory_used_bytes=None,
            hypervisor=Hypervisor(),
        )
        for node in picture.nodes
    )
    vms = tuple(
        replace(vm, domain=None, vcpus=None, memory_bytes=None, cpu_percent=None)
        for vm in picture.vms
    )
    migrations = tuple(
        Migration(m.vm, m.source, m.target, m.phase, elapsed_s=m.elapsed_s, deadline_s=m.deadline_s)
        for m in picture.migrations
    )
    return replace(picture, nodes=nodes, vms=vms, migrations=migrations, stale=(), voice=None)
