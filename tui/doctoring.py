"""The doctor on the board: the cluster examined in the background, and what it found."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

from textual import on, work
from textual.worker import Worker, WorkerState

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Report
from backends.data.picture import CibVersion, Cluster
from backends.doctor.examine import examine
from tui.evacuating import EvacuatingScreen
from tui.messages import ExaminationChanged, Examined
from widgets.doctor_rows import Examination, compared
from widgets.doctor_view import DoctorView

_GROUP = "examination"
_BUG = "a bug in vmferry came in between"


class DoctoringScreen(EvacuatingScreen):
    """Examines the cluster, one examination at a time, and keeps what is known from it."""

    def __init__(
        self, backend: Backend, journal: Journal, clock: Callable[[], float] = time.time
    ) -> None:
        super().__init__(backend, journal)
        self.clock = clock
        self.report: Report | None = None
        """What the newest examination found."""
        self.examination = Examination()
        """The same, with what is to be known about it."""
        self._version: CibVersion | None = None
        """Of the configuration that was examined."""
        self._again = False

    def examine(self) -> None:
        """Examine the cluster; when that is being done already, once more after it."""
        if self.examination.running_since is not None:
            self._again = True
            return
        self._again = False
        self.know(replace(self.examination, running_since=self.clock()))
        self._examine()

    def examine_when_old(self) -> None:
        """Examine the cluster where what is known of it is old, and it is not being examined."""
        if self.examination.running_since is None and self.examination.is_old(self.clock()):
            self.examine()

    def know(self, examination: Examination) -> None:
        """This is what is known from now on."""
        self.examination = examination
        self.post_message(ExaminationChanged())

    @work(group=_GROUP, exit_on_error=False)
    async def _examine(self) -> None:
        version = (await self.backend.settled()).version
        try:
            report = await examine(self.backend)
        except VmferryError as error:
            self.post_message(Examined(None, version, error))
        else:
            self.post_message(Examined(report, version))

    @on(Examined)
    def _examined(self, event: Examined) -> None:
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
            self.follow_configuration(self.backend.picture)
        if self._again:
            self.examine()

    @on(Worker.StateChanged)
    def _examination_ended(self, event: Worker.StateChanged) -> None:
        """One that ended with a bug, which is told elsewhere, must not look as if it went on."""
        if event.worker.group == _GROUP and event.state is WorkerState.ERROR:
            self.know(replace(self.examination, failed=_BUG, running_since=None))

    def follow_configuration(self, picture: Cluster) -> None:
        """Notice when the cluster is configured otherwise than when it was examined."""
        known, now = self._version, picture.version
        if known is None or now is None or self.examination.stale_since is not None:
            return
        if (known.admin_epoch, known.epoch) != (now.admin_epoch, now.epoch):
            self.know(replace(self.examination, stale_since=picture.taken_at))

    @on(DoctorView.Wanted)
    def _wanted(self) -> None:
        self.examine()

    @on(DoctorView.ChecklistWanted)
    def _checklist_wanted(self, event: DoctorView.ChecklistWanted) -> None:
        vm = event.vm or self.board.selected_vm
        if vm is None:
            self.tell("Select a VM first, here or on the board.")
        else:
            self.query_one(DoctorView).vm = vm

    @on(DoctorView.Useless)
    def _useless_here(self, event: DoctorView.Useless) -> None:
        self.tell(event.reason)
