"""One machine on which commands are run, wherever it is."""

from __future__ import annotations

import asyncio
import shlex
from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine, Sequence
from contextlib import AbstractAsyncContextManager, aclosing, asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import ClassVar, Protocol

from backends.clusters.base import Answer
from backends.clusters.command_log import CommandLog
from backends.clusters.ssh.patience import Patience
from backends.data.errors import (
    BadAnswer,
    CommandFailed,
    NotPermitted,
    Refused,
    TimedOut,
    Unreachable,
)

_CHUNK_BYTES = 65536
MOST_BYTES = 64 << 20
"""No answer of a cluster is longer; one that is would fill the memory."""
_KEPT_ERROR_BYTES = 4096

_SUDO_REFUSALS = (
    "a password is required",
    "a terminal is required",
    "must have a tty",
    "is not in the sudoers file",
    "is not allowed to",
    "may not run sudo",
)


class Reader(Protocol):
    async def read(self, n: int, /) -> bytes:
        """The next bytes, at most `n`; none when there will be no more."""


class Process(Protocol):
    """A command that runs."""

    @property
    def stdout(self) -> Reader: ...
    @property
    def stderr(self) -> Reader: ...
    async def feed(self, data: bytes) -> None:
        """Write all of stdin and close it. A command may end without reading it."""

    async def finished(self) -> int | None:
        """The exit status (negative for a signal), `None` when the connection was lost."""


