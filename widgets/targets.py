"""Where what is in the hand could go, the best first. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from backends.data.picture import Node
from backends.data.plan import VerdictKind
from widgets.hand import Hand, Offer


@dataclass(frozen=True, slots=True)
class Target:
    """A node, and what it says to the VMs in the hand."""

    node: Node
    offer: Offer

    @property
    def order(self) -> tuple[int, bool, float, str]:
        """The better verdict first, then the one with most room; not yet asked ones last."""
        verdict = self.offer.verdict
        kind = verdict.kind.rank if verdict is not None else len(VerdictKind)
        return kind, not self.offer.best, self._full, self.node.name

    @property
    def _full(self) -> float:
        """Of its memory or its CPU, whichever is scarcer; what is not known counts as full."""
        total, cpu = self.node.memory_bytes, self.node.cpu_percent
        used = self.offer.used_after_bytes
        if used is None or not total or cpu is None:
            return 1.0
        return max(used / total, cpu / 100)


def targets(nodes: Iterable[Node], hand: Hand) -> tuple[Target, ...]:
    """Every node but the VMs' own, the best first."""
    offers = ((node, hand.offer(node)) for node in nodes)
    asked = (Target(node, offer) for node, offer in offers if offer is not None and not offer.home)
    return tuple(sorted(asked, key=lambda target: target.order))
