"""From the picture to cards: who lies in which column. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import TypeAlias

from backends.data.picture import VM, Cluster, HypervisorState, Migration, NodeState
from backends.judgement.health import Grade, Judged
from backends.judgement.outlook import Outlook
from backends.judgement.prospect import UNKNOWN, Prospect
from widgets.natural import natural_order

SILENT = frozenset((NodeState.UNCLEAN, NodeState.OFFLINE))
"""Nodes that were lost."""

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


Lying: TypeAlias = VM | tuple[VM, Migration]
"""What is dealt: a VM that is there, or one that arrives."""


@dataclass(frozen=True, slots=True)
class Pile:
    """The cards of one column, and what they were made of."""

    lying: list[Lying] = field(default_factory=list)
    stale: bool = False
    cards: tuple[Card, ...] = ()
    worst: Grade = Grade.FINE
    """How bad it is with a VM in it."""


@dataclass(frozen=True, slots=True)
class Dealt:
    """The cards of a picture, and by what else than their VMs they were made."""

    piles: Mapping[str | None, Pile] = field(default_factory=dict)
    """By node; `None` is where those lie that run on no known node."""
    totals: Mapping[str | None, int] = field(default_factory=dict)
    """The VMs of each, those that a filter hides included."""
    judged: Judged = field(default_factory=Judged)
    migrations: tuple[Migration, ...] = ()


def deal(picture: Cluster, filter_text: str, before: Dealt, judged: Judged) -> Dealt:
    """The cards in natural order. One equal to one dealt `before` is that very card.

    So is a whole pile: of 2,000 VMs few are another from one picture to the next.
    """
    parts = filter_text.casefold().split()
    flights = {migration.vm: migration for migration in picture.migrations}
    lying: dict[str | None, list[Lying]] = {node.name: [] for node in picture.nodes}
    lying[None] = []
    totals = dict.fromkeys(lying, 0)
    vms = picture.vms
    for place in natural_order(tuple([vm.id for vm in vms])):
        vm = vms[place]
        home = vm.node if vm.node in lying else None
        totals[home] += 1
        if parts and not _matches(vm, parts):
            continue
        lying[home].append(vm)
        flight = flights.get(vm.id) if flights else None
        if flight is not None and flight.target != home and flight.target in lying:
            lying[flight.target].append((vm, flight))
    silent = _silent(picture)
    alike = judged == before.judged and picture.migrations == before.migrations
    deck = _Deck(flights, judged, alike, None in silent)
    piles = {}
    for name, those in lying.items():
        pile, stale = before.piles.get(name, Pile()), name in silent
        if not alike or pile.stale != stale or pile.lying != those:
            pile = _pile(pile, those, stale, deck)
        piles[name] = pile
    return Dealt(piles, totals, judged, picture.migrations)


def _silent(picture: Cluster) -> frozenset[str | None]:
    """The nodes of whose VMs nothing new is heard; with `None`, where Pacemaker is not."""
    if picture.stale_pacemaker():
        return frozenset((None, *(node.name for node in picture.nodes)))
    unheard = {entry.node for entry in picture.stale if entry.source == "libvirt"}
    return frozenset(
        node.name
        for node in picture.nodes
        if node.state in SILENT
        or node.name in unheard
        or node.hypervisor.state is HypervisorState.DOWN
    )


@dataclass(frozen=True, slots=True)
class _Deck:
    """What else than a VM decides what its card says."""

    flights: Mapping[str, Migration]
    judged: Judged
    alike: bool
    """Whether all of it is what it was."""
    stale: bool


def _pile(before: Pile, lying: list[Lying], stale: bool, deck: _Deck) -> Pile:
    alike = deck.alike and before.stale == stale
    known: Mapping[CardKey, Card] = {}
    cards = []
    worst = Grade.FINE
    for one, card in zip_longest(lying, before.cards[: len(lying)]):
        vm, flight = one if isinstance(one, tuple) else (one, None)
        if card is None or card.vm.id != vm.id or card.arriving is not bool(flight):
            known = known or {each.key: each for each in before.cards}
            card = known.get((vm.id, bool(flight)))
        if flight is not None:
            card = _card(card, vm, flight, True, deck.stale)
        elif not alike or card is None or card.vm is not vm:
            card = _card(card, vm, deck.flights.get(vm.id), False, stale, *deck.judged.of(vm))
        if card.grade is not Grade.FINE:
            worst = min(worst, card.grade, key=lambda grade: grade.rank)
        cards.append(card)
    return Pile(lying, stale, tuple(cards), worst)


def _card(
    before: Card | None,
    vm: VM,
    flight: Migration | None,
    arriving: bool,
    stale: bool,
    outlook: Outlook | None = None,
    prospect: Prospect = UNKNOWN,
    grade: Grade = Grade.FINE,
) -> Card:
    """The card that was there before, where it would be equal to a new one.

    Where a VM arrives nothing is judged of it: that is said where it is.
    """
    if (
        before is not None
        and (before.vm is vm or before.vm == vm)
        and before.stale == stale
        and before.grade is grade
        and (before.prospect is prospect or before.prospect == prospect)
        and before.migration == flight
        and before.outlook == outlook
    ):
        return before
    return Card(vm, flight, arriving, stale, outlook, prospect, grade)


def _matches(vm: VM, parts: Iterable[str]) -> bool:
    text = f"{vm.id}\n{vm.domain or ''}\n{vm.node or ''}\n{vm.state.value}".casefold()
    return all(part in text for part in parts)
