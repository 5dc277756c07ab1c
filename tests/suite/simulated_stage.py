"""The simulated cluster as a stage, in quick motion."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Self

from backends.clusters.simulated import SimulatedBackend
from suite.stage import Stage

_FRAME_S = 0.005
"""Real seconds for each quarter of a simulated one: no picture in between is missed."""


class SimulatedStage(Stage):
    migratable = "web1"
    rebooting = "legacy-erp"

    def __init__(self, *, read_only: bool = False) -> None:
        self._simulated = SimulatedBackend(speed=0, scenario="calm", read_only=read_only)
        self.backend = self._simulated
        self._motion: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.backend.open()
        self._motion = asyncio.create_task(self._move())
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._motion is not None:
            self._motion.cancel()
            with suppress(asyncio.CancelledError):
                await self._motion
        await self.backend.close()

    async def _move(self) -> None:
        while True:
            await self._simulated.advance(0.25)
            await asyncio.sleep(_FRAME_S)

    async def outside(self, node: str, *argv: str) -> None:
        answer = self._simulated.world.execute(argv, node)
        assert answer.exit_status == 0, answer.stderr

    async def stop_libvirt(self, node: str) -> None:
        self._simulated.world.stop_libvirt(node)

    async def start_libvirt(self, node: str) -> None:
        self._simulated.world.start_libvirt(node)

    async def kill(self, node: str) -> None:
        self._simulated.world.kill(node)

    async def boots(self, vm: str) -> int:
        return self._simulated.world.guest(vm).boots

    def unhurried(self, vm: str) -> AbstractContextManager[None]:
        return nullcontext()
