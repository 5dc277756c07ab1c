"""One command over SSH."""

from __future__ import annotations

import asyncio
import re
from contextlib import suppress

import asyncssh

from backends.clusters.ssh.host import Reader, drain

_ANNOUNCEMENT = re.compile(rb"^vmferry runs as (\d+)\n", re.MULTILINE)
_LONGEST_PREFACE_BYTES = 65536


def announced(command: str) -> str:
    """The command, behind a line on stderr that tells its process group.

    A shell of its own, because the login shell need not be one of POSIX; `exec` all the way, so
    that the group which sshd makes for each session is the command's. Pacemaker's tools lie in
    /usr/sbin, which on Debian is not in the path of a login that is not root's.
    """
    script = 'PATH=$PATH:/usr/sbin:/sbin; echo "vmferry runs as $$" >&2; exec "$@"'
    return f"exec sh -c '{script}' vmferry {command}"


class SshProcess:
    """A lost connection reads as an end; `finished` tells the two apart."""

    def __init__(
        self, connection: asyncssh.SSHClientConnection, process: asyncssh.SSHClientProcess[bytes]
    ) -> None:
        self._connection = connection
        self._process = process
        self._stderr = _Announcing(process.stderr)
        self.stdout: Reader = _Reader(process.stdout)
        self.stderr: Reader = self._stderr

    @property
    def group(self) -> int | None:
        """The process group there, once it is known."""
        return self._stderr.group

    async def feed(self, data: bytes) -> None:
        with suppress(asyncssh.Error, OSError):
            self._process.stdin.write(data)
            await self._process.stdin.drain()
        self.end_input()

    def end_input(self) -> None:
        """Close its stdin."""
        with suppress(OSError):
            self._process.stdin.write_eof()

    async def finished(self) -> int | None:
        await self._process.wait_closed()
        # An answer may be cut off although its exit status arrived.
        return None if self._connection.is_closed() else self._process.returncode

    async def closed(self, timeout_s: float) -> bool:
        """Wait for its end. What it still says is let go, or it might never end."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await asyncio.gather(drain(self.stdout), drain(self.stderr))
                await self._process.wait_closed()
                return True
        return False

    async def close(self) -> None:
        """Let go of it, whether it ended or not."""
        self._process.close()
        await self._process.wait_closed()


class _Reader:
    def __init__(self, reader: asyncssh.SSHReader[bytes]) -> None:
        self._reader = reader

    async def read(self, n: int, /) -> bytes:
        try:
            return await self._reader.read(n)
        except (asyncssh.Error, OSError):
            return b""


class _Announcing(_Reader):
    """A stderr without the announcement; what a login shell says before it stays."""

    group: int | None = None
    _preface: bytes | None = b""

    async def read(self, n: int, /) -> bytes:
        while self._preface is not None:
            chunk = await super().read(n)
            self._preface += chunk
            found = _ANNOUNCEMENT.search(self._preface)
            if found:
                self.group = int(found[1])
            if found or not chunk or len(self._preface) > _LONGEST_PREFACE_BYTES:
                said, self._preface = _ANNOUNCEMENT.sub(b"", self._preface, count=1), None
                if said:
                    return said
        return await super().read(n)
