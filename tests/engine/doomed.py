"""A vmferry that dies by SIGKILL at a chosen point; run as a program of its own.

Its arguments: ssh_config, the journal's directory, the act, the VM, the node, the point.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.acts.transaction import Stage
from backends.clusters.base import Answer, Backend, Writer
from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.plan import Command
from engine.acting import copied

MIDDLE = 30.0


class DoomedWriter(Writer):
    """Dies `before` or `after` the command in which a word stands was sent."""

    def __init__(self, writer: Writer, point: str) -> None:
        self._writer = writer
        self._when, _, self._word = point.partition(" ")

    async def send(self, command: Command) -> Answer:
        met = self._word in command.argv
        if met and self._when == "before":
            die()
        answer = await self._writer.send(command)
        if met and self._when == "after":
            die()
        return answer


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def main() -> None:
    ssh_config, directory, act, vm, node, point = sys.argv[1:]
    journal = Journal(Path(directory))
    async with LiveBackend(["charlie"], Login(ssh_config=Path(ssh_config))) as backend:
        assert backend.writer is not None
        backend.writer = DoomedWriter(backend.writer, point)
        if act == Way.ABORT:
            await copied(backend, vm, MIDDLE)
            async for _ in rescue(backend, vm, Way.ABORT, journal):
                pass
        else:
            await _move(backend, vm, node, point, journal)


async def _move(backend: Backend, vm: str, node: str, point: str, journal: Journal) -> None:
    plan = await backend.plan([vm], node)
    async for report in migrate(backend, plan, journal):
        migration = report.migration
        far = migration is not None and (migration.percent or 0) >= MIDDLE
        if point == "copying" and report.stage is Stage.FOLLOWING and far:
            die()


if __name__ == "__main__":
    asyncio.run(main())
