"""What stands in the way of live migrations, and what cures it."""

from __future__ import annotations

from backends.data.examination import State
from backends.data.picture import Cluster
from backends.doctor.telling import troubles
from tui.acts.examining import Examining
from tui.judging import Judging
from tui.messages import ExaminationChanged, News, ProspectsKnown
from tui.views.view import Count, Tab
from widgets.doctor_rows import MARKS
from widgets.doctor_view import DoctorView
from widgets.selection import Selection

DOCTOR = Tab(
    "5", "doctor", "Doctor", "Doc", "What stands in the way of live migrations, and what cures it"
)


class DoctorsView:
    drawn_by: tuple[type[News], ...] = (ExaminationChanged, ProspectsKnown)

    def __init__(self, doctor: Examining, judging: Judging) -> None:
        self.widget = DoctorView(doctor.clock, id=DOCTOR.name)
        self._doctor = doctor
        self._judging = judging

    def draw(self, picture: Cluster) -> None:
        self.widget.show(self._doctor.examination, self._judging.judged.prospects)

    def enter(self) -> None:
        self.widget.focus()
        self._doctor.examine_when_old()

    def highlighted(self) -> Selection:
        return Selection(vm=self.widget.selected_vm, node=self.widget.selected_node)

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        report = self._doctor.report
        if report is None:
            return ()
        told = [alike[0].state for alike in troubles(report.findings)]
        found = {state: told.count(state) for state in State}
        shown = (state for state in (State.WRONG, State.WARNING) if found[state])
        return tuple((f"{MARKS[s].glyph}{found[s]}", MARKS[s].tone) for s in shown)
