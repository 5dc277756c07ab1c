"""What is wrong with what is shown: all that is known, judged once for every view."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from backends.acts.prospects import by_verdicts, prospects
from backends.data.errors import VmferryError
from backends.data.picture import CibVersion, Cluster
from backends.judgement.health import Judged, Known, Problem
from backends.judgement.problems import Judge
from backends.judgement.prospect import Prospect
from tui.acts.desk import Desk
from tui.acts.examining import Examining
from tui.acts.queueing import Queueing
from tui.chronicle import Chronicle
from tui.copies import Copies
from tui.messages import ProspectsKnown, Trouble, VerdictsGiven

GROUP = "prospects"
REST_FACTOR = 20.0
"""After a round that took t the next begins t times this later: the scheduler is spared."""


class Judging:
    """Judges every picture, and has the scheduler asked how each VM could leave its node."""

    def __init__(
        self,
        desk: Desk,
        *,
        doctor: Examining,
        queue: Queueing,
        copies: Copies,
        chronicle: Chronicle,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._desk = desk
        self._doctor = doctor
        self._queue = queue
        self._copies = copies
        self._chronicle = chronicle
        self._monotonic = monotonic
        self._prospects: Mapping[str, Prospect] = {}
        self._asked: CibVersion | None = None
        """Of the configuration that the prospects are of."""
        self._asking = False
        self._next_at = 0.0
        self._judge = Judge()
        self.judged = Judged()
        self._problem: Problem | None = None
        """The one that was gone to last."""

    def judge(self, picture: Cluster) -> None:
        """Take what is known now of this picture."""
        known = Known(
            self._doctor.report,
            self._prospects,
            self._copies.outlooks,
            self._queue.state,
            self._chronicle.alarms,
        )
        health = self._judge.judge(picture, known)
        judged = Judged(health, known.prospects, known.outlooks, known.report)
        if judged != self.judged:  # the same to views, too: they draw what is another
            self.judged = judged

    def follow(self, picture: Cluster) -> None:
        """Ask again where the configuration is another one, and the scheduler was spared."""
        now, asked = picture.version, self._asked
        if now is None or self._doctor.report is None:
            return
        if asked is None or (asked.admin_epoch, asked.epoch) != (now.admin_epoch, now.epoch):
            self.ask()

    def ask(self, *, at_once: bool = False) -> None:
        """Ask how each VM could leave; `at_once`: the doctor knows something new."""
        if self._asking or (not at_once and self._monotonic() < self._next_at):
            return
        self._asking = True
        self._desk.glass.work(GROUP, self._ask)

    async def _ask(self) -> None:
        began, backend, report = self._monotonic(), self._desk.backend, self._doctor.report
        version = backend.picture.version
        try:
            found = await prospects(backend, report) if report is not None else {}
        except VmferryError as error:
            self._desk.glass.post(Trouble("not known who can move live", error))
            found = self._prospects
        finally:
            self._asking = False
            self._next_at = self._monotonic() + REST_FACTOR * (self._monotonic() - began)
        self._desk.glass.post(ProspectsKnown(found, version))

    def step(self, step: int) -> tuple[Problem, str] | None:
        """Go on to the next thing that is wrong, or the one before; the how-manyth it is."""
        urgent = self.judged.health.urgent
        if not urgent:
            return None
        known = [problem == self._problem for problem in urgent]
        at = (known.index(True) + step if any(known) else 0) % len(urgent)
        self._problem = urgent[at]
        return urgent[at], f"Problem {at + 1} of {len(urgent)}"

    def known(self, event: ProspectsKnown) -> None:
        """Take the last word of the scheduler."""
        self._prospects, self._asked = event.prospects, event.version

    def verdicts_given(self, event: VerdictsGiven) -> None:
        """What all nodes say to a VM in the hand is newer than what was asked for all."""
        picture, report = self._desk.backend.picture, self._doctor.report
        complete = event.verdicts.keys() >= {node.name for node in picture.nodes}
        if complete and len(event.vms) == 1 and report is not None:
            found = by_verdicts(picture, event.verdicts.values(), report)
            self._prospects = {**self._prospects, event.vms[0]: found}
