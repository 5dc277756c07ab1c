"""A cluster in memory on which the doctor finds something that makes migrations fail."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from backends.clusters.simulated import SimulatedBackend
from backends.data.examination import Facts, Output, Probe

REFUSED = Output(
    1,
    "",
    "error: failed to connect to the hypervisor\n"
    "error: Cannot recv data: Host key verification failed.: Connection reset by peer\n",
)


class Faulty(SimulatedBackend):
    """The other nodes do not know the host key of bravo, until that is mended."""

    broken = True

    def __init__(self, nodes: int = 3, vms: int = 12, speed: float = 0) -> None:
        super().__init__(nodes, vms, 1, speed, "calm")
        self.answers = asyncio.Event()
        """Set unless the nodes are to keep the doctor waiting."""
        self.answers.set()

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        await self.answers.wait()
        facts = await super().collect(node, probes)
        refused = {
            name: REFUSED
            for name in facts.outputs
            if self.broken and name.startswith("transport ") and "//bravo/" in name
        }
        return replace(facts, outputs={**facts.outputs, **refused})
