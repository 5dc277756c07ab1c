"""A machine over SSH: one connection, made when it is first needed, and again when it was lost."""

from __future__ import annotations

import asyncio
import copy
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import asyncssh
from asyncssh import DEVNULL

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh.backoff import Backoff
from backends.clusters.ssh.dial import Route, dial, route
from backends.clusters.ssh.host import Host
from backends.clusters.ssh.login import Address, Login
from backends.clusters.ssh.process import SshProcess, announced
from backends.clusters.ssh.sockets import socket_directory
from backends.data.errors import LoginRefused, Unreachable, VmferryError

Connection = asyncssh.SSHClientConnection

SESSIONS = 8
"""OpenSSH allows 10 a connection (MaxSessions); the rest is for what is still ending."""
_GRACE_S = 1.0
_KILL_S = 5.0
_REFUSED_PAUSE_S = 60.0
"""A refused login is not repeated soon: guards such as fail2ban count."""


class SshHost(Host):
    """One multiplexed connection.

    `jump(hops)` gives the host behind the jump hosts of the SSH configuration; `entry`, where there
    is one, gives a host through which this one is reached when it cannot be reached directly.
    """

    def __init__(
        self,
        address: Address,
        login: Login,
        log: CommandLog,
        *,
        jump: Callable[[tuple[str, ...]], SshHost],
        via: SshHost | None = None,
        entry: Callable[[], Awaitable[Host]] | None = None,
        backoff: Backoff | None = None,
    ) -> None:
        super().__init__(address.host, log, sudo=login.sudo)
        self._address = address
        self._login = login
        self._jump = jump
        self._via = via
        self._entry = entry
        self._through_entry = False
        self._backoff = backoff or Backoff()
        self._slots = asyncio.Semaphore(SESSIONS)
        self._killing = asyncio.Lock()
        self._connection: Connection | None = None
        self._attempt: asyncio.Task[Connection] | None = None
        self._failure: VmferryError | None = None
        self._failing_since = 0.0
        self._closed = False

    @property
    def connected(self) -> bool:
        return self._connection is not None and not self._connection.is_closed()

    def begin(self) -> None:
        idle = self._attempt is None and self._failure is None
        if idle and not self.connected and not self._closed:
            self._try_once()

    async def connect(self) -> None:
        await self.connection()

    async def wait_connected(self) -> None:
        while True:
            await asyncio.sleep(self._backoff.remaining_s(time.monotonic()))
            try:
                await self.connection()
            except Unreachable:
                if self._closed:
                    raise
                continue
            return

    async def connection(self) -> Connection:
        """The connection, made anew where there is none; all who ask wait for the same attempt."""
        if self._connection is not None and not self._connection.is_closed():
            return self._connection
        if self._closed:
            raise Unreachable("the connection was closed", where=self.name)
        if self._attempt is None:
            if self._failure and (pause_s := self._backoff.remaining_s(time.monotonic())):
                raise self._still(self._failure, pause_s)
            return await asyncio.shield(self._try_once())
        return await asyncio.shield(self._attempt)

    def _try_once(self) -> asyncio.Task[Connection]:
        self._attempt = asyncio.create_task(self._try_in_time())
        self._attempt.add_done_callback(self._settle)
        return self._attempt

    async def close(self) -> None:
        self._closed = True
        if self._attempt is not None:
            self._attempt.cancel()
            with suppress(asyncio.CancelledError, VmferryError):
                await self._attempt
        if self._background:
            # What was left a moment ago may still end by itself.
            await asyncio.wait(self._background, timeout=_GRACE_S)
        if self._connection is not None:
            self._connection.close()
            await self._connection.wait_closed()
        await super().close()

    @asynccontextmanager
    async def forward(self, remote_socket: str) -> AsyncIterator[Path]:
        connection = await self.connection()
        with socket_directory() as directory:
            path = directory / "s"
            try:
                _, probe = await connection.open_unix_connection(remote_socket)
                probe.close()
                listener = await connection.forward_local_path(str(path), remote_socket)
            except (asyncssh.Error, OSError) as error:
                reason = error.reason if isinstance(error, asyncssh.Error) else str(error)
                raise Unreachable(
                    f"nobody answers on {remote_socket}: {reason}",
                    where=self.name,
                    cure="see whether its service runs there, whether the login may use it, and"
                    " whether sshd allows it (AllowStreamLocalForwarding)",
                ) from None
            try:
                yield path
            finally:
                listener.close()
                await listener.wait_closed()

    @asynccontextmanager
    async def _process(self, command: str) -> AsyncIterator[SshProcess]:
        connection = await self.connection()
        await self._slots.acquire()
        starting = asyncio.ensure_future(_start(connection, command))
        try:
            yield await asyncio.shield(starting)
        except (asyncssh.Error, OSError) as error:
            if connection.is_closed():
                raise self._lost() from None
            raise Unreachable(
                f"it opens no session: {error}",
                where=self.name,
                cure="see MaxSessions in its sshd_config, and what sshd logs",
            ) from None
        finally:
            self._in_background(self._end(connection, starting))

    async def _end(self, connection: Connection, starting: asyncio.Future[SshProcess]) -> None:
        """Leave neither a channel here nor a process there."""
        try:
            process = await starting
            process.end_input()
            for signal in (None, "TERM", "TERM", "KILL", "KILL"):
                if signal is not None:
                    await self._kill(connection, process, signal)
                if await process.closed(_GRACE_S):
                    return
            await process.close()
        except (asyncssh.Error, OSError):
            return  # it never started, or the connection went with all that was on it
        finally:
            self._slots.release()

    async def _kill(self, connection: Connection, process: SshProcess, signal: str) -> None:
        # By a command, because sshd passes no signals on where the login is root's.
        if process.group is None:
            return
        command = f"kill -s {signal} -- -{process.group}"
        async with self._killing:
            # Where it finds no session free, or takes too long, it is tried again.
            with (
                self._log.record(self.name, command) as record,
                suppress(asyncssh.ChannelOpenError, TimeoutError),
            ):
                async with (
                    asyncio.timeout(_KILL_S),
                    connection.create_process(command, encoding=None, stdin=DEVNULL) as killer,
                ):
                    await killer.wait_closed()
                    record.exit_status = killer.returncode

    async def _try_in_time(self) -> Connection:
        # Each hop has a limit of its own; this one is for jump hosts that lead in a circle.
        limit_s = 4 * self._login.connect_timeout_s
        try:
            async with asyncio.timeout(limit_s):
                return await self._try()
        except TimeoutError:
            raise Unreachable(
                f"no way was found within {limit_s:g} s",
                where=self.name,
                cure="see ProxyJump in the SSH configuration",
            ) from None

    async def _try(self) -> Connection:
        way = await asyncio.to_thread(route, self._login, self._address)
        via = self._jump(way.jumps) if way.jumps and not self._via else self._via
        if via is not None:
            return await self._dial(way, via)
        if self._entry is None:
            return await self._dial(way)
        if self._through_entry:
            return await self._dial(way, await self._entry())
        try:
            return await self._dial(way)
        except Unreachable as direct:
            if type(direct) is not Unreachable or way.proxied:
                raise
            return await self._second_way(way, direct)

    async def _second_way(self, way: Route, direct: Unreachable) -> Connection:
        assert self._entry is not None
        entry = await self._entry()
        try:
            connection = await self._dial(way, entry)
        except Unreachable as error:
            if type(error) is not Unreachable:
                raise
            raise Unreachable(
                f"{direct.what}; through {entry.name}: {error.what}",
                where=self.name,
                cure=direct.cure,
            ) from None
        self._through_entry = True
        return connection

    async def _dial(self, way: Route, via: Host | None = None) -> Connection:
        if isinstance(via, SshHost):
            return await dial(self._login, way, (via.name, await via.connection()))
        return await dial(self._login, way)

    def _settle(self, attempt: asyncio.Task[Connection]) -> None:
        self._attempt = None
        if attempt.cancelled():
            return
        error = attempt.exception()
        if error is None:
            self._connection = attempt.result()
            self._failure = None
            self._backoff.succeeded()
        elif isinstance(error, VmferryError):
            if self._failure is None:
                self._failing_since = time.time()
            self._failure = error
            least_s = _REFUSED_PAUSE_S if isinstance(error, LoginRefused) else 0.0
            self._backoff.failed(time.monotonic(), least_s=least_s)

    def _still(self, failure: VmferryError, pause_s: float) -> VmferryError:
        since = time.strftime("%H:%M:%S", time.localtime(self._failing_since))
        again = copy.copy(failure)
        again.what = f"{failure.what} (since {since}, next try in {pause_s:.0f} s)"
        return again


async def _start(connection: Connection, command: str) -> SshProcess:
    # sshd counts a session for a moment after it was closed, and calls that "open failed".
    for pause_s in (0.01, 0.03, 0.1, 0.3, None):
        try:
            process: asyncssh.SSHClientProcess[bytes] = await connection.create_process(
                announced(command), encoding=None, request_pty=False
            )
        except asyncssh.ChannelOpenError as error:
            failed = error.code == asyncssh.OPEN_CONNECT_FAILED and not connection.is_closed()
            if pause_s is None or not failed:
                raise
            await asyncio.sleep(pause_s)
        else:
            break
    return SshProcess(connection, process)
