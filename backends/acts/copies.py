"""Copies that Pacemaker has lost sight of, though they go on."""

from __future__ import annotations

from dataclasses import dataclass

from backends.data.picture import LOST, VM, Cluster, Phase
from backends.judgement.proof import Call, call

_GOING_ON = (Phase.COPYING, Phase.SWITCHING, Phase.STOPPING)


@dataclass(frozen=True, slots=True)
class _Copy:
    source: str
    dc: str | None
    asked: frozenset[Call]
    before: frozenset[Call]


class Copies:
    """Follows the copies of one cluster from picture to picture.

    A new DC does not know of the operations that run, nor does the old one of those on a node that
    was out of reach for a moment, nor anybody once the history was wiped: Pacemaker 2.1.5 then asks
    for the same migration again. That waits until the first has ended, finds no domain to migrate,
    fails, and the guest is stopped and started.
    """

    def __init__(self) -> None:
        self._seen: dict[str, _Copy] = {}

    def is_lost(self, picture: Cluster, vm: VM) -> bool:
        """Whether this VM was being copied, and Pacemaker no longer waits for the end of that.

        Said once. In maintenance somebody cares for it already.
        """
        migration, copy = picture.migration(vm.id), self._seen.get(vm.id)
        if vm.maintenance:
            self._seen.pop(vm.id, None)
            return False
        if copy is None:
            if migration is not None and migration.phase is Phase.COPYING:
                ended = frozenset(call(op) for op in vm.history if not op.pending)
                asked = _asked(vm, migration.source)
                self._seen[vm.id] = _Copy(migration.source, picture.dc, asked, ended)
            return False
        source = picture.node(copy.source)
        if source is None or source.state in LOST:
            return False  # it may be back before it is fenced, and the copy goes on
        if _has_ended(vm, copy):
            del self._seen[vm.id]
            return False
        goes_on = migration is not None and migration.phase in _GOING_ON
        asked_again = not _asked(vm, copy.source) <= copy.asked
        if goes_on and not asked_again and picture.dc in (copy.dc, None):
            return False
        del self._seen[vm.id]
        return True


def _asked(vm: VM, source: str) -> frozenset[Call]:
    running = (op for op in vm.history if op.pending and op.node == source)
    return frozenset(call(op) for op in running if op.task == "migrate_to")


def _has_ended(vm: VM, copy: _Copy) -> bool:
    """Or was started anew, where its source died."""
    return any(
        (op.task == "start" or (op.node == copy.source and op.task in ("migrate_to", "stop")))
        and not op.pending
        and call(op) not in copy.before
        for op in vm.history
    )
