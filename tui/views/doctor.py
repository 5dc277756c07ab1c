"""What stands in the way of live migrations, and what cures it."""

from __future__ import annotations

from backends.data.examination import Report, State
from backends.data.picture import Cluster
from backends.doctor.telling import troubles
from tui.acts.examining import Examining
from tui.judging import Judging
from tui.messages import ExaminationChanged, News, ProspectsKnown
from tui.views.view import Count, Opened, Tab
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
        self._counted: tuple[Report | None, tuple[Count, ...]] = (None, ())

    def draw(self, picture: Cluster) -> None:
        self.widget.show(self._doctor.examination, self._judging.judged.prospects)

    def enter(self) -> None:
        self.widget.focus()
        self._doctor.examine_when_old()

    def highlighted(self) -> Selection:
        return Selection(vm=self.widget.selected_vm, node=self.widget.selected_node)

    def opened(self) -> Opened:
        """The finding whole; what unfolds, or leads to a checklist, the widget opens itself."""
        return Opened(title="Finding", text=self.widget.whole)

    @property
    def filter_text(self) -> str:
        return self.widget.filter_text

    def filter(self, text: str) -> None:
        self.widget.filter(text)

    def counts(self) -> tuple[Count, ...]:
        """Made once of each report: every picture asks for them."""
        report = self._doctor.report
        if report is not self._counted[0]:
            self._counted = (report, _counts(report) if report is not None else ())
        return self._counted[1]


def _counts(report: Report) -> tuple[Count, ...]:
    told = [alike[0].state for alike in troubles(report.findings)]
    found = {state: told.count(state) for state in State}
    shown = (state for state in (State.WRONG, State.WARNING) if found[state])
    return tuple((f"{MARKS[s].glyph}{found[s]}", MARKS[s].tone) for s in shown)
