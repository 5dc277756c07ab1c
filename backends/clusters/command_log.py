"""Every command that was sent, and what it said, for the operator to read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from backends.aio.latest import Latest
from backends.data.plan import Kept, Sent
from backends.pacemaker.secrets import masked

EACH_BYTES = 16 << 10
"""So much is kept of what goes into a command, and of what it says: its beginning."""
ALL_CHARS = 2 << 20
"""So much is kept of all commands; then the oldest lose what they said."""


class CommandLog:
    """The newest commands; readers are told of each change."""

    def __init__(self, keep: int = 500, keep_chars: int = ALL_CHARS) -> None:
        self._keep_chars = keep_chars
        self._sent: deque[Sent] = deque(maxlen=keep)
        self._latest: Latest[tuple[Sent, ...]] = Latest()
        self._number = 0

    @property
    def sent(self) -> tuple[Sent, ...]:
        """Oldest first."""
        return tuple(self._sent)

    def changes(self) -> AsyncIterator[tuple[Sent, ...]]:
        """The whole list, each time it changes."""
        return self._latest.read()

    @contextmanager
    def record(self, node: str, command: str, *, writes: bool = False) -> Iterator[Recorder]:
        """Record one command from its sending to its end, however it ends."""
        self._number += 1
        entry = Sent(self._number, node, command, time.time(), writes=writes)
        self._sent.append(entry)
        self._publish()
        recorder = Recorder()
        started = time.monotonic()
        try:
            yield recorder
        finally:
            done = replace(
                entry,
                duration_s=time.monotonic() - started,
                exit_status=recorder.exit_status,
                stdin=_kept(recorder.stdin),
                stdout=_kept(recorder.stdout),
                stderr=_kept(recorder.stderr),
            )
            for index in range(len(self._sent) - 1, -1, -1):
                if self._sent[index].number == entry.number:
                    self._sent[index] = done
                    break
            self._make_room()
            self._publish()

    def _make_room(self) -> None:
        """Let go of what the oldest said, and of no command itself."""
        beyond = sum(sent.kept_chars for sent in self._sent) - self._keep_chars
        for index, sent in enumerate(self._sent):
            if beyond <= 0:
                return
            if sent.kept_chars:
                self._sent[index] = replace(sent, stdin=None, stdout=None, stderr=None)
                beyond -= sent.kept_chars

    def _publish(self) -> None:
        self._latest.publish(self.sent)


class Recorder:
    """Where the sender says what went into the command, what it said and how it ended."""

    exit_status: int | None = None
    stdin: bytes | None = None
    stdout: bytes | None = None
    stderr: bytes | None = None


def _kept(data: bytes | None) -> Kept | None:
    """Its beginning. A tag that is cut could hide from us that what is left of it is a secret."""
    if data is None:
        return None
    head = data[:EACH_BYTES]
    if len(head) < len(data) and head.rfind(b"<") > head.rfind(b">"):
        head = head[: head.rfind(b"<")]
    return Kept(masked(head.decode(errors="replace")), len(data) - len(head))
