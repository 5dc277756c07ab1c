"""Whether a copy will arrive before its timeout strikes, and what would help. Pure.

A copy sends all memory once, then again and again what was dirtied meanwhile. Two things tell that
it never ends: the guest dirties as fast as the copy sends, or what each iteration begins with no
longer falls. In its first iteration QEMU knows no dirty rate yet, so there only the bare arithmetic
counts: what is left, at the best speed seen, against what is left of the timeout.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from backends.data import commands
from backends.data.picture import VM, Migration, Phase
from backends.data.plan import Command

DEFAULT_DOWNTIME_S = 0.3
"""QEMU's default `downtime-limit`: what fits into it is sent with the guest halted."""
LONGEST_DOWNTIME_MS = 30_000
"""Nobody calls it live when the guest stands still for longer."""
SPEED_IS_KNOWN_AFTER_S = 5.0
_MARGIN = 1.2
_NEARLY = 0.8
MiB = 1 << 20


class Chance(StrEnum):
    FITS = "fits"
    LATE = "late"
    """It would end, but after the timeout."""
    STALLED = "stalled"
    """It never ends as it goes now."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outlook:
    """A sentence for the operator, and in words what would help."""

    chance: Chance
    text: str
    helps: tuple[str, ...] = ()
    eta_s: float | None = None
    """As far as that can be said; at the soonest while all memory is sent for the first time."""

    @property
    def bad(self) -> bool:
        return self.chance in (Chance.LATE, Chance.STALLED)


@dataclass(frozen=True, slots=True)
class Course:
    """What the pictures of one migration have shown so far: `course = course.after(migration)`."""

    migration: Migration | None = None
    began_with_bytes: tuple[int, ...] = ()
    """What was left when each iteration was first seen, the newest last."""
    not_falling: int = 0
    """How often in a row an iteration began with no less than the one before."""
    first_seen_s: float | None = None
    """How old the migration was when its copy was first seen, and …"""
    first_left_bytes: int = 0
    """… what was left then."""

    def after(self, migration: Migration | None) -> Course:
        """The course with one more picture; `None` or another migration begins a new one."""
        if migration is None:
            return Course()
        course = self if _same(self.migration, migration) else Course()
        left, iteration = migration.remaining_bytes, migration.iteration
        if migration.phase is not Phase.COPYING or left is None or iteration is None:
            return replace(course, migration=migration)
        if not course.began_with_bytes:
            return Course(migration, (left,), 0, migration.elapsed_s, left)
        before = course.migration.iteration if course.migration else None
        if before is None or iteration <= before:
            return replace(course, migration=migration)
        falls = left < course.began_with_bytes[-1]
        return Course(
            migration,
            (*course.began_with_bytes[-2:], left),
            0 if falls else course.not_falling + 1,
            course.first_seen_s,
            course.first_left_bytes,
        )

    @property
    def outlook(self) -> Outlook:
        """What is to be expected by now."""
        migration = self.migration
        if migration is None:
            return Outlook(Chance.UNKNOWN, "nothing is being migrated")
        vm = migration.vm
        if migration.phase in (Phase.SWITCHING, Phase.STOPPING):
            return Outlook(Chance.FITS, f"the copy of {vm} is done: {migration.phase.value}")
        if migration.phase is not Phase.COPYING:
            return Outlook(Chance.UNKNOWN, f"the copy of {vm} has not begun")
        left, rate = migration.remaining_bytes, migration.rate_bytes_per_s
        if left is None or not rate:
            return Outlook(Chance.UNKNOWN, f"how fast {vm} is copied is not known yet")
        if (migration.iteration or 1) <= 1:
            return self._first(migration, left, rate)
        if self._stalled(migration, left, rate):
            return Outlook(Chance.STALLED, _why_stalled(migration, rate), self._words(migration))
        return self._later(migration, migration.eta_s)

    def _first(self, migration: Migration, left: int, rate: int) -> Outlook:
        """All memory is sent once: less than the bare copying it cannot take."""
        watched_s = 0.0
        if migration.elapsed_s is not None and self.first_seen_s is not None:
            watched_s = migration.elapsed_s - self.first_seen_s
        # Empty pages cost next to nothing: what is left can fall faster than bytes are sent.
        seen = (self.first_left_bytes - left) / watched_s if watched_s > 0 else 0.0
        least_s = left / max(rate, seen)
        deadline_s = migration.deadline_s
        if deadline_s is None or least_s <= deadline_s:
            return self._later(migration, least_s)
        if watched_s < SPEED_IS_KNOWN_AFTER_S:
            text = f"how fast {migration.vm} is copied is not known for sure yet"
            return Outlook(Chance.UNKNOWN, text)
        return self._later(migration, least_s)

    def _later(self, migration: Migration, eta_s: float | None) -> Outlook:
        vm, deadline_s = migration.vm, migration.deadline_s
        if eta_s is None:
            return Outlook(Chance.UNKNOWN, f"when {vm} arrives is not known")
        text = f"{vm} arrives in about {eta_s:.0f} s"
        if deadline_s is None:
            return Outlook(Chance.UNKNOWN, f"{text}; its timeout is not known", eta_s=eta_s)
        if eta_s <= deadline_s:
            return Outlook(Chance.FITS, text, eta_s=eta_s)
        text = (
            f"{vm} would need {eta_s:.0f} s, and in {deadline_s:.0f} s the timeout of migrate_to "
            "strikes"
        )
        return Outlook(Chance.LATE, text, self._words(migration), eta_s)

    def _stalled(self, migration: Migration, left: int, rate: int) -> bool:
        if max((left, *self.began_with_bytes[-1:])) <= rate * DEFAULT_DOWNTIME_S:
            return False
        dirty = migration.dirty_rate_bytes_per_s
        if dirty is not None and dirty >= rate:
            return True
        # Pictures come a few times a second: an iteration is seen some way after it began.
        sure = dirty is None or dirty >= _NEARLY * rate
        return self.not_falling >= (1 if sure else 2)

    def _words(self, migration: Migration) -> tuple[str, ...]:
        words = []
        downtime_ms = needed_downtime_ms(migration, self)
        if downtime_ms is not None:
            words.append(f"allow the guest to stand still for {downtime_ms} ms")
        rate = needed_rate_bytes_per_s(migration)
        if rate is not None:
            words.append(f"copy faster: at {math.ceil(rate / MiB)} MiB/s it would arrive in time")
        words.append("abort: the guest goes on running where it is")
        words.append("guard it: when the timeout strikes, nothing is restarted")
        return tuple(words)


def needed_downtime_ms(migration: Migration, course: Course | None = None) -> int | None:
    """With this downtime allowed the copy ends at once: what an iteration begins with ÷ the rate.

    `None` where that is not known (in the first iteration, for one), or where nobody would call it
    live any more.
    """
    left, rate = migration.remaining_bytes, migration.rate_bytes_per_s
    if left is None or not rate or (migration.iteration or 1) <= 1:
        return None
    if course is not None:
        left = max((left, *course.began_with_bytes[-1:]))
    needed_ms = math.ceil(1000 * _MARGIN * left / rate / 50) * 50
    return needed_ms if 0 < needed_ms <= LONGEST_DOWNTIME_MS else None


def needed_rate_bytes_per_s(migration: Migration) -> float | None:
    """At this rate the copy would end before the timeout; `None` where it is fast enough."""
    left, deadline_s = migration.remaining_bytes, migration.deadline_s
    if left is None or not deadline_s or migration.rate_bytes_per_s is None:
        return None
    needed = _MARGIN * (left / deadline_s + (migration.dirty_rate_bytes_per_s or 0))
    return needed if needed > migration.rate_bytes_per_s else None


def helps(vm: VM, migration: Migration, course: Course | None = None) -> tuple[Command, ...]:
    """The commands that would help a copy along, the gentlest first; see `Course.outlook`."""
    return tuple(_helps(vm, migration, course))


def _helps(vm: VM, migration: Migration, course: Course | None) -> Iterator[Command]:
    if migration.phase is not Phase.COPYING:
        return
    domain = vm.domain or vm.id
    limit, rate = vm.migration_speed_bytes_per_s, migration.rate_bytes_per_s
    needed = needed_rate_bytes_per_s(migration)
    # Where no limit holds it back, the link does: there a higher limit changes nothing.
    if limit and rate and needed is not None and needed > limit and rate >= _NEARLY * limit:
        yield commands.set_speed(domain, migration.source, math.ceil(needed / MiB))
    downtime_ms = needed_downtime_ms(migration, course)
    if downtime_ms is not None:
        yield commands.set_downtime(domain, migration.source, downtime_ms)


def _same(before: Migration | None, now: Migration) -> bool:
    if before is None:
        return True
    who = (before.vm, before.source) == (now.vm, now.source)
    younger = (now.elapsed_s or 0.0) + 1.0 < (before.elapsed_s or 0.0)
    return who and not younger and (now.iteration or 1) >= (before.iteration or 1)


def _why_stalled(migration: Migration, rate: int) -> str:
    vm, dirty = migration.vm, migration.dirty_rate_bytes_per_s
    if dirty is not None and dirty >= rate:
        return (
            f"{vm} will not arrive: its guest dirties {dirty / MiB:.0f} MiB/s, "
            f"the copy sends {rate / MiB:.0f} MiB/s"
        )
    return f"{vm} will not arrive: each iteration has as much to send as the one before"
