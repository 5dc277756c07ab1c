"""The doctor on the board: the cluster examined in the background, and what it found."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import replace

from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Report
from backends.data.picture import CibVersion, Cluster
from backends.data.plan import Verdict
from backends.doctor.advice import advise
from tui.acts.desk import Desk
from tui.acts.offer import About, Offer
from tui.messages import ExaminationChanged, Examined
from widgets.doctor_rows import Examination, compared
from widgets.selection import Selection

EXAMINE = Offer(
    "examine",
    "Examine",
    "Have the doctor look at the cluster again",
    About.CLUSTER,
    listed="Examine the cluster",
    help="Have the doctor look again",
)
GROUP = "examination"
RESTING = "rest from an examination"
_BUG = "a bug in vmferry came in between"


class Examining:
    """Examines the cluster, one examination at a time, and keeps what is known from it."""

    def __init__(self, desk: Desk, clock: Callable[[], float] = time.time) -> None:
        self._desk = desk
        self.clock = clock
        self.report: Report | None = None
        """What the newest examination found."""
        self.examination = Examination()
        """The same, with what is to be known about it."""
        self._version: CibVersion | None = None
        """Of the configuration that was examined."""
        self._again = False

    def suits(self, picture: Cluster, chosen: Selection) -> bool:
        return True

    def objection(self, chosen: Selection) -> str | None:
        return None

    def begin(self, chosen: Selection) -> None:
        self.examine()

    def advised(self, verdict: Verdict) -> Verdict:
        """With the doctor's word on it, as far as there is one."""
        if self.report is None:
            return verdict
        return advise(self._desk.backend.picture, verdict, self.report)

    def examine(self) -> None:
        """Examine the cluster; when that is being done already, once more after it."""
        if self.examination.running_since is not None:
            self._again = True
            return
        self._again = False
        self.know(replace(self.examination, running_since=self.clock()))
        self._desk.glass.work(GROUP, self._examine)

    def examine_when_old(self) -> None:
        """Examine the cluster where what is known of it is old, and it is not being examined.

        An examination that was costly is rested from; who relies on it meanwhile gets the new
        one when the rest is over.
        """
        if self.examination.running_since is not None:
            return
        if self.examination.is_old(self.clock()):
            self.examine()
        elif self.examination.stale_since is not None:
            self._desk.glass.work(RESTING, self._examine_when_rested, exclusive=True)

    async def _examine_when_rested(self) -> None:
        await asyncio.sleep(self.examination.rests_for_s(self.clock()))
        self.examine_when_old()

    def know(self, examination: Examination) -> None:
        """This is what is known from now on."""
        self.examination = examination
        self._desk.glass.post(ExaminationChanged())

    async def _examine(self) -> None:
        version = (await self._desk.backend.settled()).version
        examine = await asyncio.to_thread(_load)
        try:
            report = await examine(self._desk.backend)
        except VmferryError as error:
            self._desk.glass.post(Examined(None, version, error))
        else:
            self._desk.glass.post(Examined(report, version))

    def examined(self, event: Examined) -> None:
        """Take what was found, or why nothing was."""
        known = self.examination
        if event.report is None:
            self.know(replace(known, failed=str(event.error), running_since=None))
        else:
            self.report, self._version = event.report, event.version
            new, gone = compared(known.report, event.report)
            self.know(
                Examination(
                    event.report,
                    self.clock(),
                    before=known.at,
                    new=new,
                    gone=gone,
                    waiting=known.waiting,
                )
            )
            self.follow_configuration(self._desk.backend.picture)
        if self._again:
            self.examine()

    def ended_by_a_bug(self) -> None:
        """That is told elsewhere; it must not look as if the examination went on."""
        self.know(replace(self.examination, failed=_BUG, running_since=None))

    def follow_configuration(self, picture: Cluster) -> None:
        """Notice when the cluster is configured otherwise than when it was examined."""
        known, now = self._version, picture.version
        if known is None or now is None or self.examination.stale_since is not None:
            return
        if (known.admin_epoch, known.epoch) != (now.admin_epoch, now.epoch):
            self.know(replace(self.examination, stale_since=picture.taken_at))


def _load() -> Callable[[Backend], Awaitable[Report]]:
    """What examines. Late: with all its topics it is a fifth of what the board would have to wait
    for, and nobody needs it before the board is in sight."""
    from backends.doctor.examine import examine

    return examine
