"""What stands in the way of live migrations, and what cures it."""

from __future__ import annotations

from backends.data.picture import Cluster
from tui.acts.examining import Examining
from tui.messages import ExaminationChanged, News
from tui.selection import Selection
from tui.views.view import Tab
from widgets.doctor_view import DoctorView

DOCTOR = Tab(
    "4", "doctor", "Doctor", "What stands in the way of live migrations, and what cures it"
)


class DoctorsView:
    drawn_by: tuple[type[News], ...] = (ExaminationChanged,)

    def __init__(self, doctor: Examining) -> None:
        self.widget = DoctorView(doctor.clock, id=DOCTOR.name)
        self._doctor = doctor

    def draw(self, picture: Cluster) -> None:
        self.widget.show(self._doctor.examination)

    def enter(self) -> None:
        self.widget.focus()
        self._doctor.examine_when_old()

    def highlighted(self) -> Selection:
        return Selection(self.widget.selected_vm)
