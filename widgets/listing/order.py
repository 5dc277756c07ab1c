"""Which lines the list has, and in which order. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from backends.data.picture import Cluster
from backends.judgement.health import Grade, Judged
from widgets.listing.columns import NODE_COLUMNS, VM_COLUMNS, Column, Entry


class Only(StrEnum):
    """What a quick filter leaves."""

    ALL = "all"
    SICK = "unhealthy"
    MIGRATING = "migrating"
    MARKED = "marked"


SICKEST = "what is wrong"
"""The column by which the list is sorted at first."""


@dataclass(frozen=True, slots=True)
class Order:
    """Of what, by which column, which way, and which of them."""

    nodes: bool = False
    column: str = SICKEST
    reverse: bool = False
    only: Only = Only.ALL
    text: str = ""

    @property
    def columns(self) -> tuple[Column, ...]:
        return NODE_COLUMNS if self.nodes else VM_COLUMNS


def entries(picture: Cluster, judged: Judged, *, nodes: bool) -> Iterator[Entry]:
    """Everything that could be a line."""
    if nodes:
        counts = Counter(vm.node for vm in picture.vms)
        for node in picture.nodes:
            problems = judged.health.nodes.get(node.name, ())
            yield Entry(node=node, problems=problems, count=counts[node.name])
        return
    migrations = {migration.vm: migration for migration in picture.migrations}
    for vm in picture.vms:
        problems = judged.health.vms.get(vm.id, ())
        yield Entry(vm, None, problems, judged.prospect(vm), migrations.get(vm.id))


def ordered(found: Sequence[Entry], order: Order, marked: Collection[str]) -> tuple[Entry, ...]:
    """The lines in their order; those that are equal in it stand by name."""
    parts = order.text.casefold().split()
    left = [
        entry
        for entry in found
        if _is_meant(entry, order.only, marked) and all(part in entry.words for part in parts)
    ]
    column = next(each for each in order.columns if each.title == order.column)
    left.sort(key=order.columns[0].sorts)
    left.sort(key=column.sorts, reverse=order.reverse)
    return tuple(left)


def _is_meant(entry: Entry, only: Only, marked: Collection[str]) -> bool:
    match only:
        case Only.SICK:
            return entry.grade.rank < Grade.NOTE.rank
        case Only.MIGRATING:
            return entry.migration is not None
        case Only.MARKED:
            return entry.key in marked
        case _:
            return True
