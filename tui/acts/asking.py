"""Why a VM or a node is as it is, and what has happened to it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from backends.data.errors import VmferryError
from backends.data.picture import Cluster
from backends.data.why import Whereabouts, Why
from backends.judgement import whereabouts
from backends.past.inputs import Input
from backends.past.record import Record
from backends.past.whys import Meant, why
from tui.acts.desk import Desk
from tui.acts.offer import About, Offer
from tui.hindsight import Hindsight
from tui.messages import Explained
from widgets.selection import Selection

WHY = Offer(
    "why",
    "Why",
    "Why it is where it is or does not run, what happened to it, and what would have saved it",
    About.EITHER,
    key="w",
)
GROUP = "why"
AFTER_S = 900.0
"""Of the past: what a moment led to is told with it."""
BEFORE_S = 1800.0
"""The causes of what was just seen lie before it."""
_CLUSTER = "the cluster"
_NOTHING = "Select a VM or a node first."


class Asking:
    """Asks the scheduler for its scores, and the record for causes; nothing is changed."""

    def __init__(self, desk: Desk, hindsight: Hindsight) -> None:
        self._desk = desk
        self._hindsight = hindsight

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return True

    def objection(self, chosen: Selection) -> str | None:
        return None if chosen.vm or chosen.node or chosen.happening else _NOTHING

    def begin(self, chosen: Selection) -> None:
        subject = chosen.vm or chosen.node or (_CLUSTER if chosen.happening else None)
        if subject is None:
            self._desk.tell(_NOTHING)
            return
        meant = Meant(*chosen.happening) if chosen.happening is not None else None
        self._desk.glass.work(GROUP, partial(self._ask, subject, meant), exclusive=True)

    async def _ask(self, subject: str, meant: Meant | None) -> None:
        now, past = await self._now(subject), await self._past(subject, meant)
        self._desk.glass.post(Explained(subject, now, past))

    async def _now(self, subject: str) -> Whereabouts | None:
        picture = self._desk.backend.picture
        vm, node = picture.vm(subject), picture.node(subject)
        if vm is None:
            return whereabouts.of_node(picture, node) if node is not None else None
        try:
            scores = await self._desk.backend.scores()
        except VmferryError:
            return whereabouts.of_vm(picture, vm, None)
        return whereabouts.of_vm(picture, vm, scores.get(vm.id))

    async def _past(self, subject: str, meant: Meant | None) -> Why | None:
        record, then = self._hindsight.record, self._desk.backend.picture.then
        if record is None:
            return None
        known = self._hindsight.inputs
        if meant is not None and then is None and (not known or meant.at > known[-1].at):
            known = await _recorded_since(record, meant.at - BEFORE_S)
        inputs = [each for each in known if then is None or each.at <= then.at + AFTER_S]
        return await why(record, subject, inputs, meant) if inputs else None


async def _recorded_since(record: Record, began: float) -> Sequence[Input]:
    """What happened after the board was opened was recorded since."""
    try:
        await record.ready()
        return await record.span(began)
    except VmferryError:
        return ()
