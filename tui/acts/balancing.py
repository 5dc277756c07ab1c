"""Nodes of unequal load: evened by a few live moves."""

from __future__ import annotations

from backends.data.picture import Cluster
from backends.judgement.balance import proposals
from tui.acts.desk import Desk
from tui.acts.examining import Examining
from tui.acts.offer import About, Offer
from tui.acts.queueing import Queueing
from tui.proposal import Proposal, refused
from tui.proposals.home import of_balance
from widgets.selection import Selection

BALANCE = Offer(
    "balance",
    "Balance",
    "Propose a few live moves that even the nodes",
    About.CLUSTER,
    key="B",
    listed="Balance the nodes",
    help="Propose a few live moves",
)


class Balancing:
    """Evens the nodes, as far as the scheduler says that it is live."""

    def __init__(self, desk: Desk, *, doctor: Examining, queue: Queueing) -> None:
        self._desk = desk
        self._doctor = doctor
        self._queue = queue

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return True

    def objection(self, chosen: Selection) -> str | None:
        return self._queue.objection()

    def begin(self, chosen: Selection) -> None:
        async def make(_variant: int) -> Proposal:
            if reason := self.objection(chosen):
                return refused(reason)
            picture = self._desk.backend.picture
            proposed = proposals(picture)
            verdicts = {
                move.vm: self._doctor.advised(
                    (await self._desk.backend.preview([move.vm], [move.node]))[move.node]
                )
                for move in proposed
            }
            return of_balance(picture, proposed, verdicts, self._queue.enqueue)

        self._desk.propose("Balance the nodes", make)
