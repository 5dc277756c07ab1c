"""The cluster as it was: a backend without a writing half, over what its scheduler recorded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from backends.clusters.base import Backend
from backends.data.errors import Refused, Unknown
from backends.data.examination import Facts, Probe
from backends.data.picture import Stale
from backends.data.plan import Action, Command, Prediction
from backends.data.timeline import Then
from backends.past import recorded
from backends.past.record import Moment, Record


class PastBackend(Backend):
    """Stands at one moment (`at`, epoch seconds; `None`: the newest decision) until it is told to
    `go` to another."""

    def __init__(self, record: Record, at: float | None = None) -> None:
        super().__init__(writer=None, agents=record.agents)
        self.record = record
        self._wanted = at
        self._moment: Moment | None = None

    async def open(self) -> None:
        """Index what was recorded, and take the picture of the moment.

        Raises also `Unknown` where nothing that old is left.
        """
        await self.record.__aenter__()
        try:
            newest = self.record.files[-1].at if self.record.files else 0.0
            await self.go(newest if self._wanted is None else self._wanted)
        except BaseException:
            await self.record.close()
            raise

    async def close(self) -> None:
        self._pictures.close()
        await self.record.close()

    async def refresh(self) -> None:
        """The past does not change."""

    async def go(self, at: float) -> None:
        """Stand at another moment. Raises `Unknown`, and what `predict` raises."""
        moment = await self.record.moment(at)
        picture = await self.record.picture(moment)
        self._moment = moment
        stale = tuple(Stale("the record", node, at, why) for node, why in self._dark())
        place = self.record.files.index(moment.decision.file) + 1 if moment.decision.file else 0
        then = Then(at, moment.decision.at, place, len(self.record.files))
        self._pictures.publish(replace(picture, then=then, stale=stale, taken_at=at))

    async def step(self, towards: int) -> bool:
        """Go to the next recorded decision (1), or to the one before (−1); `False` where only the
        present is beyond.

        Raises `Refused` where nothing older is left, and what `go` raises.
        """
        while True:
            files = self.record.telling
            if towards > 0:
                file = recorded.after(files, self.at)
            else:
                file = next((each for each in reversed(files) if each.at < self.at), None)
            if file is None and towards > 0:
                return False
            if file is None:
                raise Refused("nothing older is left")
            await self.record.read_on(file, towards)
            try:
                await self.go(file.at)
            except Unknown as error:
                self.record.damaged[file] = error.what  # the next step leads past it
                raise
            if file in self.record.telling:
                return True

    @property
    def at(self) -> float:
        """The moment, epoch seconds."""
        return self.moment.at

    def _dark(self) -> Sequence[tuple[str, str]]:
        return sorted(self.record.dark.items())

    @property
    def moment(self) -> Moment:
        """The one at which it stands; there is one from `open` on."""
        if self._moment is None:
            raise RuntimeError("the backend is not open")
        return self._moment

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        return await self.record.predict(self.moment, vms, nodes)

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        return await self.record.foresee(self.moment, commands)

    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        return await self.record.scores(self.moment)

    async def configuration(self) -> bytes:
        return self.moment.cib

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        """What only the node itself could have said then, nobody knows now."""
        return Facts(node, error="of the past only what Pacemaker recorded is known")
