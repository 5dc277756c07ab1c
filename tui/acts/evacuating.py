"""A node that is to be emptied: the plan, in the way that the operator chooses."""

from __future__ import annotations

from backends.acts.evacuation import Evacuation
from backends.acts.evacuation_plan import objection, plan_evacuation
from backends.acts.tuning import protections
from backends.data.errors import VmferryError
from backends.data.picture import Cluster
from backends.judgement.leaving import EvacuationPlan, EvacuationWay, on_node
from tui.acts.desk import NO_NODE, Desk
from tui.acts.examining import Examining
from tui.acts.offer import About, Offer
from tui.acts.queueing import Queueing
from tui.messages import Doing, Trouble
from tui.proposal import Proposal, refused
from tui.proposals.evacuate import of_evacuation, variants
from widgets.selection import Selection

EVACUATE = Offer(
    "evacuate",
    "Evacuate",
    "Empty the selected node, and put it into standby",
    About.NODE,
    key="e",
    show=True,
    listed="Evacuate node {0}",
    help="Empty it, then standby",
)


class Evacuating:
    """Empties a node."""

    def __init__(self, desk: Desk, *, doctor: Examining, queue: Queueing) -> None:
        self._desk = desk
        self._doctor = doctor
        self._queue = queue

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        node = picture.node(chosen.node) if chosen.node is not None else None
        return node is not None and not node.standby

    def objection(self, chosen: Selection) -> str | None:
        return NO_NODE if chosen.node is None else self._why_not(chosen.node)

    def begin(self, chosen: Selection) -> None:
        node = self._desk.node(chosen)
        if node is not None:
            self._propose(node)

    def _why_not(self, node: str) -> str | None:
        return objection(self._desk.backend.picture, node) or self._queue.objection(alone=True)

    def _propose(self, node: str) -> None:
        async def make(variant: int) -> Proposal:
            if reason := self._why_not(node):
                return refused(reason)
            ways = variants(
                protectable=bool(protections(on_node(self._desk.backend.picture, node)))
            )
            way, protect = ways[variant % len(ways)]
            plan = await plan_evacuation(
                self._desk.backend, node, self._doctor.report, protect=protect
            )
            return of_evacuation(plan, way, ways, self._evacuate)

        self._desk.propose(f"Evacuate {node}", make)

    def _evacuate(self, plan: EvacuationPlan, way: EvacuationWay, allow_reboot: bool) -> None:
        if reason := self._queue.objection(alone=True):
            self._desk.tell(reason)
            return
        try:
            act = Evacuation(
                self._desk.backend,
                plan,
                way,
                self._desk.journal,
                allow_reboot=allow_reboot,
                advised=self._doctor.advised,
            )
        except VmferryError as error:
            self._desk.glass.post(Trouble("not evacuated", error))
            return
        vms = tuple(leaving.vm for leaving in plan.vms)
        doing = Doing(vms, f"evacuating {plan.node}", f"{plan.node} was not evacuated", True)
        self._desk.carry_out(doing, act.run())
        if act.queue is not None and plan.moves:
            self._queue.watch(act.queue)
