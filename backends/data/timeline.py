"""What happened in a cluster, each thing with what it brought about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    GOOD = "good"
    NEUTRAL = "neutral"
    WARNING = "warning"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Entry:
    """`kind` is stable, for scripts; `text` is for people. `at` is epoch seconds."""

    at: float
    kind: str
    severity: Severity
    text: str
    vm: str | None = None
    node: str | None = None
    """Where it happened; for a VM that left, the node that it left."""
    target: str | None = None
    who: str | None = None
    """Who changed it, as Pacemaker noted it; `None` for what nobody asked for, or is not known."""
    took_s: float | None = None
    reason: str | None = None
    effects: tuple[Entry, ...] = ()

    @property
    def worst(self) -> Severity:
        """Its own severity, or that of its gravest effect."""
        order = list(Severity)
        return max((each.severity for each in self.all()), key=order.index)

    def all(self) -> Iterator[Entry]:
        """Itself and what it brought about."""
        yield self
        for effect in self.effects:
            yield from effect.all()


@dataclass(frozen=True, slots=True)
class Then:
    """Where in the past a picture stands: `at` which moment, on the decision of which, and the
    how-manyth that is of so many that are left."""

    at: float
    decided_at: float
    number: int
    of: int
