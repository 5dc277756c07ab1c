"""A copy that will not arrive in time: helped, by more downtime or by more speed."""

from __future__ import annotations

from collections.abc import Callable

from backends.acts.tuning import tune
from backends.data.picture import VM, Cluster, Migration
from backends.data.plan import Command
from backends.judgement.outlook import Course
from tui.acts.desk import NO_VM, Desk
from tui.acts.offer import About, Offer
from tui.copies import Copies
from tui.messages import Doing
from tui.proposal import Proposal
from widgets.selection import Selection

DOWNTIME = Offer(
    "downtime",
    "Downtime",
    "Allow the migrating guest to stand still for longer",
    About.VM,
    key="D",
    urgent=True,
)
SPEED = Offer(
    "speed",
    "Speed",
    "Let the copy of the selected VM run faster",
    About.VM,
    key="S",
    urgent=True,
)

Help = Callable[[VM, Migration | None, Course, int, Callable[[Command], None]], Proposal]
"""Makes the proposal in one of its variants, out of what is known of the copy."""


class Helping:
    """`title` takes the VM's name."""

    def __init__(self, desk: Desk, title: str, offer: Help, *, copies: Copies) -> None:
        self._desk = desk
        self._title = title
        self._offer = offer
        self._copies = copies

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return chosen.vm is not None and picture.migration(chosen.vm) is not None

    def objection(self, chosen: Selection) -> str | None:
        if self._desk.known_vm(chosen) is None:
            return NO_VM
        flying = self.suits(self._desk.backend.picture, chosen)
        return None if flying else f"{chosen.vm} is not being migrated"

    def begin(self, chosen: Selection) -> None:
        selected = self._desk.vm(chosen)
        if selected is None:
            return
        known = selected

        async def make(variant: int) -> Proposal:
            picture = self._desk.backend.picture
            vm = picture.vm(known.id) or known
            migration, course = picture.migration(vm.id), self._copies.course(vm.id)
            return self._offer(vm, migration, course, variant, lambda c: self._help(vm.id, c))

        self._desk.propose(self._title.format(known.id), make)

    def _help(self, vm: str, command: Command) -> None:
        doing = Doing((vm,), command.purpose, f"{vm}: its copy was not helped")
        self._desk.carry_out(doing, tune(self._desk.backend, vm, command))