class Host(ABC):
    """One machine. Any number of callers may use it at once."""

    over_a_line: ClassVar[bool] = True
    """Whether it is worth packing what it answers."""

    def __init__(self, name: str, log: CommandLog, *, sudo: bool = False) -> None:
        self.name = name
        self._log = log
        self._sudo = sudo
        self._background: set[asyncio.Task[None]] = set()
        self.answered_bytes = 0
        """Of all answers so far, also of those that are still coming."""
        self.answering = 0
        """How many answers are still coming."""

    @property
    @abstractmethod
    def connected(self) -> bool:
        """Whether commands can be sent without connecting first."""

    @abstractmethod
    def begin(self) -> None:
        """Begin to connect. Who asks for something then waits for it, and hears how it went."""

    @abstractmethod
    async def connect(self) -> None:
        """Make sure that commands can be sent.

        Raises `Unreachable` (at once while a failed attempt is not to be repeated yet), or
        `BadConfiguration`.
        """

    @abstractmethod
    async def wait_connected(self) -> None:
        """Try until there is a connection, with growing pauses.

        Raises `BadConfiguration`, and `Unreachable` once it was closed.
        """

    @abstractmethod
    def forward(self, remote_socket: str) -> AbstractAsyncContextManager[Path]:
        """A local UNIX socket that reaches the machine's own, until the context is left.

        It works as long as the connection lasts. Raises `Unreachable` when nobody answers there.
        """

    @abstractmethod
    def _process(self, command: str) -> AbstractAsyncContextManager[Process]:
        """Start a shell command; leaving the context ends it, with all that it started."""

    async def close(self) -> None:
        """End every command and let go of the machine."""
        while self._background:
            await asyncio.wait(self._background)

    async def run(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        timeout_s: float = 10.0,
        writes: bool = False,
        packs: bool = False,
    ) -> Answer:
        """Run one command to its end, whatever its exit status; 127 when there is no such command.

        The time starts when there is a connection, and anew with each part of the answer, so that a
        large one may take longer on a thin line: up to `LONGEST_TIMES` as long. What writes has its
        time once. `packs`: its stdout may have gone through xz.
        Raises `Unreachable`, `TimedOut`, `NotPermitted` when sudo refuses, `BadAnswer` for an
        endless answer, and for a damaged one.
        """
        command = self._command(argv)
        await self.connect()
        with self._log.record(self.name, command, writes=writes) as record:
            record.stdin = stdin
            self.answering += 1
            patience = Patience(timeout_s, renewed=not writes)
            try:
                async with patience.limit, self._process(command) as process:
                    answer = await self._exchange(process, stdin, patience)
            except TimeoutError:
                raise TimedOut(
                    f"{argv[0]} {patience.exhausted()}",
                    where=self.name,
                    cure="look at the load of that machine, or try again",
                ) from None
            finally:
                self.answering -= 1
            record.exit_status = answer.exit_status
            record.stdout, record.stderr = answer.stdout, answer.stderr
            if packs:
                answer = await self._unpacked(answer)
                record.stdout = answer.stdout
        return self._through_sudo(answer) if self._sudo else answer

    @asynccontextmanager
    async def stream(self, argv: Sequence[str]) -> AsyncIterator[AsyncIterator[str]]:
        """Run a command and read its lines as they come.

        Its stdin stays open while the context is entered and is closed on leaving, by which the
        command has to end itself; one that does not is killed. The lines end when the command ends
        by itself; they raise `CommandFailed` when it failed, `Unreachable` when the connection was
        lost, `NotPermitted` when sudo refuses.
        """
        command = self._command(argv)
        await self.connect()
        with self._log.record(self.name, command) as record:
            async with self._process(command) as process:
                errors = _Tail(process.stderr)
                reading = asyncio.create_task(errors.read())

                async def lines() -> AsyncGenerator[str, None]:
                    async for line in _lines(process.stdout, self.name):
                        yield line
                    status = await process.finished()
                    await reading
                    record.exit_status, record.stderr = status, errors.kept
                    if status is None:
                        raise self._lost()
                    if self._sudo:
                        self._through_sudo(Answer(status, b"", errors.kept))
                    if status:
                        said = _text(errors.kept) or "without a word"
                        raise CommandFailed(
                            f"{argv[0]} ended with exit code {status}: {said}", where=self.name
                        )

                async with aclosing(lines()) as following:
                    try:
                        yield following
                    finally:
                        reading.cancel()

    def _command(self, argv: Sequence[str]) -> str:
        command = shlex.join(("sudo", "-n", "--", *argv) if self._sudo else argv)
        if not argv or "\0" in command or command.encode(errors="replace").decode() != command:
            raise Refused(
                "a command is empty or has a character that no command line can carry",
                where=self.name,
            )
        return command

    async def _exchange(self, process: Process, stdin: bytes, patience: Patience) -> Answer:
        feeding = asyncio.create_task(process.feed(stdin))
        stdout = asyncio.create_task(self._read_all(process.stdout, patience))
        stderr = asyncio.create_task(self._read_all(process.stderr, patience))
        try:
            await asyncio.gather(feeding, stdout, stderr)
        finally:
            for task in (feeding, stdout, stderr):
                task.cancel()
        status = await process.finished()
        if status is None:
            raise self._lost()
        return Answer(status, stdout.result(), stderr.result())

    async def _read_all(self, reader: Reader, patience: Patience) -> bytes:
        chunks: list[bytes] = []
        size = 0
        while chunk := await reader.read(_CHUNK_BYTES):
            chunks.append(chunk)
            size += len(chunk)
            self.answered_bytes += len(chunk)
            patience.renew()
            if size > MOST_BYTES:
                raise BadAnswer(f"an answer longer than {MOST_BYTES >> 20} MiB", where=self.name)
        return b"".join(chunks)

    async def _unpacked(self, answer: Answer) -> Answer:
        # Late, because it is needed first when the first answer is there.
        from backends.clusters.ssh.packing import unpacked

        try:
            stdout = await asyncio.to_thread(unpacked, answer.stdout, most_bytes=MOST_BYTES)
        except BadAnswer as error:
            error.where = self.name
            raise
        return replace(answer, stdout=stdout)

    def _lost(self) -> Unreachable:
        return Unreachable("the connection was lost", where=self.name)

    def _through_sudo(self, answer: Answer) -> Answer:
        said = _text(answer.stderr)
        if answer.exit_status == 127 and "sudo" in said and "not found" in said:
            raise NotPermitted(
                "sudo is not installed there", where=self.name, cure="log in as root instead"
            )
        if answer.exit_status == 1 and any(refusal in said for refusal in _SUDO_REFUSALS):
            raise NotPermitted(
                f"sudo refuses: {said}",
                where=self.name,
                cure="a NOPASSWD rule in sudoers for the commands in the list, or log in as root",
            )
        if answer.exit_status == 1 and said.startswith("sudo:") and "command not found" in said:
            return Answer(127, answer.stdout, answer.stderr)
        return answer

    def _in_background(self, work: Coroutine[None, None, None]) -> None:
        """Finish something even when its caller is cancelled; `close` waits for it."""
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)


class _Tail:
    """The end of what a command says on stderr; it is read on so that the command never blocks."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self.kept = b""

    async def read(self) -> None:
        while chunk := await self._reader.read(_CHUNK_BYTES):
            self.kept = (self.kept + chunk)[-_KEPT_ERROR_BYTES:]


async def _lines(reader: Reader, where: str) -> AsyncIterator[str]:
    rest = b""
    while chunk := await reader.read(_CHUNK_BYTES):
        *whole, rest = (rest + chunk).split(b"\n")
        for line in whole:
            yield line.decode(errors="replace")
        if len(rest) > MOST_BYTES:
            raise BadAnswer(f"a line longer than {MOST_BYTES >> 20} MiB", where=where)
    if rest:
        yield rest.decode(errors="replace")


def _text(output: bytes) -> str:
    return " ".join(output.decode(errors="replace").split())


async def drain(*readers: Reader) -> None:
    """Let go of everything that is still to come."""
    for reader in readers:
        while await reader.read(_CHUNK_BYTES):
            pass
