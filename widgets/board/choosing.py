"""When the ranked list of targets is in sight, and what is chosen in it."""

from __future__ import annotations

from textual.geometry import Offset

from widgets import drag
from widgets.board import overview
from widgets.board.grip import Grip
from widgets.board.moves import Spot, Way, spot_of
from widgets.board.ranking import Ranking, place
from widgets.board.sight import Sight
from widgets.board.stage import Stage
from widgets.hand import Hand
from widgets.selection import Selection
from widgets.targets import targets


class Choosing:
    """Shows the list by itself where not every node is seen, and else when it is wanted."""

    def __init__(self, stage: Stage, grip: Grip) -> None:
        self._stage = stage
        self._grip = grip
        self._wanted: bool | None = None
        """By key; `None` leaves it to what is seen."""
        self._order: tuple[str, ...] = ()
        self._ranked: Hand | None = None
        """The hand that the order is of."""
        self._left = False
        self.ranking: Ranking | None = None
        """What is in sight of it."""

    def toggle(self) -> None:
        """Show it, or not, whatever is seen."""
        self._wanted = self.ranking is None

    def update(self, sight: Sight) -> Ranking | None:
        """The list as it is now; `None` where none is to be seen."""
        hand = self._grip.hand
        if hand.carrying is None:
            self.ranking = self._ranked = None
        elif self._wanted or (self._wanted is None and len(sight.heads()) < len(sight.scene.nodes)):
            self.ranking = self._rank(hand, sight)
        else:
            self.ranking = None
        return self.ranking

    def _rank(self, hand: Hand, sight: Sight) -> Ranking:
        """In an order that stays while the verdicts do: no row goes away under the cursor."""
        nodes = [column.node for column in sight.scene.columns if column.node is not None]
        ranked = {target.node.name: target for target in targets(nodes, hand)}
        before = self._ranked
        if before is None or before.vms != hand.vms:
            self._left = self._hides(hand, sight)
        if before is None or before.vms != hand.vms or before.verdicts is not hand.verdicts:
            self._order, self._ranked = tuple(ranked), hand
        rank = {name: number for number, name in enumerate(self._order)}
        kept = sorted(ranked, key=lambda name: rank.get(name, len(rank)))
        region = place(sight, len(kept), left=self._left)
        return Ranking(region, tuple(ranked[name] for name in kept))

    def _hides(self, hand: Hand, sight: Sight) -> bool:
        """Whether the list would lie over what is carried if it stood on the right."""
        spot = sight.scene.find(hand.vms[0])
        if spot is None:
            return False
        return sight.place(*spot).x >= place(sight, 0, left=False).x

    def node_at(self, at: Offset, sight: Sight) -> str | None:
        """The node at a place: of the line below, of the list where that lies, else of a column."""
        if sight.partial and at.y == sight.view.height:
            return overview.node_at(sight, at.x)
        if self.ranking is not None and self.ranking.region.contains(*at):
            return self.ranking.node_at(at)
        return sight.node_at(at)

    def aim(self, way: Way) -> Spot | None:
        """Up and down: aim at the better or the worse one in the list; from none, at the best."""
        if self.ranking is None or way in (Way.LEFT, Way.RIGHT) or not self.ranking.targets:
            return self._grip.aim(way)
        names = [target.node.name for target in self.ranking.targets]
        target, last = self._grip.hand.target, len(names) - 1
        beside = names.index(target) + sum(way.value) if target in names else 0
        node = names[max(0, min(beside, last))]
        self._grip.feed(drag.Aim(node))
        return spot_of(self._stage.scene, Selection(node))
