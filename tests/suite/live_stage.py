"""The real cluster of the lab as a stage."""

from __future__ import annotations

import asyncio
from contextlib import AbstractContextManager
from typing import Self

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from lab import Lab
from lab.pace import slowed
from suite.stage import Stage


class LiveStage(Stage):
    migratable = "web1"
    rebooting = "db1"

    def __init__(self, lab: Lab, *, read_only: bool = False) -> None:
        self._lab = lab
        login = Login(
            user="root",
            ssh_config=lab.ssh_config,
            known_hosts=lab.known_hosts,
            identity=lab.identity,
        )
        self.backend = LiveBackend([lab.nodes[0]], login, read_only=read_only)

    async def __aenter__(self) -> Self:
        await self.backend.open()
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.backend.close()

    async def outside(self, node: str, *argv: str) -> None:
        await asyncio.to_thread(self._lab.run, node, *argv)

    async def stop_libvirt(self, node: str) -> None:
        await asyncio.to_thread(self._lab.stop_libvirtd, node)

    async def start_libvirt(self, node: str) -> None:
        await asyncio.to_thread(self._lab.start_libvirtd, node)

    async def kill(self, node: str) -> None:
        await asyncio.to_thread(self._lab.kill, node)

    async def boots(self, vm: str) -> int:
        guest = await asyncio.to_thread(self._lab.wait_guest, vm)
        return guest.boots

    def unhurried(self, vm: str) -> AbstractContextManager[None]:
        return slowed(self._lab, vm)
