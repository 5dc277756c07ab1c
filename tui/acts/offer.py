"""What an act says of itself: footer, help, palette and menus read the same words."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from textual.binding import Binding

from backends.data.picture import Cluster
from widgets.selection import Selection


class About(Enum):
    """What an act is done to."""

    VM = "VM"
    NODE = "node"
    EITHER = "VM or node"
    CLUSTER = "cluster"

    def of(self, chosen: Selection) -> str | None:
        """The name of it that is highlighted; `None` where none is. The cluster always is."""
        if self is About.CLUSTER:
            return ""
        if self is About.EITHER:
            return chosen.vm or chosen.node
        return chosen.vm if self is About.VM else chosen.node


@dataclass(frozen=True, slots=True)
class Offer:
    name: str
    """Also the id of its key."""
    label: str
    """In the footer."""
    tooltip: str
    about: About
    key: str = ""
    """Of the whole screen; empty where it has none, or a view binds it for itself."""
    show: bool = False
    """Whether the footer has it."""
    listed: str | None = None
    """How the palette calls it, `{0}` being the name of the VM or node; `None`: not there."""
    help: str = ""
    """Beside it in the palette."""
    urgent: bool = False
    """Whether it is about the only migration under way, where nothing that it suits is chosen."""
    idle: str | None = None
    """In the footer for a VM that is not being migrated, where that is another word."""

    def named(self, picture: Cluster, chosen: Selection) -> str:
        """In the footer, for this."""
        moving = chosen.vm is not None and picture.migration(chosen.vm) is not None
        return self.label if moving or self.idle is None else self.idle

    def binding(self) -> Binding:
        return Binding(
            self.key,
            f"act('{self.name}')",
            self.label,
            id=self.name,
            show=self.show,
            tooltip=self.tooltip,
        )


class Act(Protocol):
    """One act, as it is begun by a key, the palette or a menu."""

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        """Whether it makes sense to offer it for this at all."""

    def objection(self, chosen: Selection) -> str | None:
        """Why it cannot be done to this now; `None` where it can."""

    def begin(self, chosen: Selection) -> None:
        """Propose it; where it cannot be done, say why."""


def meant(
    offer: Offer, picture: Cluster, chosen: Selection, suits: Callable[[Selection], bool]
) -> Selection:
    """What the key of an act is about: what is highlighted, but for what cannot wait."""
    moving = tuple(dict.fromkeys(migration.vm for migration in picture.migrations))
    if not offer.urgent or len(moving) != 1 or suits(chosen):
        return chosen
    vm = picture.vm(moving[0])
    return Selection(vm.node, vm.id) if vm is not None else chosen
