"""Moves that wait, run and are done: what a queue shows of itself. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise
from statistics import fmean

from backends.data.picture import Migration
from backends.data.plan import ActionKind, Verdict, VerdictKind
from backends.judgement.waves import waves


@dataclass(frozen=True, slots=True)
class Move:
    """One VM to one node, and the worst that was confirmed of it."""

    vm: str
    node: str
    confirmed: VerdictKind = VerdictKind.LIVE
    reboots: tuple[str, ...] = ()
    """The VMs of which the operator confirmed that they are restarted."""
    together: tuple[str, ...] = ()
    """The VMs that were confirmed to go to the same node: one may take another along."""
    protect: bool = False
    """Whether `on-fail=block` is to be set first."""
    keep: bool = False
    """Whether its constraint stays."""

    def allows(self, verdict: Verdict) -> bool:
        """Whether what would happen now is no worse than what was confirmed."""
        kind = VerdictKind.LIVE if self._only_takes_along(verdict) else verdict.kind
        no_worse = kind.rank <= self.confirmed.rank
        return no_worse and set(verdict.reboots) <= set(self.reboots)

    def _only_takes_along(self, verdict: Verdict) -> bool:
        """Whether all its side effects are live moves of the others, to where they shall go."""
        others = [action for action in verdict.actions if action.resource not in verdict.vms]
        return (
            verdict.kind is VerdictKind.SIDE_EFFECTS
            and 0 < len(others) == len(verdict.reasons)
            and all(
                action.kind is ActionKind.MIGRATE
                and action.resource in self.together
                and action.target == self.node
                for action in others
            )
        )


def confirmed(verdict: Verdict) -> tuple[Move, ...]:
    """The moves of a verdict that the operator has confirmed, a VM each."""
    return tuple(
        Move(vm, verdict.node, verdict.kind, verdict.reboots, verdict.vms) for vm in verdict.vms
    )


class ItemState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Item:
    """A move in a queue. Moments are those of the pictures (epoch seconds)."""

    move: Move
    source: str | None
    state: ItemState = ItemState.QUEUED
    text: str = ""
    """What it is doing, or why it failed or was skipped."""
    memory_bytes: int | None = None
    migration: Migration | None = None
    began_at: float | None = None
    ended_at: float | None = None

    @property
    def vm(self) -> str:
        return self.move.vm


@dataclass(frozen=True, slots=True)
class QueueState:
    """A queue as it stands. The order of `items` is the order in which they begin."""

    items: tuple[Item, ...]
    limit: int = 1
    """How many at once leave a node, or enter it."""
    paused: bool = False
    stopped: str | None = None
    """Why no more begin; `None` while they may."""
    eta_s: float | None = None
    """Until the last has arrived; `None` where that is not known."""

    def having(self, *states: ItemState) -> tuple[Item, ...]:
        return tuple(item for item in self.items if item.state in states)

    @property
    def finished(self) -> bool:
        """Whether nothing runs and nothing waits."""
        return not self.having(ItemState.QUEUED, ItemState.RUNNING)

    def item(self, vm: str) -> Item:
        return next(item for item in self.items if item.vm == vm)

    def with_item(self, item: Item) -> QueueState:
        return self._with(item if old.vm == item.vm else old for old in self.items)

    def without(self, vm: str) -> QueueState:
        """The same, less this one where it waits."""
        return self._with(i for i in self.items if i.vm != vm or i.state is not ItemState.QUEUED)

    def with_earlier(self, vm: str) -> QueueState:
        """The same, with this one before the one that waits above it."""
        items = list(self.items)
        waiting = [n for n, item in enumerate(items) if item.state is ItemState.QUEUED]
        for above, below in pairwise(waiting):
            if items[below].vm == vm:
                items[above], items[below] = items[below], items[above]
        return self._with(items)

    def with_none_waiting(self, why: str) -> QueueState:
        """The same, with all skipped that wait."""
        return self._with(
            replace(item, state=ItemState.SKIPPED, text=why)
            if item.state is ItemState.QUEUED
            else item
            for item in self.items
        )

    def _with(self, items: Iterable[Item]) -> QueueState:
        return replace(self, items=tuple(items))

    def wave(self) -> tuple[Item, ...]:
        """Those that may begin now: none while others run, since they are told in one write."""
        if self.having(ItemState.RUNNING) or self.paused or self.stopped is not None:
            return ()
        waiting = {item.vm: item for item in self.having(ItemState.QUEUED)}
        trips = {vm: (i.source or i.move.node, i.move.node) for vm, i in waiting.items()}
        return tuple(waiting[vm] for vm in next(waves(trips, (), self.limit), ()))


def eta_s(items: Sequence[Item]) -> float | None:
    """What is left to copy, at the rate of those that were copied or are being copied.

    `None` where no rate was measured, or where the memory of one of them is not known.
    """
    waiting = [item for item in items if item.state is ItemState.QUEUED]
    running = [item for item in items if item.state is ItemState.RUNNING]
    if not waiting and not running:
        return 0.0
    rates = [rate for item in items if (rate := _rate_bytes_per_s(item)) is not None]
    left = [item.memory_bytes for item in waiting] + [_left_bytes(item) for item in running]
    known = [size for size in left if size is not None]
    if not rates or len(known) != len(left):
        return None
    return float(round(sum(known) / (fmean(rates) * max(1, len(running)))))


def _rate_bytes_per_s(item: Item) -> float | None:
    if item.state is ItemState.RUNNING and item.migration is not None:
        return item.migration.rate_bytes_per_s or None
    if item.state is not ItemState.DONE or item.began_at is None or item.ended_at is None:
        return None
    took_s = item.ended_at - item.began_at
    return item.memory_bytes / took_s if item.memory_bytes and took_s > 0 else None


def _left_bytes(item: Item) -> int | None:
    left = item.migration.remaining_bytes if item.migration is not None else None
    return item.memory_bytes if left is None else left
