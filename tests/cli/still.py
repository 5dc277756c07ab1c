"""A cluster in which nothing happens: one picture, or the error that connecting ends in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Facts, Probe
from backends.data.picture import Cluster
from backends.data.plan import Action, Command, Prediction


class StillBackend(Backend):
    def __init__(self, picture: Cluster | None = None, error: Exception | None = None) -> None:
        super().__init__(writer=None)
        self._still = picture or Cluster()
        self._error = error

    async def open(self) -> None:
        if self._error is not None:
            raise self._error
        self._pictures.publish(self._still)

    async def close(self) -> None:
        self._pictures.close()

    async def refresh(self) -> None:
        pass

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        return ()

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        return {node: Prediction(()) for node in nodes}

    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        return {}

    async def configuration(self) -> bytes:
        return b"<cib/>"

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        return Facts(node, error="it stands still")


def failing(error: VmferryError | Exception) -> StillBackend:
    return StillBackend(error=error)
