"""What is in the hand, and what each node says to it: the same for every view. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from backends.data.picture import VM, Cluster, Node, VMState
from backends.data.plan import Verdict, VerdictKind
from widgets import drag
from widgets.bars import literal


@dataclass(frozen=True, slots=True)
class Offer:
    """What a node says to the VMs in the hand."""

    verdict: Verdict | None = None
    """`None` while it is still asked."""
    home: bool = False
    """Whether all of them run here."""
    target: bool = False
    best: bool = False
    """Whether the VMs would have most room here."""
    used_after_bytes: int | None = None
    """Of the node's memory, once the VMs have come, or left."""

    @property
    def why(self) -> str:
        """The reasons of the verdict; of a node that is still asked none."""
        if self.verdict is None:
            return ""
        if not self.verdict.reasons and self.verdict.kind is VerdictKind.LIVE:
            return "nothing else moves"
        return "; ".join(map(literal, self.verdict.reasons))


@dataclass(frozen=True, slots=True)
class Hand:
    """A state of `widgets.drag`, and the verdicts on it."""

    state: drag.State = field(default_factory=drag.Resting)
    verdicts: Mapping[str, Verdict] = field(default_factory=dict)
    best: str | None = None
    """The node with most room for the VMs, where there is one."""
    carried: tuple[VM, ...] = ()
    """The VMs in the hand, as the newest picture has them."""

    @property
    def carrying(self) -> drag.Carrying | None:
        return self.state if isinstance(self.state, drag.Carrying) else None

    @property
    def vms(self) -> tuple[str, ...]:
        """The VMs in the hand."""
        return self.state.vms if isinstance(self.state, drag.Carrying) else ()

    @property
    def touched(self) -> tuple[str, ...]:
        """The VMs in the hand, or under the button that is down."""
        return () if isinstance(self.state, drag.Resting) else self.state.vms

    @property
    def target(self) -> str | None:
        """The node that the hand is over."""
        return self.state.target if isinstance(self.state, drag.Carrying) else None

    @property
    def resting(self) -> bool:
        return isinstance(self.state, drag.Resting)

    @property
    def pressed(self) -> bool:
        """Whether the button is down on a VM that is not lifted yet."""
        return isinstance(self.state, drag.Pressed)

    @property
    def by_mouse(self) -> bool:
        return isinstance(self.state, drag.Carrying) and self.state.by_mouse

    def fed(self, happened: drag.Input) -> tuple[Hand, tuple[drag.Intent, ...]]:
        """The hand after it happened, and what the operator meant. What is new in it is asked."""
        state, intents = drag.step(self.state, happened)
        if any(isinstance(intent, drag.PickUp) for intent in intents):
            return Hand(state), intents
        return replace(self, state=state), intents

    def seen_in(self, picture: Cluster) -> Hand:
        """With the VMs as this picture has them."""
        return replace(self, carried=tuple(filter(None, map(picture.vm, self.vms))))

    def told(self, verdicts: Mapping[str, Verdict], best: str | None) -> Hand:
        return replace(self, verdicts=dict(verdicts), best=best)

    def offer(self, node: Node | None) -> Offer | None:
        """What a node says; `None` with an empty hand, and where no VM can be dropped."""
        if not isinstance(self.state, drag.Carrying) or node is None:
            return None
        home = self.state.homes == {node.name}
        return Offer(
            self.verdicts.get(node.name),
            home,
            node.name == self.state.target,
            node.name == self.best and not home,
            self._used_after(node, home),
        )

    def _used_after(self, node: Node, home: bool) -> int | None:
        """Not known where the size of a VM is not, nor whether it is counted already."""
        moving = [vm.memory_bytes for vm in self.carried if home or vm.node != node.name]
        sizes = [size for size in moving if size is not None]
        if node.memory_used_bytes is None or not self.carried or len(sizes) < len(moving):
            return None
        return node.memory_used_bytes + (-sum(sizes) if home else sum(sizes))


@dataclass(frozen=True, slots=True)
class Lifted:
    """What can be picked up of some VMs."""

    homes: dict[str, str]
    """Each VM that can be, and the node it runs on."""
    refused: dict[str, str]
    """Each that cannot be, and why: a sentence."""


def lifted(picture: Cluster, vms: Iterable[str]) -> Lifted:
    """Which of the VMs can be picked up; one that is gone is in neither part."""
    homes: dict[str, str] = {}
    refused: dict[str, str] = {}
    for vm in filter(None, map(picture.vm, vms)):
        reason = why_unmovable(picture, vm)
        if reason is not None:
            refused[vm.id] = reason
        elif vm.node is not None:
            homes[vm.id] = vm.node
    return Lifted(homes, refused)


def why_unmovable(picture: Cluster, vm: VM) -> str | None:
    """Why a VM cannot be picked up at all; whether it may move is for the verdicts to say."""
    if vm.state is VMState.MIGRATING or picture.migration(vm.id) is not None:
        return f"{vm.id} is being migrated already"
    if vm.node is None:
        return f"{vm.id} runs nowhere"
    return None
