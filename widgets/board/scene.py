"""From the picture to what stands on the board: columns, and the cards in them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from backends.data.picture import (
    VM,
    Cluster,
    HypervisorState,
    Migration,
    Node,
    NodeKind,
    NodeState,
)
from backends.judgement.health import Grade, Judged
from backends.judgement.outlook import Outlook
from backends.judgement.prospect import UNKNOWN, Prospect
from widgets.bars import moment_text
from widgets.board.trends import Trend
from widgets.natural import natural

SILENT = frozenset((NodeState.UNCLEAN, NodeState.OFFLINE))
"""Nodes that were lost."""
_KIND_ORDER = {NodeKind.MEMBER: 0, NodeKind.REMOTE: 1, NodeKind.GUEST: 2}


CardKey: TypeAlias = tuple[str, bool]
"""A VM and whether it arrives: on its way it stands twice, where it is and where it will be."""


@dataclass(frozen=True, slots=True)
class Card:
    vm: VM
    migration: Migration | None = None
    arriving: bool = False
    stale: bool = False
    """Whether its numbers, and perhaps its state, are only what was last heard."""
    outlook: Outlook | None = None
    """What is to be expected of its copy."""
    prospect: Prospect = UNKNOWN
    """The last word on a live migration of it."""
    grade: Grade = Grade.FINE
    """How bad what is wrong with it is."""

    @property
    def key(self) -> CardKey:
        return self.vm.id, self.arriving


@dataclass(frozen=True, slots=True)
class Column:
    """A node and its cards; `node` is `None` for the place of VMs that run on no known node."""

    node: Node | None
    cards: tuple[Card, ...]
    total: int
    """Its VMs, those that a filter hides included."""
    trouble: str | None = None
    """What makes its numbers old, in words."""
    numbers_known: bool = True
    stale: bool = False
    trend: Trend = ()
    """How its load went."""
    grade: Grade = Grade.FINE
    """How bad what is wrong with the node is."""
    worst: Grade = Grade.FINE
    """The same, or how bad it is with a VM on it, where that is worse."""

    @property
    def lost(self) -> bool:
        return self.node is not None and self.node.state in SILENT

    @property
    def name(self) -> str | None:
        return self.node.name if self.node else None


@dataclass(frozen=True, slots=True)
class Scene:
    columns: tuple[Column, ...] = ()
    filtered: bool = False
    stale: bool = False

    def index(self, node: str | None) -> int | None:
        """The column of a node; of `None`, the place of VMs that run nowhere."""
        return next((i for i, column in enumerate(self.columns) if column.name == node), None)

    def find(self, vm: str) -> tuple[int, int] | None:
        """Column and index of a VM's card, where it is."""
        for number, column in enumerate(self.columns):
            for index, card in enumerate(column.cards):
                if card.vm.id == vm and not card.arriving:
                    return number, index
        return None

    @property
    def names(self) -> tuple[str | None, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.name is not None)


@dataclass(frozen=True, slots=True)
class Dealt:
    """The cards of a scene, and by what else than their VMs they were made."""

    cards: Mapping[CardKey, Card] = field(default_factory=dict)
    judged: Judged = field(default_factory=Judged)
    migrations: tuple[Migration, ...] = ()


