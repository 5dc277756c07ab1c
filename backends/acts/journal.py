"""The journal: what was begun on a cluster and is not yet ended, on disk before it is sent.

One file an act, one JSON object a line. Each line is on the disk before the write to the cluster
that it announces; an act that ended is moved to `closed/`. A running act holds a lock on its file,
so that what another vmferry is doing is not taken for something left behind.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Self

import msgspec
import platformdirs

from backends.acts.looks import Looks
from backends.data.errors import BadConfiguration
from backends.data.plan import Command

KEEP_CLOSED = 200


class Evacuee(msgspec.Struct, frozen=True):
    """One of the VMs that were on a node when its evacuation began."""

    vm: str
    target: str | None
    """Where it was to go; `None` where it was not to be moved."""
    reboot: bool
    """Whether the operator confirmed that its guest is stopped."""
    calls: tuple[tuple[str, str, int, float | None], ...] = ()


class Intent(msgspec.Struct, frozen=True, tag="intent"):
    """The first line of an act: enough to finish it without the process that began it."""

    kind: str
    cluster: str | None
    vm: str
    source: str | None
    target: str | None
    reboot: bool
    at: float
    calls: tuple[tuple[str, str, int, float | None], ...] = ()
    """The VM's operation history when it began: node, task, call id, time."""
    maintenance: str | None = None
    """The VM's own maintenance attribute when it began, to be restored."""
    confirmed: tuple[str, ...] = ()
    """The VMs whose guests the operator accepts to be stopped by a move or after it."""
    keep: bool = False
    """A move that leaves its constraint: the evacuation that it is part of removes it."""
    way: str | None = None
    """Of an evacuation: how; its `source` is the node, and its `vm` is empty; the guards that it
    sets have the same. Of a cure: when."""
    evacuees: tuple[Evacuee, ...] = ()
    commands: tuple[Command, ...] = ()
    """Of a cure: all that is to be sent."""


class Note(msgspec.Struct, frozen=True, tag="note"):
    """What is about to be done, or was seen."""

    at: float
    stage: str
    text: str
    command: str | None = None
    node: str | None = None


class Closed(msgspec.Struct, frozen=True, tag="closed"):
    at: float
    outcome: str


Entry = Intent | Note | Closed

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Entry).decode


class Act:
    """One act under way; its file is locked for as long as this process carries it out."""

    def __init__(self, path: Path, file: IO[bytes], entries: list[Entry]) -> None:
        self.path = path
        self._file = file
        self._entries = entries

    @property
    def intent(self) -> Intent:
        first = self._entries[0]
        if not isinstance(first, Intent):
            raise BadConfiguration(f"{self.path} is no journal", cure="move it away")
        return first

    @property
    def entries(self) -> tuple[Entry, ...]:
        return tuple(self._entries)

    def note(
        self, stage: str, text: str, *, command: str | None = None, node: str | None = None
    ) -> None:
        """Write one line and wait until the disk has it."""
        self._write(Note(time.time(), stage, text, command, node))

    def close(self, outcome: str) -> None:
        """The act ended: nothing of it is left to do."""
        self._write(Closed(time.time(), outcome))
        closed = self.path.parent / "closed"
        closed.mkdir(mode=0o700, exist_ok=True)
        self.path.rename(closed / self.path.name)
        self._file.close()
        for old in sorted(closed.glob("*.jsonl"))[:-KEEP_CLOSED]:
            old.unlink(missing_ok=True)

    def leave(self) -> None:
        """Stop carrying it out; it stays open, for the next start to find."""
        self._file.close()

    def _write(self, entry: Entry) -> None:
        try:
            self._file.write(_encode(entry) + b"\n")
            self._file.flush()
            os.fsync(self._file.fileno())
        except OSError as error:
            raise _unwritable(self.path.parent, error) from error
        self._entries.append(entry)


class Journal:
    """All acts of one user on this machine."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.looks = Looks(directory)

    @classmethod
    def default(cls) -> Self:
        """In the user's state directory."""
        return cls(platformdirs.user_state_path("vmferry") / "acts")

    def begin(self, intent: Intent) -> Act:
        """Open an act. Raises `BadConfiguration` where the state directory cannot be written."""
        try:
            self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            stamp = time.strftime("%Y%m%dT%H%M%S", time.gmtime(intent.at))
            path = self._directory / f"{stamp}-{secrets.token_hex(4)}.jsonl"
            file = path.open("xb")
            fcntl.flock(file, fcntl.LOCK_EX)
            act = Act(path, file, [])
            act._write(intent)
            directory = os.open(self._directory, os.O_RDONLY)
            try:
                os.fsync(directory)
            finally:
                os.close(directory)
        except OSError as error:
            raise _unwritable(self._directory, error) from error
        return act

    def abandoned(self) -> Iterator[Act]:
        """Open acts that nobody carries out any more, oldest first; each comes locked."""
        if not self._directory.is_dir():
            return
        for path in sorted(self._directory.glob("*.jsonl")):
            act = self.take(path)
            if act is not None:
                yield act

    def take(self, path: Path) -> Act | None:
        """Lock one open act; `None` where it has ended, somebody carries it out, or only another
        user may."""
        try:
            file = path.open("r+b")
        except FileNotFoundError:
            return None  # another vmferry has just closed it
        except PermissionError:
            return None  # root's, who ran vmferry with this user's HOME and may finish it
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            return None
        entries = list(_entries(file))
        if entries and isinstance(entries[0], Intent) and path.exists():
            return Act(path, file, entries)
        file.close()
        return None

    def open(self) -> Iterator[tuple[Path, Intent]]:
        """What was begun by the acts that have not ended, the oldest first; none is locked."""
        yield from _intents(sorted(self._directory.glob("*.jsonl")))

    def closed(self) -> Iterator[Intent]:
        """What was begun by the acts that ended, the newest first, as far as they are kept."""
        paths = sorted((self._directory / "closed").glob("*.jsonl"), reverse=True)
        yield from (intent for _, intent in _intents(paths))

    def notes(self) -> Iterator[tuple[Intent, Note]]:
        """What was noted of every act that is kept, in the order of time."""
        files = [*(self._directory / "closed").glob("*.jsonl"), *self._directory.glob("*.jsonl")]
        found = [each for path in files for each in _notes(path)]
        yield from sorted(found, key=lambda each: each[1].at)


def _notes(path: Path) -> Iterator[tuple[Intent, Note]]:
    with suppress(FileNotFoundError, PermissionError, msgspec.DecodeError), path.open("rb") as file:
        intent = _decode(file.readline())
        for line in file:
            note = _decode(line)
            if isinstance(intent, Intent) and isinstance(note, Note):
                yield intent, note


def _intents(paths: Iterable[Path]) -> Iterator[tuple[Path, Intent]]:
    for path in paths:
        with (
            suppress(FileNotFoundError, PermissionError, msgspec.DecodeError),
            path.open("rb") as file,
        ):
            first = _decode(file.readline())
            if isinstance(first, Intent):
                yield path, first


def _unwritable(directory: Path, error: OSError) -> BadConfiguration:
    return BadConfiguration(
        f"the journal cannot be written: {error}",
        cure=f"make {directory} writable; without a journal nothing is changed",
    )


def _entries(file: IO[bytes]) -> Iterator[Entry]:
    """The whole lines; the last may be cut off by a crash: it announced nothing, and goes."""
    whole = 0
    for line in file:
        if not line.endswith(b"\n"):
            break
        whole += len(line)
        with suppress(msgspec.DecodeError):
            yield _decode(line)
    file.seek(whole)
    file.truncate()
