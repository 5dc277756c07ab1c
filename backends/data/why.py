"""Why something happened: the chain of its causes, and what would have saved it."""

from __future__ import annotations

from dataclasses import dataclass

from backends.data.plan import Action
from backends.data.timeline import Entry


@dataclass(frozen=True, slots=True)
class Saving:
    """One thing that, had it been so, would have kept the guest alive: computed, not guessed."""

    what: str
    planned: tuple[Action, ...]
    """What the scheduler would have done with the VM then; nothing, or a live migration."""


@dataclass(frozen=True, slots=True)
class Why:
    """`subject`: the VM or node. `event`: what happened to it; `None` where nothing is recorded."""

    subject: str
    event: Entry | None = None
    chain: tuple[Entry, ...] = ()
    """What led to it, the first cause first; the event is the last of them."""
    decided_at: float | None = None
    """When the scheduler decided it."""
    decision: Action | None = None
    """What it decided, with its own reason."""
    savings: tuple[Saving, ...] = ()
    doubts: tuple[str, ...] = ()
    """What could not be looked at."""


INFINITY = 1_000_000
"""Pacemaker's highest score; its negative says never."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node as a place for a VM; `score` is `None` where the scheduler has not considered it."""

    node: str
    score: int | None
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Why a VM or a node stands as it does: in a sentence, what decides it, and each place."""

    subject: str
    text: str
    reasons: tuple[str, ...]
    places: tuple[Place, ...] = ()