def make_scene(
    picture: Cluster,
    filter_text: str,
    before: Dealt,
    judged: Judged,
    trends: Mapping[str, Trend],
) -> Scene:
    """Everything there is to draw. A card equal to one dealt `before` is that very card."""
    known = before.cards
    alike = judged == before.judged and picture.migrations == before.migrations
    stale = picture.stale_pacemaker()
    old_libvirt = {entry.node: entry for entry in picture.stale if entry.source == "libvirt"}
    migrations = {migration.vm: migration for migration in picture.migrations}
    parts = filter_text.casefold().split()

    cards: dict[str | None, list[Card]] = {node.name: [] for node in picture.nodes}
    silent = {
        node.name
        for node in picture.nodes
        if stale
        or node.state in SILENT
        or node.name in old_libvirt
        or node.hypervisor.state is HypervisorState.DOWN
    }
    totals = dict.fromkeys(cards, 0)
    worst: dict[str | None, Grade] = {None: Grade.FINE}
    worst.update((node.name, judged.health.of_node(node.name)) for node in picture.nodes)
    homeless: list[Card] = []
    nowhere = 0
    vms = picture.vms
    for place in _natural_order(tuple([vm.id for vm in vms])):
        vm = vms[place]
        home = vm.node if vm.node in cards else None
        if home is None:
            nowhere += 1
        else:
            totals[home] += 1
        if parts and not _matches(vm, parts):
            continue
        migration = migrations.get(vm.id)
        old = bool(stale) if home is None else home in silent
        card = known.get((vm.id, False))
        if not alike or card is None or card.vm is not vm or card.stale != old:
            card = _card(card, vm, migration, False, old, *judged.of(vm))
        (homeless if home is None else cards[home]).append(card)
        if card.grade is not Grade.FINE:
            worst[home] = min(worst[home], card.grade, key=_rank)
        if migration and migration.target in cards and migration.target != home:
            arrival = _card(known.get((vm.id, True)), vm, migration, True, bool(stale), *NOT_JUDGED)
            cards[migration.target].append(arrival)

    columns = []
    for node in _in_order(picture.nodes):
        if node.kind is NodeKind.GUEST and not totals[node.name] and not cards[node.name]:
            continue
        entry = old_libvirt.get(node.name)
        libvirt_since = entry.since if entry else node.hypervisor.since
        numbers_known = entry is None and node.hypervisor.state is not HypervisorState.DOWN
        trouble = None
        if not numbers_known:
            trouble = (
                f"libvirt: not reachable, since {moment_text(libvirt_since, picture.taken_at)}"
            )
        elif stale:
            trouble = (
                f"pacemaker: not reachable, since {moment_text(stale.since, picture.taken_at)}"
            )
        columns.append(
            Column(
                node,
                tuple(cards[node.name]),
                totals[node.name],
                trouble,
                numbers_known and node.state not in SILENT,
                bool(stale),
                trends.get(node.name, ()),
                judged.health.of_node(node.name),
                worst[node.name],
            )
        )
    if nowhere:
        columns.append(Column(None, tuple(homeless), nowhere, stale=bool(stale), worst=worst[None]))
    return Scene(tuple(columns), bool(parts), bool(stale))


NOT_JUDGED = (None, UNKNOWN, Grade.FINE)
"""Of a VM where it arrives: it is judged where it is."""


def _card(
    before: Card | None,
    vm: VM,
    migration: Migration | None,
    arriving: bool,
    stale: bool,
    outlook: Outlook | None,
    prospect: Prospect,
    grade: Grade,
) -> Card:
    """The card that was there before, where it would be equal to a new one."""
    if (
        before is not None
        and before.stale == stale
        and before.grade is grade
        and (before.prospect is prospect or before.prospect == prospect)
        and (before.vm is vm or before.vm == vm)
        and before.migration == migration
        and before.outlook == outlook
    ):
        return before
    return Card(vm, migration, arriving, stale, outlook, prospect, grade)


def _matches(vm: VM, parts: Iterable[str]) -> bool:
    text = f"{vm.id}\n{vm.domain or ''}\n{vm.node or ''}\n{vm.state.value}".casefold()
    return all(part in text for part in parts)


@lru_cache(maxsize=4)
def _natural_order(names: tuple[str, ...]) -> tuple[int, ...]:
    """Their places in the natural order; names change seldom, and comparing them is slow."""
    return tuple(sorted(range(len(names)), key=lambda place: natural(names[place])))


def _in_order(nodes: tuple[Node, ...]) -> list[Node]:
    """By their kind, and then by their names."""
    named = [nodes[place] for place in _natural_order(tuple(node.name for node in nodes))]
    return sorted(named, key=lambda node: _KIND_ORDER[node.kind])


def _rank(grade: Grade) -> int:
    return grade.rank
