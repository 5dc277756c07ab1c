"""The pre-copy model of a live migration: what is sent, what is dirtied meanwhile, when it ends."""

from __future__ import annotations

from dataclasses import dataclass, replace

DEFAULT_DOWNTIME_S = 0.3
"""QEMU's default `downtime-limit`."""

_HOPELESS_S = 3600.0


@dataclass(slots=True)
class PreCopy:
    """One copy of a guest's memory. The first iteration sends all of it, each further one what
    was dirtied while the one before was sent; the guest is halted for the rest as soon as that
    fits into the downtime."""

    total_bytes: float
    dirty_rate_bytes_per_s: float
    working_set_bytes: float
    downtime_limit_s: float = DEFAULT_DOWNTIME_S
    iteration: int = 1
    remaining_bytes: float = -1.0
    dirtied_bytes: float = 0.0
    halted: bool = False
    done: bool = False
    downtime_s: float = 0.0
    """Expected while the guest runs, real once it is halted."""

    def __post_init__(self) -> None:
        if self.remaining_bytes < 0:
            self.remaining_bytes = self.total_bytes
            self.downtime_s = self.downtime_limit_s

    def advance(self, seconds: float, bandwidth_bytes_per_s: float) -> float:
        """Copy for that long at most; returns the seconds left over once it is done."""
        while seconds > 0 and not self.done and bandwidth_bytes_per_s > 0:
            spent = min(seconds, self.remaining_bytes / bandwidth_bytes_per_s)
            self._send(spent, bandwidth_bytes_per_s)
            seconds -= spent
            if self.remaining_bytes <= 0.5:
                self._next(bandwidth_bytes_per_s)
        return seconds

    def _send(self, seconds: float, bandwidth: float) -> None:
        self.remaining_bytes = max(0.0, self.remaining_bytes - seconds * bandwidth)
        if not self.halted:
            dirtied = self.dirtied_bytes + seconds * self.dirty_rate_bytes_per_s
            self.dirtied_bytes = min(dirtied, self.working_set_bytes, self.total_bytes)

    def _next(self, bandwidth: float) -> None:
        if self.halted:
            self.done = True
            return
        self.remaining_bytes, self.dirtied_bytes = self.dirtied_bytes, 0.0
        self.iteration += 1
        self.downtime_s = self.remaining_bytes / bandwidth
        self.halted = self.downtime_s <= self.downtime_limit_s
        self.done = self.halted and self.remaining_bytes <= 0.5

    def eta_s(self, bandwidth_bytes_per_s: float) -> float | None:
        """When it will be done at this bandwidth; `None` where it will not be within an hour."""
        if bandwidth_bytes_per_s <= 0:
            return None
        ahead, eta_s, whole = replace(self), 0.0, float("inf")
        while not ahead.done and eta_s <= _HOPELESS_S:
            step = ahead.remaining_bytes / bandwidth_bytes_per_s
            eta_s += step
            ahead.advance(step, bandwidth_bytes_per_s)
            if ahead.remaining_bytes >= whole and not ahead.halted:
                return None
            whole = ahead.remaining_bytes
        return eta_s if ahead.done and eta_s <= _HOPELESS_S else None
