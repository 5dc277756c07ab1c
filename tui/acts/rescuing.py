"""A migration that must not go on as it does, or has failed: aborted, guarded, recovered."""

from __future__ import annotations

from collections.abc import Callable

from backends.acts.rescue import rescue, way_now
from backends.acts.safe_order import Way
from backends.data.picture import VM, Cluster, VMState
from tui.acts.desk import NO_VM, Desk
from tui.acts.offer import About, Offer
from tui.messages import Doing
from tui.proposal import Proposal
from tui.proposals.rescue import TITLES, of_rescue, why_not
from widgets.selection import Selection

ABORT = Offer(
    "abort",
    "Abort",
    "End the migration of the selected VM safely; recover a failed one",
    About.VM,
    key="a",
    show=True,
    urgent=True,
    idle="Recover",
)
GUARD = Offer(
    "guard",
    "Guard",
    "Guard the copy: when its timeout strikes, nothing is restarted",
    About.VM,
    key="g",
    show=True,
    urgent=True,
)


class Rescuing:
    """`way`: what is to be done about a VM."""

    def __init__(self, desk: Desk, way: Callable[[VM], Way]) -> None:
        self._desk = desk
        self._way = way

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        vm = picture.vm(chosen.vm) if chosen.vm is not None else None
        if vm is None:
            return False
        failed = vm.state in (VMState.BLOCKED, VMState.FAILED)
        return picture.migration(vm.id) is not None or (failed and self._way(vm) is Way.RECOVER)

    def objection(self, chosen: Selection) -> str | None:
        vm = self._desk.known_vm(chosen)
        return (
            NO_VM if vm is None else why_not(self._desk.backend, vm, self._now(vm, self._way(vm)))
        )

    def begin(self, chosen: Selection) -> None:
        selected = self._desk.vm(chosen)
        if selected is None:
            return
        vm, way = selected, self._way(selected)

        async def make(_variant: int) -> Proposal:
            now = self._desk.backend.picture.vm(vm.id) or vm
            return of_rescue(
                self._desk.backend, now, self._now(now, way), lambda: self._rescue(vm.id, way)
            )

        self._desk.propose(TITLES[way].format(vm.id), make)

    def _now(self, vm: VM, way: Way) -> Way:
        return way_now(self._desk.journal, self._desk.backend.picture.name, vm, way)

    def _rescue(self, vm: str, way: Way) -> None:
        what = TITLES[way].format(vm)
        doing = Doing((vm,), f"{what[:1].lower()}{what[1:]}", f"{what}: not done as it should be")
        self._desk.supersede(vm)
        self._desk.carry_out(doing, rescue(self._desk.backend, vm, way, self._desk.journal))
