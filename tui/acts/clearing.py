"""Leftover constraints of a VM: removed, once it is shown what moves without them."""

from __future__ import annotations

from collections.abc import Sequence

from backends.acts.migration import clear
from backends.acts.planning import foresee_beside
from backends.data import commands
from backends.data.picture import VM, Cluster
from backends.data.plan import Action
from tui.acts.desk import NO_VM, Desk
from tui.acts.offer import About, Offer
from tui.messages import Doing
from tui.proposal import Proposal
from tui.proposals.clear import of_clear
from widgets.selection import Selection

CLEAR = Offer(
    "clear",
    "Clear constraints",
    "Remove the constraints that moves left; first it shows what moves then",
    About.VM,
    key="c",
)


class Clearing:
    """Clears up behind moves, one's own and others'."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        vm = picture.vm(chosen.vm) if chosen.vm is not None else None
        return vm is not None and bool(vm.constraints)

    def objection(self, chosen: Selection) -> str | None:
        vm = self._desk.known_vm(chosen)
        if vm is None:
            return NO_VM
        return None if vm.constraints else f"No move has left a constraint on {vm.id}."

    def begin(self, chosen: Selection) -> None:
        vm = self._desk.vm(chosen)
        if vm is None:
            return
        if reason := self.objection(chosen):
            self._desk.glass.say(reason)
        else:
            self._propose(vm)

    def _propose(self, selected: VM) -> None:
        backend = self._desk.backend

        async def make(_variant: int) -> Proposal:
            picture = backend.picture
            vm = picture.vm(selected.id) or selected
            foreseen = (
                ()
                if picture.migration(vm.id)
                else await foresee_beside(backend, [commands.clear(vm.id)])
            )
            return of_clear(picture, vm, foreseen, lambda: self._clear(vm.id, foreseen))

        self._desk.propose(f"Remove the leftover constraints of {selected.id}", make)

    def _clear(self, vm: str, shown: Sequence[Action]) -> None:
        what = f"removing the constraints of {vm}"
        doing = Doing((vm,), what, f"The constraints of {vm} were not removed")
        reports = clear(self._desk.backend, vm, self._desk.journal, shown=shown)
        self._desk.carry_out(doing, reports)
