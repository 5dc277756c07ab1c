"""The nodes of a live cluster, for questions about its past."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from backends.clusters.base import Answer
from backends.clusters.live.reading import read
from backends.clusters.live.voice import CRM_NODE
from backends.clusters.ssh import Fleet
from backends.data.picture import NodeKind
from backends.pacemaker.agents import Agents
from backends.past.archive import Archive, Site


class LiveSite(Site):
    """`shared`: the fleet is somebody else's, who lets go of it and may have another later."""

    def __init__(self, fleet: Callable[[], Fleet], *, shared: bool = False) -> None:
        self._fleet = fleet
        self._shared = shared
        self._nodes: tuple[str, ...] = ()

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._nodes

    async def open(self) -> None:
        fleet = self._fleet()
        host = await fleet.first()
        answer = await host.run(CRM_NODE)
        name = answer.stdout.decode(errors="replace").strip()
        if answer.exit_status == 0 and name:
            fleet.adopt(name, host)
        status = (await read(host)).status
        self._nodes = tuple(n.name for n in status.nodes if n.kind is NodeKind.MEMBER)

    async def close(self) -> None:
        if not self._shared:
            await self._fleet().close()

    async def ask(
        self, node: str | None, argv: Sequence[str], stdin: bytes = b"", *, timeout_s: float = 10.0
    ) -> Answer:
        fleet = self._fleet()
        host = await fleet.first() if node is None else fleet.host(node)
        return await host.run(argv, stdin=stdin, timeout_s=timeout_s)


def archive(fleet: Callable[[], Fleet], agents: Agents) -> Archive:
    """What the nodes of somebody else's fleet have recorded."""
    return Archive(LiveSite(fleet, shared=True), agents)
