"""Cures that wait for the next stop of their VM.

Such an act stays open in the journal and nobody holds it. It is carried out by the vmferry that
sees its VM at rest: stopped everywhere, with the scheduler content to leave it so. That is its
limit: a VM that is stopped and started again while no vmferry looks, or that Pacemaker restarts in
one go, leaves it waiting.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass
from pathlib import Path

from backends.acts.cures import KIND, rests
from backends.acts.journal import Act, Intent, Journal
from backends.acts.transaction import ticking
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Command
from backends.judgement.remedies import When, in_short, stands


@dataclass(frozen=True, slots=True)
class Waiting:
    """A cure that waits; `at` is when it was confirmed (epoch seconds)."""

    vm: str
    commands: tuple[Command, ...]
    at: float
    path: Path

    def __str__(self) -> str:
        return f"{in_short(self.commands)}: {When.AT_NEXT_STOP}"


def waiting(journal: Journal, cluster: str | None) -> tuple[Waiting, ...]:
    """What waits on this cluster, the oldest first."""
    return tuple(
        Waiting(intent.vm, intent.commands, intent.at, path)
        for path, intent in journal.open()
        if waits(intent) and intent.cluster == cluster
    )


def waits(intent: Intent) -> bool:
    return intent.kind == KIND and intent.way == When.AT_NEXT_STOP


def is_due(picture: Cluster, intent: Intent) -> bool:
    """Whether one that waits need not wait longer, as far as the picture tells."""
    vm = picture.vm(intent.vm)
    return vm is None or stands(picture, vm)


def call_off(journal: Journal, each: Waiting) -> bool:
    """Whether it will not be carried out; `False` where that has begun, or it has ended."""
    act = journal.take(each.path)
    if act is None:
        return False
    act.close("called off")
    return True


async def at_stops(backend: Backend, journal: Journal) -> AsyncGenerator[Act]:
    """Each of them, locked, as soon as its VM is at rest: for `resume`. One that fails is given
    again at the stop after. Ends with the connection."""
    given: set[Path] = set()
    with suppress(ActFailed):
        async with aclosing(ticking(backend)) as pictures:
            async for picture in pictures:
                due = list(_due(journal, picture))
                given &= {each.path for each in due}
                for each in due:
                    if each.path not in given and await _rests(backend, each.vm):
                        act = journal.take(each.path)
                        if act is not None:
                            given.add(each.path)
                            yield act


def _due(journal: Journal, picture: Cluster) -> Iterator[Waiting]:
    stopped = {vm.id for vm in picture.vms if stands(picture, vm)}
    if stopped:  # or the journal need not be read
        yield from (each for each in waiting(journal, picture.name) if each.vm in stopped)


async def _rests(backend: Backend, vm: str) -> bool:
    try:
        return await rests(backend, vm)
    except VmferryError:
        return False  # asked again at the next picture
