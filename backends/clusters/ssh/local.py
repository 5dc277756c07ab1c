"""The machine on which this program runs."""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

from backends.clusters.ssh.host import Host, Reader, drain
from backends.data.errors import Unreachable

_GRACE_S = 1.0


class LocalHost(Host):
    """Commands run as processes here, without SSH."""

    over_a_line = False

    @property
    def connected(self) -> bool:
        return True

    def begin(self) -> None:
        """There is nothing to connect to."""

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
    """A process with pipes and a process group of its own."""

    def __init__(self, process: Process) -> None:
        assert process.stdin and process.stdout and process.stderr
        self._process = process
        self._stdin = process.stdin
        self.stdout: Reader = process.stdout
        self.stderr: Reader = process.stderr

    async def feed(self, data: bytes) -> None:
        with suppress(BrokenPipeError, ConnectionResetError):
            self._stdin.write(data)
            await self._stdin.drain()
        self.end_input()

    def end_input(self) -> None:
        self._stdin.close()

    async def finished(self) -> int | None:
        return await self._process.wait()

    def signal(self, number: int) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, number)

    async def ended(self, timeout_s: float) -> bool:
        """Wait for its end; a process with output that nobody takes might never end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(drain(self.stdout), drain(self.stderr), self.finished())
                return True
        return False


async def _end(starting: asyncio.Future[Process]) -> None:
    """End a process and its children: by the end of its input, then politely, then not."""
    process = _LocalProcess(await starting)
    process.end_input()
    if await process.ended(_GRACE_S):
        return
    process.signal(signal.SIGTERM)
    await process.ended(_GRACE_S)
    # Its children may outlive it.
    process.signal(signal.SIGKILL)
    await process.ended(_GRACE_S)
