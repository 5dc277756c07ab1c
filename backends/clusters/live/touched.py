"""Which nodes a change in Pacemaker concerns. Pure."""

from __future__ import annotations

from collections.abc import Collection, Hashable
from typing import TypeVar

from backends.data.picture import Cluster

T = TypeVar("T", bound=Hashable)


def touched(before: Cluster | None, after: Cluster) -> frozenset[str]:
    """The nodes that are others than before, and those of VMs and migrations that are; none where
    nothing was known, since the watching has just begun.

    What libvirt says there may have become another, so that it is worth a question. Who changed a
    constraint, or a VM that runs nowhere, need not have every libvirt asked.
    """
    if before is None:
        return frozenset()
    names = {node.name for node in _changed(before.nodes, after.nodes)}
    for vm in _changed(before.vms, after.vms):
        names.update(vm.nodes)
    for migration in _changed(before.migrations, after.migrations):
        names.update(filter(None, (migration.source, migration.target)))
    return frozenset(names)


def _changed(before: Collection[T], after: Collection[T]) -> set[T]:
    """What only one of them has. What is the same object in both need not be compared."""
    kept = set(map(id, before)) & set(map(id, after))
    old, new = ({each for each in some if id(each) not in kept} for some in (before, after))
    return old ^ new
