"""The checklist of a VM: what stands between it and a live migration."""

from __future__ import annotations

from collections.abc import Callable

from backends.data.picture import Cluster
from tui.acts.desk import NO_VM, Desk
from tui.acts.offer import About, Offer
from widgets.selection import Selection

CHECKLIST = Offer(
    "checklist",
    "Checklist",
    "What stands in the way of a live migration of the selected VM",
    About.VM,
    key="v",
    listed="Checklist of VM {0}",
    help="What stands in the way of a live migration",
)


class Checking:
    """`show` opens the checklist of the VM with this name."""

    def __init__(self, desk: Desk, show: Callable[[str], None]) -> None:
        self._desk = desk
        self._show = show

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return True

    def objection(self, chosen: Selection) -> str | None:
        return None if self._desk.known_vm(chosen) is not None else NO_VM

    def begin(self, chosen: Selection) -> None:
        vm = self._desk.vm(chosen)
        if vm is not None:
            self._show(vm.id)
