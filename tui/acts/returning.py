"""A node that is to be taken back, and the VMs that were on it before."""

from __future__ import annotations

from functools import partial

from backends.acts.homecoming import bring_back, foresee_back, homeward
from backends.data.errors import VmferryError
from backends.data.picture import Cluster, NodeState
from tui.acts.desk import NO_NODE, Desk
from tui.acts.examining import Examining
from tui.acts.offer import About, Offer
from tui.acts.queueing import Queueing
from tui.messages import Doing, Proposed, Trouble
from tui.proposal import Proposal, refused
from tui.proposals.home import of_homecoming, of_return
from widgets.selection import Selection

BRING_BACK = Offer(
    "bring_back",
    "Take back",
    "End the standby of the selected node, and bring its VMs home",
    About.NODE,
    key="b",
    show=True,
    listed="Take node {0} back",
    help="End its standby",
)


class Returning:
    """Ends a standby, then offers to bring the VMs home."""

    def __init__(self, desk: Desk, *, doctor: Examining, queue: Queueing) -> None:
        self._desk = desk
        self._doctor = doctor
        self._queue = queue

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        node = picture.node(chosen.node) if chosen.node is not None else None
        return node is not None and node.standby

    def objection(self, chosen: Selection) -> str | None:
        return NO_NODE if chosen.node is None else self._why_not(chosen.node)

    def begin(self, chosen: Selection) -> None:
        node = self._desk.node(chosen)
        if node is not None:
            self._propose(node)

    def _why_not(self, name: str) -> str | None:
        if reason := self._queue.objection(alone=True):
            return reason
        picture = self._desk.backend.picture
        node = picture.node(name)
        if node is None or not node.standby:
            state = (node.state if node is not None else NodeState.OFFLINE).value
            return f"{name} is not in standby: it is {state}"
        flying = [m.vm for m in picture.migrations if name in (m.source, m.target)]
        return f"{', '.join(flying)} is being migrated from or to it" if flying else None

    def _propose(self, name: str) -> None:
        async def make(_variant: int) -> Proposal:
            if reason := self._why_not(name):
                return refused(reason)
            picture = self._desk.backend.picture
            foreseen = await foresee_back(self._desk.backend, name)
            return of_return(picture, name, foreseen, lambda stopped: self._return(name, stopped))

        self._desk.propose(f"Take {name} back", make)

    def _return(self, node: str, confirmed: tuple[str, ...]) -> None:
        doing = Doing(
            confirmed, f"ending the standby of {node}", f"{node} was not taken back", True
        )
        reports = bring_back(self._desk.backend, node, self._desk.journal, confirmed=confirmed)
        self._desk.carry_out(doing, reports, lambda: self._look_homeward(node))

    def _look_homeward(self, node: str) -> None:
        self._desk.glass.work("homeward", partial(self._propose_homecoming, node))

    async def _propose_homecoming(self, node: str) -> None:
        try:
            moves = await homeward(
                self._desk.backend, node, self._desk.journal, self._doctor.report
            )
        except VmferryError as error:
            self._desk.glass.post(Trouble("who was there before is not known", error))
            return
        if moves:
            proposal = of_homecoming(self._desk.backend.picture, node, moves, self._queue.enqueue)
            self._desk.glass.post(Proposed(f"Bring the VMs of {node} home", proposal))
