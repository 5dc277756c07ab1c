"""How the copies under way get on: watched from picture to picture, and told when it is bad."""

from __future__ import annotations

from collections.abc import Iterator

from backends.data.picture import Cluster
from backends.data.timeline import Severity
from backends.judgement.changes import Event
from backends.judgement.outlook import Chance, Course, Outlook
from tui.acts.desk import Desk
from widgets.bars import literal


class Copies:
    """Knows the course of every copy in flight."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._courses: dict[str, Course] = {}
        self._told: frozenset[str] = frozenset()

    @property
    def outlooks(self) -> dict[str, Outlook]:
        """What is to be expected of every copy under way."""
        return {vm: course.outlook for vm, course in self._courses.items()}

    def course(self, vm: str) -> Course:
        """What is known of a VM's copy; an empty one where there is none."""
        return self._courses.get(vm, Course())

    def follow(self, picture: Cluster) -> Iterator[Event]:
        """Take one more picture of them; yields what is bad, once a migration."""
        known = self._courses
        self._courses = {
            migration.vm: known.get(migration.vm, Course()).after(migration)
            for migration in picture.migrations
        }
        self._told &= self._courses.keys()
        for vm, outlook in self.outlooks.items():
            if outlook.bad and vm not in self._told:
                self._told |= {vm}
                self._warn(picture, vm, outlook)
                kind = "stalled" if outlook.chance is Chance.STALLED else "late"
                yield Event(picture.taken_at, kind, Severity.WARNING, outlook.text, vm)

    def _warn(self, picture: Cluster, vm: str, outlook: Outlook) -> None:
        known = picture.vm(vm)
        blocked = known is not None and (known.migrate_to_on_fail == "block" or known.maintenance)
        end = "the guest then stays where it is" if blocked else "the guest is then rebooted"
        self._desk.glass.say(
            f"{outlook.text}; {end}. On its card: D downtime, S speed, g guard, a abort.",
            f"{outlook.chance.value}: {literal(vm)}",
            severity="warning",
            timeout_s=20,
        )
