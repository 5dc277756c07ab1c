"""The acts that a key, the palette or a menu begins: a new one is one file, and one line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from backends.acts.safe_order import Way
from tui.acts.asking import WHY, Asking
from tui.acts.balancing import BALANCE, Balancing
from tui.acts.checking import CHECKLIST, Checking
from tui.acts.clearing import CLEAR, Clearing
from tui.acts.evacuating import EVACUATE, Evacuating
from tui.acts.examining import EXAMINE
from tui.acts.helping import DOWNTIME, SPEED, Helping
from tui.acts.moving import PICK_UP
from tui.acts.offer import Act, Offer
from tui.acts.rescuing import ABORT, GUARD, Rescuing
from tui.acts.returning import BRING_BACK, Returning
from tui.given import Given
from tui.proposals.helping import of_downtime, of_speed
from tui.proposals.rescue import way_out


class Listed(NamedTuple):
    offer: Offer
    make: Callable[[Given], Act]


ACTS = (
    Listed(ABORT, lambda g: Rescuing(g.desk, way_out)),
    Listed(EVACUATE, lambda g: Evacuating(g.desk, doctor=g.doctor, queue=g.queue)),
    Listed(GUARD, lambda g: Rescuing(g.desk, lambda _vm: Way.GUARD)),
    Listed(DOWNTIME, lambda g: Helping(g.desk, "Allow more downtime for {0}", of_downtime,
                                       copies=g.copies)),
    Listed(SPEED, lambda g: Helping(g.desk, "Copy {0} faster", of_speed, copies=g.copies)),
    Listed(BRING_BACK, lambda g: Returning(g.desk, doctor=g.doctor, queue=g.queue)),
    Listed(BALANCE, lambda g: Balancing(g.desk, doctor=g.doctor, queue=g.queue)),
    Listed(EXAMINE, lambda g: g.doctor),
    Listed(PICK_UP, lambda g: g.moving),
    Listed(CHECKLIST, lambda g: Checking(g.desk, g.checklist)),
    Listed(CLEAR, lambda g: Clearing(g.desk)),
    Listed(WHY, lambda g: Asking(g.desk, g.hindsight)),
)  # fmt: skip

OFFERS = {offer.name: offer for offer, _ in ACTS}
