"""A migration in trouble: said early, and what helps is one key and one Enter away."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backends.acts.journal import Journal
from backends.acts.rescue import rescue, way_now
from backends.acts.safe_order import Way
from backends.acts.tuning import tune
from backends.clusters.base import Backend
from backends.data.picture import VM, Cluster, Migration
from backends.data.plan import Command
from backends.data.timeline import Severity
from backends.judgement.changes import Event
from backends.judgement.outlook import Chance, Course, Outlook
from tui.messages import Doing
from tui.moving import MovingScreen
from tui.proposal import Proposal
from tui.proposals.helping import of_downtime, of_speed
from tui.proposals.rescue import TITLES, of_rescue, way_out
from widgets.bars import literal


class RescuingScreen(MovingScreen):
    """Watches how the copies get on, and offers to abort, to guard, to recover, to help."""

    def __init__(self, backend: Backend, journal: Journal) -> None:
        super().__init__(backend, journal)
        self._courses: dict[str, Course] = {}
        self._told: frozenset[str] = frozenset()

    @property
    def outlooks(self) -> dict[str, Outlook]:
        """What is to be expected of every copy under way."""
        return {vm: course.outlook for vm, course in self._courses.items()}

    def follow_copies(self, picture: Cluster) -> Iterator[Event]:
        """Take one more picture of them; yields what is bad, once a migration."""
        known = self._courses
        self._courses = {
            migration.vm: known.get(migration.vm, Course()).after(migration)
            for migration in picture.migrations
        }
        self._told &= self._courses.keys()
        for vm, outlook in self.outlooks.items():
            if outlook.bad and vm not in self._told:
                self._told |= {vm}
                self._warn(vm, outlook)
                kind = "stalled" if outlook.chance is Chance.STALLED else "late"
                yield Event(picture.taken_at, kind, Severity.WARNING, outlook.text, vm)

    def _warn(self, vm: str, outlook: Outlook) -> None:
        known = self.backend.picture.vm(vm)
        blocked = known is not None and (known.migrate_to_on_fail == "block" or known.maintenance)
        end = "the guest then stays where it is" if blocked else "the guest is then rebooted"
        text = f"{outlook.text}; {end}. On its card: D downtime, S speed, g guard, a abort."
        self.notify(
            literal(text), title=f"{outlook.chance.value}: {literal(vm)}", severity="warning",
            timeout=20, markup=False,
        )  # fmt: skip

    def action_abort(self) -> None:
        """Offer the safe way out for the selected VM: abort, or recover."""
        vm = self.selected_vm()
        if vm is not None:
            self._propose_rescue(vm, way_out(vm))

    def action_guard(self) -> None:
        """Offer to keep Pacemaker's hands off the selected VM until its copy has ended."""
        vm = self.selected_vm()
        if vm is not None:
            self._propose_rescue(vm, Way.GUARD)

    def _propose_rescue(self, vm: VM, way: Way) -> None:
        async def make(_variant: int) -> Proposal:
            now = self.backend.picture.vm(vm.id) or vm
            kind = way_now(self.journal, self.backend.picture.name, now, way)
            return of_rescue(self.backend, now, kind, lambda: self._rescue(vm.id, way))

        self.propose(TITLES[way].format(vm.id), make)

    def _rescue(self, vm: str, way: Way) -> None:
        what = TITLES[way].format(vm)
        doing = Doing((vm,), f"{what[:1].lower()}{what[1:]}", f"{what}: not done as it should be")
        self.supersede(vm)
        self.carry_out(doing, rescue(self.backend, vm, way, self.journal))

    def action_downtime(self) -> None:
        """Offer to let the guest stand still for longer, so that its copy ends."""

        def offer(vm: VM, variant: int) -> Proposal:
            migration, course = self._copy_of(vm)
            return of_downtime(vm, migration, course, variant, lambda c: self._help(vm.id, c))

        self._propose_help("Allow more downtime for {0}", offer)

    def action_speed(self) -> None:
        """Offer to let the copy run faster."""

        def offer(vm: VM, _variant: int) -> Proposal:
            migration, course = self._copy_of(vm)
            return of_speed(vm, migration, course, lambda c: self._help(vm.id, c))

        self._propose_help("Copy {0} faster", offer)

    def _copy_of(self, vm: VM) -> tuple[Migration | None, Course]:
        return self.backend.picture.migration(vm.id), self._courses.get(vm.id, Course())

    def _propose_help(self, title: str, offer: Callable[[VM, int], Proposal]) -> None:
        selected = self.selected_vm()
        if selected is None:
            return

        async def make(variant: int) -> Proposal:
            return offer(self.backend.picture.vm(selected.id) or selected, variant)

        self.propose(title.format(selected.id), make)

    def _help(self, vm: str, command: Command) -> None:
        doing = Doing((vm,), command.purpose, f"{vm}: its copy was not helped")
        self.carry_out(doing, tune(self.backend, vm, command))
