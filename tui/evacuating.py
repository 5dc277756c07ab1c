"""Whole nodes: emptied, taken back, their VMs brought home; and the nodes evened."""

from __future__ import annotations

from textual import work

from backends.acts.evacuation import Evacuation
from backends.acts.evacuation_plan import objection, plan_evacuation
from backends.acts.homecoming import bring_back, foresee_back, homeward
from backends.acts.tuning import protections
from backends.data.errors import VmferryError
from backends.data.picture import NodeState
from backends.judgement.balance import proposals
from backends.judgement.leaving import EvacuationPlan, EvacuationWay, on_node
from tui.messages import Doing, Proposed, Trouble
from tui.proposal import Proposal, refused
from tui.proposals.evacuate import of_evacuation, variants
from tui.proposals.home import of_balance, of_homecoming, of_return
from tui.rescuing import RescuingScreen


class EvacuatingScreen(RescuingScreen):
    """Acts on the selected node, and on all of them."""

    def action_evacuate(self) -> None:
        """Offer to empty the selected node."""
        node = self.selected_node()
        if node is not None:
            self._propose_evacuation(node)

    def _propose_evacuation(self, node: str) -> None:
        async def make(variant: int) -> Proposal:
            reason = objection(self.backend.picture, node) or self.queue_objection(alone=True)
            if reason is not None:
                return refused(reason)
            ways = variants(protectable=bool(protections(on_node(self.backend.picture, node))))
            way, protect = ways[variant % len(ways)]
            plan = await plan_evacuation(self.backend, node, self.report, protect=protect)
            return of_evacuation(plan, way, ways, self._evacuate)

        self.propose(f"Evacuate {node}", make)

    def _evacuate(self, plan: EvacuationPlan, way: EvacuationWay, allow_reboot: bool) -> None:
        if reason := self.queue_objection(alone=True):
            self.tell(reason)
            return
        try:
            act = Evacuation(
                self.backend,
                plan,
                way,
                self.journal,
                allow_reboot=allow_reboot,
                advised=self.advised,
            )
        except VmferryError as error:
            self.post_message(Trouble("not evacuated", error))
            return
        vms = tuple(leaving.vm for leaving in plan.vms)
        doing = Doing(vms, f"evacuating {plan.node}", f"{plan.node} was not evacuated", True)
        self.carry_out(doing, act.run())
        if act.queue is not None and plan.moves:
            self.watch_queue(act.queue)

    def action_bring_back(self) -> None:
        """Offer to end the standby of the selected node."""
        node = self.selected_node()
        if node is not None:
            self._propose_return(node)

    def _propose_return(self, name: str) -> None:
        async def make(_variant: int) -> Proposal:
            if reason := self.queue_objection(alone=True):
                return refused(reason)
            picture = self.backend.picture
            node = picture.node(name)
            if node is None or not node.standby:
                state = (node.state if node is not None else NodeState.OFFLINE).value
                return refused(f"{name} is not in standby: it is {state}")
            flying = [m.vm for m in picture.migrations if name in (m.source, m.target)]
            if flying:
                return refused(f"{', '.join(flying)} is being migrated from or to it")
            foreseen = await foresee_back(self.backend, name)
            return of_return(picture, name, foreseen, lambda stopped: self._return(name, stopped))

        self.propose(f"Take {name} back", make)

    def _return(self, node: str, confirmed: tuple[str, ...]) -> None:
        doing = Doing(
            confirmed, f"ending the standby of {node}", f"{node} was not taken back", True
        )
        reports = bring_back(self.backend, node, self.journal, confirmed=confirmed)
        self.carry_out(doing, reports, lambda: self._look_homeward(node))

    @work(group="homeward", exit_on_error=False)
    async def _look_homeward(self, node: str) -> None:
        try:
            moves = await homeward(self.backend, node, self.journal, self.report)
        except VmferryError as error:
            self.post_message(Trouble("who was there before is not known", error))
            return
        if moves:
            proposal = of_homecoming(self.backend.picture, node, moves, self.enqueue)
            self.post_message(Proposed(f"Bring the VMs of {node} home", proposal))

    def action_balance(self) -> None:
        """Offer the few live moves that even the nodes."""

        async def make(_variant: int) -> Proposal:
            if reason := self.queue_objection():
                return refused(reason)
            picture = self.backend.picture
            proposed = proposals(picture)
            verdicts = {
                move.vm: self.advised(
                    (await self.backend.preview([move.vm], [move.node]))[move.node]
                )
                for move in proposed
            }
            return of_balance(picture, proposed, verdicts, self.enqueue)

        self.propose("Balance the nodes", make)
