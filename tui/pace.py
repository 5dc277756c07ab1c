"""How often pictures are drawn: what changed at once, and loads alone at a pace for the eye."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from backends.data.picture import Cluster

LOADS_S = 1.0
"""Seconds from one picture to the next in which nothing but loads is another."""


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

    def take(self, picture: Cluster) -> None:
        """Show a picture, now or soon."""
        rest_s = self._shown_at + LOADS_S - self._clock()
        if rest_s <= 0 or self._shown is None or not loads_only(self._shown, picture):
            self._pass_on(picture)
            return
        if self._waiting is None:
            self._later(rest_s, self._overdue)
        self._waiting = picture

    def _overdue(self) -> None:
        if self._waiting is not None:
            self._pass_on(self._waiting)

    def _pass_on(self, picture: Cluster) -> None:
        self._shown, self._shown_at, self._waiting = picture, self._clock(), None
        self._show(picture)


def loads_only(before: Cluster, now: Cluster) -> bool:
    """Whether nothing but how busy nodes and VMs are is another."""
    if len(before.nodes) != len(now.nodes) or len(before.vms) != len(now.vms):
        return False
    return (
        before.version == now.version
        and replace(now, nodes=before.nodes, vms=before.vms) == before
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
    )
