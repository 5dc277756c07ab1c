"""Every command that was sent, for the operator to read."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace

from backends.aio.latest import Latest
from backends.data.plan import Sent


class CommandLog:
    """The newest commands; readers are told of each change."""

    def __init__(self, keep: int = 500) -> None:
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
                entry, duration_s=time.monotonic() - started, exit_status=recorder.exit_status
            )
            for index in range(len(self._sent) - 1, -1, -1):
                if self._sent[index].number == entry.number:
                    self._sent[index] = done
                    break
            self._publish()

    def _publish(self) -> None:
        self._latest.publish(self.sent)


class Recorder:
    """Where the sender says how the command ended."""

    exit_status: int | None = None
