"""From picked-up VMs to their proven end: verdicts, the plan, the move, and the clearing."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import chain, repeat

from textual import on, work

from backends.acts.migration import clear
from backends.acts.planning import foresee_beside
from backends.acts.tuning import protected, protections
from backends.data import commands
from backends.data.errors import VmferryError
from backends.data.picture import VM
from backends.data.plan import Action, Plan, Verdict
from backends.doctor.advice import advise_plan
from backends.judgement.balance import best_target
from backends.judgement.judge import make_plan
from backends.judgement.moves import confirmed
from tui.acting import names
from tui.messages import Doing, ExaminationChanged, Trouble, VerdictsGiven
from tui.proposal import Proposal
from tui.proposals.clear import of_clear
from tui.proposals.move import of_plan
from tui.queueing import QueueingScreen
from widgets.bars import literal
from widgets.board import Board

NODES_A_QUESTION = (2, 4, 8)
"""How many nodes the first question is about, the second, and all others: of a large cluster the
columns in sight have their verdicts long before the last, the first two almost at once."""


class MovingScreen(QueueingScreen):
    """Picks VMs up, drops them, and clears up behind moves."""

    _given: VerdictsGiven | None = None
    """What the scheduler says of the VMs in hand."""

    @on(Board.PickedUp)
    def _picked_up(self, event: Board.PickedUp) -> None:
        self._given = None
        self._preview(event.vms)
        self.examine_when_old()

    def examine_when_old(self) -> None:
        """Let the doctor look again where what it found is out of date."""

    @on(Board.Unmovable)
    def _unmovable(self, event: Board.Unmovable) -> None:
        self.tell(event.reason)

    @on(Board.PutBack)
    def _put_back(self) -> None:
        self.workers.cancel_group(self, "preview")
        self._given = None

    @work(group="preview", exclusive=True, exit_on_error=False)
    async def _preview(self, vms: tuple[str, ...]) -> None:
        names = {node.name: None for node in self.backend.picture.nodes}
        first = [name for name in self.board.sight.nodes() if name in names]
        waiting = list(dict.fromkeys([*first, *names]))
        sizes = chain(NODES_A_QUESTION, repeat(NODES_A_QUESTION[-1]))
        verdicts: dict[str, Verdict] = {}
        try:
            while waiting:
                size = next(sizes)
                asked, waiting = waiting[:size], waiting[size:]
                verdicts |= await self.backend.preview(vms, asked)
                self.post_message(VerdictsGiven(vms, dict(verdicts)))
        except VmferryError as error:
            self.post_message(Trouble("no verdicts", error))

    @on(VerdictsGiven)
    def _verdicts_given(self, event: VerdictsGiven) -> None:
        self._given = event
        self._show_verdicts()

    @on(ExaminationChanged)
    def _show_verdicts(self) -> None:
        """Those of the VMs in hand, with the doctor's word on them."""
        given, picture = self._given, self.backend.picture
        if given is None:
            return
        verdicts = {node: self.advised(each) for node, each in given.verdicts.items()}
        complete = verdicts.keys() >= {node.name for node in picture.nodes}
        self.board.show_verdicts(verdicts, best_target(picture, verdicts) if complete else None)

    @on(Board.Dropped)
    def _dropped(self, event: Board.Dropped) -> None:
        self.workers.cancel_group(self, "preview")
        self._given = None
        vms, node = event.vms, event.node

        async def make(variant: int) -> Proposal:
            plan = await self.backend.plan(vms, node)
            picture = self.backend.picture
            moving = [vm for vm in map(picture.vm, vms) if vm is not None]
            if variant:
                picture = protected(picture, vms)
                plan = make_plan(picture, plan.verdict)
            if self.report is not None:
                plan = advise_plan(picture, plan, self.report, time.time())
            return of_plan(plan, protections(moving), self._move, protected=bool(variant))

        self.propose(f"Move {names(vms)} to {node}", make)

    def _move(self, plan: Plan, protected: bool) -> None:
        self.enqueue([replace(move, protect=protected) for move in confirmed(plan.verdict)])

    def action_clear(self) -> None:
        """Offer to remove the leftover constraints of the selected VM."""
        vm = self.selected_vm()
        if vm is not None and not vm.constraints:
            self.notify(f"No move has left a constraint on {literal(vm.id)}.", markup=False)
        elif vm is not None:
            self._propose_clear(vm)

    def _propose_clear(self, selected: VM) -> None:
        async def make(_variant: int) -> Proposal:
            picture = self.backend.picture
            vm = picture.vm(selected.id) or selected
            foreseen = (
                ()
                if picture.migration(vm.id)
                else await foresee_beside(self.backend, [commands.clear(vm.id)])
            )
            return of_clear(picture, vm, foreseen, lambda: self._clear(vm.id, foreseen))

        self.propose(f"Remove the leftover constraints of {selected.id}", make)

    def _clear(self, vm: str, shown: Sequence[Action]) -> None:
        what = f"removing the constraints of {vm}"
        doing = Doing((vm,), what, f"The constraints of {vm} were not removed")
        self.carry_out(doing, clear(self.backend, vm, self.journal, shown=shown))
