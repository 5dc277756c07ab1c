"""The events of this session, the newest thousand."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence

from backends.judgement.changes import Event

KEPT = 1000
"""How many events are kept in mind, however long somebody looks on."""


class EventLog:
    """Knows how many it has let go, so that each event keeps its number."""

    def __init__(self, keep: int = KEPT) -> None:
        self._events: deque[Event] = deque(maxlen=keep)
        self._count = 0

    def add(self, events: Iterable[Event]) -> None:
        for event in events:
            self._events.append(event)
            self._count += 1

    @property
    def events(self) -> Sequence[Event]:
        """Oldest first."""
        return self._events

    @property
    def dropped(self) -> int:
        return self._count - len(self._events)
