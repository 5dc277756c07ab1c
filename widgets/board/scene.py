"""From the picture to what stands on the board: columns, and the cards in them. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain

from backends.data.picture import Cluster, HypervisorState, Node, NodeKind
from backends.judgement.health import Grade
from widgets.bars import moment_text
from widgets.board.dealing import SILENT, Card, Dealt
from widgets.board.trends import Trend
from widgets.natural import natural_order

_KIND_ORDER = {NodeKind.MEMBER: 0, NodeKind.REMOTE: 1, NodeKind.GUEST: 2}


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
    def cards(self) -> Iterator[Card]:
        return chain.from_iterable(column.cards for column in self.columns)

    @property
    def names(self) -> tuple[str | None, ...]:
        return tuple(column.name for column in self.columns)

    @property
    def nodes(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.name is not None)


def make_scene(
    picture: Cluster, dealt: Dealt, trends: Mapping[str, Trend], *, filtered: bool = False
) -> Scene:
    """Everything there is to draw."""
    stale = picture.stale_pacemaker()
    old_libvirt = {entry.node: entry for entry in picture.stale if entry.source == "libvirt"}
    health = dealt.judged.health
    columns = []
    for node in _in_order(picture.nodes):
        pile, total = dealt.piles[node.name], dealt.totals[node.name]
        if node.kind is NodeKind.GUEST and not total and not pile.cards:
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
        grade = health.of_node(node.name)
        columns.append(
            Column(
                node,
                pile.cards,
                total,
                trouble,
                numbers_known and node.state not in SILENT,
                bool(stale),
                trends.get(node.name, ()),
                grade,
                min(grade, pile.worst, key=lambda each: each.rank),
            )
        )
    if nowhere := dealt.totals[None]:
        pile = dealt.piles[None]
        columns.append(Column(None, pile.cards, nowhere, stale=bool(stale), worst=pile.worst))
    return Scene(tuple(columns), filtered, bool(stale))


def _in_order(nodes: tuple[Node, ...]) -> list[Node]:
    """By their kind, and then by their names."""
    named = [nodes[place] for place in natural_order(tuple(node.name for node in nodes))]
    return sorted(named, key=lambda node: _KIND_ORDER[node.kind])
