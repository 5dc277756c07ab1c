"""How long to wait before the next attempt."""

from __future__ import annotations

import random
from dataclasses import dataclass


@dataclass(slots=True)
class Backoff:
    """Pauses that double with each failure, up to a longest. Moments are of a monotonic clock."""

    first_s: float = 0.5
    longest_s: float = 15.0
    failures: int = 0
    next_at: float = 0.0

    def failed(self, now: float, *, least_s: float = 0.0) -> None:
        """An attempt failed: the next one not before a while."""
        doubled = self.first_s * 2 ** min(self.failures, 32)
        pause = max(least_s, min(self.longest_s, doubled))
        self.failures += 1
        # Jitter, so that the connections that broke together do not all come back together.
        self.next_at = now + pause * random.uniform(0.8, 1.2)

    def succeeded(self) -> None:
        """An attempt succeeded: the next failure starts anew."""
        self.failures = 0
        self.next_at = 0.0

    def remaining_s(self, now: float) -> float:
        """How long until the next attempt may be made."""
        return max(0.0, self.next_at - now)
