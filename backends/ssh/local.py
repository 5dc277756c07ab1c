"""The machine on which this program runs."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from backends.errors import Unreachable
from backends.ssh.host import Host, Reader

_GRACE_S = 2.0


class LocalHost(Host):
    """Commands run as processes here, without SSH."""

    @property
    def connected(self) -> bool:
        return True

    async def connect(self) -> None:
        """There is nothing to connect to."""

    async def wait_connected(self) -> None:
        """There is nothing to wait for."""

    @asynccontextmanager
    async def forward(self, remote_socket: str) -> AsyncIterator[Path]:
        """The socket itself."""
        try:
            _, writer = await asyncio.open_unix_connection(remote_socket)
        except OSError as error:
            raise Unreachable(
                f"nobody answers on {remote_socket}: {error.strerror or error}",
                where=self.name,
                cure="see whether its service runs there",
            ) from None
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        yield Path(remote_socket)

    @asynccontextmanager
    async def _process(self, command: str) -> AsyncIterator[_LocalProcess]:
        # Through a shell, as sshd does it: a command that is missing answers 127 in both places.
        starting = asyncio.ensure_future(
            asyncio.create_subprocess_exec(
                "/bin/sh",
                "-c",
                f"exec {command}",
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                start_new_session=True,
            )
        )
        try:
            yield _LocalProcess(await asyncio.shield(starting))
        finally:
            self._in_background(_end(starting))


class _LocalProcess:
    def __init__(self, process: Process) -> None:
        self._process = process

    @property
    def stdout(self) -> Reader:
        assert self._process.stdout is not None
        return self._process.stdout

    @property
    def stderr(self) -> Reader:
        assert self._process.stderr is not None
        return self._process.stderr

    async def feed(self, data: bytes) -> None:
        assert self._process.stdin is not None
        with suppress(BrokenPipeError, ConnectionResetError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        self._process.stdin.close()

    async def finished(self) -> int | None:
        return await self._process.wait()


async def _end(starting: asyncio.Future[Process]) -> None:
    """End a process and its children: first politely, then not."""
    process = await starting
    assert process.stdin is not None
    process.stdin.close()
    for sign in (signal.SIGTERM, signal.SIGKILL):
        # The group outlives its leader for as long as one of its children runs.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(TimeoutError):
            async with asyncio.timeout(_GRACE_S):
                await process.wait()
                return
