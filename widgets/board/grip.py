"""What the operator points at, and what is in the hand: of a stage, and without a widget."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from textual.geometry import Region
from textual.message import Message

from backends.data.picture import Cluster
from backends.data.plan import Verdict
from backends.judgement.health import Judged
from widgets import drag
from widgets.board import messages
from widgets.board.lookout import Lookout
from widgets.board.moves import Spot, Way, ends, followed, moved, neighbour, spot_of
from widgets.board.sight import Sight
from widgets.board.stage import Stage
from widgets.hand import Hand, lifted
from widgets.selection import Selection


class Grip:
    """Follows the stage. What moves returns the spot that should be brought into view."""

    def __init__(self, stage: Stage, say: Callable[[Message], object]) -> None:
        self._stage = stage
        self._say = say
        self._lookout = Lookout()
        self.selection = Selection()
        self.hand = Hand()

    # What the app tells

    def show(self, picture: Cluster, judged: Judged) -> None:
        """Another picture: selection, marks and what is in the hand follow the VMs."""
        before = self._spot()
        self._stage.show(picture, judged)
        self._lookout.take(picture)
        if self.selection.marked:
            self.selection = self.selection.among({vm.id for vm in picture.vms})
        if not self.hand.resting:
            homes = lifted(picture, self.hand.touched).homes
            self.feed(drag.Changed(homes, self._stage.scene.nodes))
            self.hand = self.hand.seen_in(picture)
        self._follow(before)

    def filter(self, text: str) -> None:
        """Hide the cards that lack a part of the text."""
        before = self._spot()
        self._stage.filter(text)
        self._follow(before)

    def told(self, verdicts: Mapping[str, Verdict], best: str | None) -> None:
        """What each node says to the VMs in the hand."""
        self.hand = self.hand.told(verdicts, best)

    def lost(self) -> Spot | None:
        """A node that was lost and not seen since; none, while VMs are in the hand."""
        node = self._lookout.due() if self.hand.resting else None
        return spot_of(self._stage.scene, Selection(node)) if node is not None else None

    # The selection

    def _spot(self) -> Spot | None:
        return spot_of(self._stage.scene, self.selection)

    def seen_in(self, sight: Sight) -> Spot | None:
        """Where the cursor is, if that is in sight."""
        spot = self._spot()
        view = Region(0, 0, *sight.view)
        return spot if spot is not None and view.overlaps(sight.place(*spot)) else None

    def _follow(self, before: Spot | None) -> None:
        spot = followed(self._stage.scene, self.selection, before)
        if spot is None:
            self.selection = self.selection.at(None, None)
        else:
            self.go(spot)

    def go(self, spot: Spot) -> Spot:
        """Select what is there."""
        column, index = spot
        content = self._stage.scene.columns[column]
        vm = None if index is None else content.cards[index].vm.id
        self.selection = self.selection.at(content.name, vm)
        return spot

    def select(self, vm: str | None, node: str | None) -> Spot | None:
        """Select a VM, or a node's head, where it is on the stage."""
        spot = spot_of(self._stage.scene, Selection(node, vm))
        return self.go(spot) if spot is not None else None

    def step(self, way: Way, cards: int = 1) -> Spot | None:
        """So many cards that way."""
        spot = self._spot()
        if spot is None:
            return None
        return self.go(moved(self._stage.scene, self._stage.layout, spot, way, cards))

    def to_end(self, end: int) -> Spot | None:
        """To the first (0) or the last (1) card of the column."""
        spot = self._spot()
        if spot is None:
            return None
        return self.go((spot[0], ends(self._stage.scene, spot[0])[end]))

    def mark(self) -> None:
        """Mark the selected VM, or unmark it."""
        if self.selection.vm is not None:
            self.toggle(self.selection.vm)

    def toggle(self, vm: str) -> None:
        """Mark a VM, or unmark it."""
        self.selection = self.selection.toggled(vm)

    # The hand

    def feed(self, happened: drag.Input) -> None:
        """Something happened to the hand: what the operator meant by it is said."""
        self.hand, intents = self.hand.fed(happened)
        if self.hand.vms and not self.hand.carried:
            self.hand = self.hand.seen_in(self._stage.picture)
        for intent in intents:
            if isinstance(intent, drag.Drop):
                self.selection = self.selection.unmarked()
            self._say(messages.said(intent))

    def homes(self, vms: Iterable[str], *, complain: bool = False) -> dict[str, str]:
        """Those of the VMs that can be picked up, and where each runs."""
        found = lifted(self._stage.picture, vms)
        for vm, reason in found.refused.items() if complain else ():
            self._say(messages.Unmovable(vm, reason))
        return found.homes

    def refuse(self, reason: str) -> None:
        """Say why what is in the hand cannot go there."""
        for vm in self.hand.vms[:1]:
            self._say(messages.Unmovable(vm, reason))

    def homes_with(self, vm: str, *, complain: bool = False) -> dict[str, str]:
        """The same of what is meant by taking this VM."""
        here = (card.vm.id for card in self._stage.scene.cards if not card.arriving)
        return self.homes(self.selection.with_others(vm, here), complain=complain)

    def lift(self, homes: Mapping[str, str]) -> None:
        """Take VMs into the hand, as a key does."""
        self.feed(drag.Lift(tuple(homes), frozenset(homes.values())))

    def lift_selected(self) -> None:
        """Take what is marked, or the selected VM."""
        vm = self.selection.to_take()
        if vm is not None and not self.hand.carrying:
            self.lift(self.homes_with(vm, complain=True))

    def aim(self, way: Way) -> Spot | None:
        """Aim at the column beside."""
        start = self._stage.scene.index(self.hand.target or self.selection.node)
        if start is None:
            return None
        beside = neighbour(self._stage.layout, start, way)
        node = self._stage.scene.columns[beside].name
        if node is None:
            return None
        self.feed(drag.Aim(node))
        return beside, None

    def type(self, character: str) -> Spot | None:
        """Aim at the node that is meant by what was typed so far."""
        self.feed(drag.Type(character, self._stage.scene.nodes))
        if self.hand.target is None:
            return None
        return spot_of(self._stage.scene, Selection(self.hand.target))

    def put_back(self) -> None:
        """Empty the hand; with an empty hand, unmark all."""
        if self.hand.resting:
            self.selection = self.selection.unmarked()
        else:
            self.feed(drag.Escape())
