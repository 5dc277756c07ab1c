"""From picked-up VMs to a confirmed plan: verdicts, the doctor's word on them, the move."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import replace
from functools import partial
from itertools import chain, repeat
from typing import Protocol

from backends.acts.tuning import protected, protections
from backends.data.errors import VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Plan, Verdict
from backends.doctor.advice import advise_plan
from backends.judgement.balance import best_target
from backends.judgement.judge import make_plan
from backends.judgement.moves import confirmed
from backends.judgement.policy import dropped
from tui.acts.desk import NO_VM, Desk, names
from tui.acts.examining import Examining
from tui.acts.offer import About, Offer
from tui.acts.queueing import Queueing
from tui.messages import Trouble, VerdictsGiven
from tui.proposal import Proposal
from tui.proposals.move import Way, of_plan, ways
from widgets.selection import Selection

PICK_UP = Offer(
    "pick_up",
    "Pick up",
    "Pick the VM up, to drop it on another node",
    About.VM,
    listed="Pick up VM {0}",
    help="Then choose the node to move it to",
)
"""Its key is the board's own: only there is something to drop it on."""
NODES_A_QUESTION = (2, 4, 8)
"""How many nodes the first question is about, the second, and all others: of a large cluster the
columns in sight have their verdicts long before the last, the first two almost at once."""
_GROUP = "preview"


class Hand(Protocol):
    """What VMs are carried with; the board has one."""

    def pick_up(self, vms: Iterable[str]) -> None: ...

    def in_sight(self) -> Iterable[str]:
        """The nodes that are seen beside it: they are asked first."""

    def show_verdicts(self, verdicts: Mapping[str, Verdict], best: str | None = None) -> None: ...


class Moving:
    """Says what each node makes of the VMs in the hand, and carries out what is dropped."""

    def __init__(self, desk: Desk, *, hand: Hand, doctor: Examining, queue: Queueing) -> None:
        self._desk = desk
        self._hand = hand
        self._doctor = doctor
        self._queue = queue
        self._given: VerdictsGiven | None = None
        """What the scheduler says of the VMs in hand."""

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return True

    def objection(self, chosen: Selection) -> str | None:
        return None if self._desk.known_vm(chosen) is not None else NO_VM

    def begin(self, chosen: Selection) -> None:
        vm = self._desk.vm(chosen)
        if vm is not None:
            self._hand.pick_up((vm.id,))

    def picked_up(self, vms: tuple[str, ...]) -> None:
        """Ask the scheduler, and where its report is old, the doctor."""
        self._given = None
        self._desk.glass.work(_GROUP, partial(self._preview, vms), exclusive=True)
        self._doctor.examine_when_old()

    def put_back(self) -> None:
        """Nobody waits for verdicts any more."""
        self._desk.glass.drop(_GROUP)
        self._given = None

    async def _preview(self, vms: tuple[str, ...]) -> None:
        names = {node.name: None for node in self._desk.backend.picture.nodes}
        first = [name for name in self._hand.in_sight() if name in names]
        waiting = list(dict.fromkeys([*first, *names]))
        sizes = chain(NODES_A_QUESTION, repeat(NODES_A_QUESTION[-1]))
        verdicts: dict[str, Verdict] = {}
        try:
            while waiting:
                size = next(sizes)
                asked, waiting = waiting[:size], waiting[size:]
                verdicts |= await self._desk.backend.preview(vms, asked)
                self._desk.glass.post(VerdictsGiven(vms, dict(verdicts)))
        except VmferryError as error:
            self._desk.glass.post(Trouble("no verdicts", error))

    def verdicts_given(self, event: VerdictsGiven) -> None:
        self._given = event
        self.show_verdicts()

    def show_verdicts(self) -> None:
        """Those of the VMs in hand, with the doctor's word on them."""
        given, picture = self._given, self._desk.backend.picture
        if given is None:
            return
        verdicts = {node: self._doctor.advised(each) for node, each in given.verdicts.items()}
        complete = verdicts.keys() >= {node.name for node in picture.nodes}
        self._hand.show_verdicts(verdicts, best_target(picture, verdicts) if complete else None)

    def dropped(self, vms: tuple[str, ...], node: str) -> None:
        """Propose the move."""
        self.put_back()
        backend = self._desk.backend

        async def make(variant: int) -> Proposal:
            plan = await backend.plan(vms, node)
            picture = backend.picture
            moving = [vm for vm in map(picture.vm, vms) if vm is not None]
            offered = ways(
                plan,
                protectable=bool(protections(moving)),
                # Whoever has nothing of his own to keep would be left with what nobody meant.
                keepable=all(dropped(vm, node) for vm in moving),
            )
            way = offered[variant % len(offered)]
            if way.keep:
                plan = await backend.plan(vms, node, keep=True)
            if way.protect:
                picture = protected(picture, vms)
                plan = make_plan(picture, plan.verdict, keep=way.keep)
            if self._doctor.report is not None:
                plan = advise_plan(picture, plan, self._doctor.report, time.time())
            return of_plan(plan, protections(moving), way, offered, self._move)

        self._desk.propose(f"Move {names(vms)} to {node}", make)

    def _move(self, plan: Plan, way: Way) -> None:
        moves = confirmed(plan.verdict)
        self._queue.enqueue([replace(m, protect=way.protect, keep=way.keep) for m in moves])
