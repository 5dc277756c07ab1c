"""What every key acts on: the VM or node that is highlighted, and the VMs that are marked. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Selection:
    """A node and, where its cursor is not on the node itself, a VM; and what is marked."""

    node: str | None = None
    """The node of the cursor, also where a VM on it is highlighted."""
    vm: str | None = None
    marked: frozenset[str] = frozenset()
    """The VMs that are picked up together."""
    happening: tuple[float, str] | None = None
    """In a list of events: when the one of the cursor was, epoch seconds, and its kind."""

    @property
    def anything(self) -> bool:
        """Whether anything is highlighted."""
        return self.node is not None or self.vm is not None

    def at(self, node: str | None, vm: str | None) -> Selection:
        """The cursor elsewhere; the marks stay."""
        return replace(self, node=node, vm=vm, happening=None)

    def same_place(self, other: Selection) -> bool:
        """Whether the same is highlighted, whatever is marked."""
        return (self.node, self.vm) == (other.node, other.vm)

    def toggled(self, vm: str) -> Selection:
        """The VM marked, or not any more."""
        return replace(self, marked=self.marked ^ {vm})

    def unmarked(self) -> Selection:
        return replace(self, marked=frozenset())

    def among(self, vms: Collection[str]) -> Selection:
        """Without the marks of VMs that are not there any more."""
        gone = self.marked.difference(vms)
        return replace(self, marked=self.marked - gone) if gone else self

    def to_take(self) -> str | None:
        """The VM by which something is picked up: marks win over the cursor."""
        if self.marked:
            return min(self.marked)
        return self.vm

    def with_others(self, vm: str, order: Iterable[str]) -> tuple[str, ...]:
        """What is meant by taking this VM: all the marked ones, if it is one of them."""
        if vm not in self.marked:
            return (vm,)
        return tuple(each for each in order if each in self.marked)
