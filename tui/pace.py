"""How often pictures are drawn: what changed at once, and numbers alone at a pace for the eye."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from backends.data.picture import Cluster, Migration

LOADS_S = 1.0
"""Seconds from one picture to the next in which nothing but loads is another."""
COPY_S = 0.5
"""The same where copies have come further, too: their bars move by about a cell."""


class Pace:
    """Passes pictures on; of those that wait, the newest.

    `later` calls a function after so many seconds, as `App.set_timer` does.
    """

    def __init__(
        self,
        show: Callable[[Cluster], None],
        later: Callable[[float, Callable[[], None]], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._show = show
        self._later = later
        self._clock = clock
        self._shown: Cluster | None = None
        self._shown_at = float("-inf")
        self._waiting: Cluster | None = None
        self._due = float("inf")

    def take(self, picture: Cluster) -> None:
        """Show a picture, now or soon."""
        now = self._clock()
        due = self._shown_at + (rest_s(self._shown, picture) if self._shown else 0.0)
        if due <= now:
            self._pass_on(picture)
            return
        self._waiting = picture
        if due < self._due:
            self._due = due
            self._later(due - now, self._overdue)

    def _overdue(self) -> None:
        if self._waiting is not None:
            self._pass_on(self._waiting)

    def _pass_on(self, picture: Cluster) -> None:
        self._shown, self._shown_at = picture, self._clock()
        self._waiting, self._due = None, float("inf")
        self._show(picture)


def rest_s(before: Cluster, now: Cluster) -> float:
    """How long one picture may stand before the other is drawn."""
    if not numbers_only(before, now):
        return 0.0
    return LOADS_S if before.migrations == now.migrations else COPY_S


def numbers_only(before: Cluster, now: Cluster) -> bool:
    """Whether nothing but how busy nodes and VMs are, and how far copies have come, is another."""
    pairs = (
        (before.nodes, now.nodes),
        (before.vms, now.vms),
        (before.migrations, now.migrations),
    )
    if any(len(old) != len(new) for old, new in pairs):
        return False
    numbers = replace(now, nodes=before.nodes, vms=before.vms, migrations=before.migrations)
    return (
        before.version == now.version
        and numbers == before
        and all(
            old is new or replace(new, cpu_percent=old.cpu_percent) == old
            for old, new in zip(before.vms, now.vms, strict=True)
        )
        and all(
            old is new
            or replace(new, cpu_percent=old.cpu_percent, memory_used_bytes=old.memory_used_bytes)
            == old
            for old, new in zip(before.nodes, now.nodes, strict=True)
        )
        and all(
            _course(old) == _course(new)
            for old, new in zip(before.migrations, now.migrations, strict=True)
        )
    )


def _course(migration: Migration) -> tuple[object, ...]:
    """What of a migration is no number that runs."""
    return migration.vm, migration.source, migration.target, migration.phase, migration.iteration
