"""A real SSH server on the loopback, which runs commands as sshd does, and counts."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import asyncssh

from waiting import PATIENCE_S

Channel = asyncssh.SSHServerChannel[bytes]


class Server:
    """One server; `sessions` counts the channels that are open now, `logins` what came before."""

    def __init__(self, login_key: asyncssh.SSHKey, environment: dict[str, str]) -> None:
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.login_key = login_key.convert_to_public()
        self.environment = environment
        self.names: dict[str, int] = {}
        """Ports of the hosts that are known from here, to those who jump through."""
        self.port = 0
        self.attempts = 0
        self.logins = 0
        self.sessions = 0
        self.most_sessions = 0
        self.pids: set[int] = set()
        self.refuses_sessions = False
        self._connections: set[asyncssh.SSHServerConnection] = set()
        self._acceptor: asyncssh.SSHAcceptor | None = None
        self._changed = asyncio.Event()

    async def start(self) -> None:
        self._acceptor = await asyncssh.listen(
            "127.0.0.1",
            self.port,
            server_factory=lambda: _Login(self),
            server_host_keys=[self.key],
            encoding=None,
            config=None,
            reuse_address=True,
        )
        self.port = self._acceptor.get_port()

    async def stop(self) -> None:
        """No more connections, and the end of those there are."""
        if self._acceptor is not None:
            self._acceptor.close()
            await self._acceptor.wait_closed()
            self._acceptor = None
        await self.drop()
        for pid in tuple(self.pids):
            with suppress(ProcessLookupError):  # it may just have ended
                os.killpg(pid, signal.SIGKILL)
        await self.until(lambda: not self.pids)

    async def drop(self) -> None:
        """Break every connection, as a network does it."""
        for connection in tuple(self._connections):
            connection.abort()
            await connection.wait_closed()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait for a state."""
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await self._changed.wait()

    def changed(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


class _Login(asyncssh.SSHServer):
    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection: asyncssh.SSHServerConnection | None = None

    def connection_made(self, conn: asyncssh.SSHServerConnection) -> None:
        self._connection = conn
        self._server.attempts += 1
        self._server._connections.add(conn)

    def connection_lost(self, exc: Exception | None) -> None:
        assert self._connection is not None
        self._server._connections.discard(self._connection)
        self._server.changed()

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        return username != "nobody" and key == self._server.login_key

    def auth_completed(self) -> None:
        self._server.logins += 1
        self._server.changed()

    def session_requested(self) -> Any:
        return not self._server.refuses_sessions and _Session(self._server)

    def connection_requested(
        self, dest_host: str, dest_port: int, orig_host: str, orig_port: int
    ) -> Any:
        port = self._server.names.get(dest_host)
        if port is None:
            raise asyncssh.ChannelOpenError(asyncssh.OPEN_CONNECT_FAILED, "Name not known")
        assert self._connection is not None
        return self._connection.forward_connection("127.0.0.1", port)

    def unix_connection_requested(self, dest_path: str) -> bool:
        return Path(dest_path).exists()


class _Session(asyncssh.SSHServerSession[bytes]):
    """One command in a subprocess of its own process group."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._input: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pid: int | None = None

    def connection_made(self, chan: Channel) -> None:
        self._channel = chan
        self._server.sessions += 1
        self._server.most_sessions = max(self._server.most_sessions, self._server.sessions)
        self._server.changed()

    def connection_lost(self, exc: Exception | None) -> None:
        self._server.sessions -= 1
        self._server.changed()
        self._input.put_nowait(b"")

    def exec_requested(self, command: str) -> bool:
        self._command = command
        return True

    def session_started(self) -> None:
        self._start(self._run())

    def data_received(self, data: bytes, datatype: int | None) -> None:
        self._input.put_nowait(data)

    def eof_received(self) -> bool:
        self._input.put_nowait(b"")
        return True

    def signal_received(self, signal_name: str) -> None:
        if self._pid is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._pid, getattr(signal, f"SIG{signal_name}"))

    def _start(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _run(self) -> None:
        process = await asyncio.create_subprocess_exec(
            "/bin/sh",
            "-c",
            self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=self._server.environment,
            start_new_session=True,
        )
        self._pid = process.pid
        self._server.pids.add(process.pid)
        self._server.changed()
        assert process.stdin and process.stdout and process.stderr
        feeding = asyncio.create_task(self._feed(process.stdin))
        await asyncio.gather(
            self._pump(process.stdout, None),
            self._pump(process.stderr, asyncssh.EXTENDED_DATA_STDERR),
        )
        status = await process.wait()
        feeding.cancel()
        self._server.pids.discard(process.pid)
        self._server.changed()
        with suppress(OSError):
            if status >= 0:
                self._channel.exit(status)
            else:
                self._channel.exit_with_signal(signal.Signals(-status).name[3:])

    async def _feed(self, stdin: asyncio.StreamWriter) -> None:
        try:
            while data := await self._input.get():
                stdin.write(data)
                with suppress(ConnectionError):
                    await stdin.drain()
        finally:
            stdin.close()

    async def _pump(self, reader: asyncio.StreamReader, datatype: int | None) -> None:
        while data := await reader.read(65536):
            with suppress(OSError):
                self._channel.write(data, datatype)
