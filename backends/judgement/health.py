"""What is wrong with each VM, each node and the cluster, and how bad, as values.

Badges, the order «sickest first», the counts and the loudest border are read off them, so no view
says less than another.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backends.data.examination import Report
from backends.data.picture import VM
from backends.judgement.changes import Event
from backends.judgement.moves import QueueState
from backends.judgement.outlook import Outlook
from backends.judgement.prospect import Prospect, untold


class Grade(StrEnum):
    """The worst first."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"
    """Meant so, and to be known."""
    FINE = "fine"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _GRADES.index(self)


_GRADES = tuple(Grade)


class Kind(StrEnum):
    """Where it is known from, the most urgent first."""

    NODE = "node"
    STATE = "state"
    COPY = "copy"
    CLUSTER = "cluster"
    SOURCE = "source"
    """Of the picture: one that does not answer."""
    QUEUE = "queue"
    FAILURE = "failure"
    DOCTOR = "doctor"
    MOVE = "move"
    """What a move of it would come to."""
    CONSTRAINT = "constraint"
    ALARM = "alarm"
    """It happened, and was not looked at yet."""

    @property
    def rank(self) -> int:
        """0 for the most urgent."""
        return _KINDS.index(self)


_KINDS = tuple(Kind)


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong. Without a VM and a node it is the cluster's."""

    grade: Grade
    kind: Kind
    text: str
    vm: str | None = None
    node: str | None = None

    @property
    def order(self) -> tuple[int, int, str]:
        return self.grade.rank, self.kind.rank, self.vm or self.node or ""


@dataclass(frozen=True, slots=True)
class Known:
    """What there is to judge beside the picture."""

    report: Report | None = None
    prospects: Mapping[str, Prospect] = field(default_factory=dict)
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    queue: QueueState | None = None
    alarms: tuple[Event, ...] = ()
    """What happened, was bad, and was not looked at yet."""


@dataclass(frozen=True, slots=True)
class Health:
    """All problems, the worst first, and whose they are."""

    problems: tuple[Problem, ...] = ()
    vms: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)
    nodes: Mapping[str, tuple[Problem, ...]] = field(default_factory=dict)

    @property
    def worst(self) -> Problem | None:
        """The one to be said beside the quorum; what is meant so is none."""
        first = next(iter(self.problems), None)
        return first if first is not None and first.grade.rank < Grade.NOTE.rank else None

    @property
    def urgent(self) -> tuple[Problem, ...]:
        """All but what is meant so: what one goes through with a key."""
        return tuple(each for each in self.problems if each.grade.rank < Grade.NOTE.rank)

    def count(self, grade: Grade) -> int:
        return sum(problem.grade is grade for problem in self.problems)

    def of_vm(self, vm: str) -> Grade:
        return _worst(self.vms.get(vm, ()))

    def of_node(self, node: str) -> Grade:
        return _worst(self.nodes.get(node, ()))


def _worst(problems: tuple[Problem, ...]) -> Grade:
    return problems[0].grade if problems else Grade.FINE


@dataclass(frozen=True, slots=True)
class Judged:
    """All that is judged of one picture: what every view is given beside it."""

    health: Health = Health()
    prospects: Mapping[str, Prospect] = field(default_factory=dict)
    outlooks: Mapping[str, Outlook] = field(default_factory=dict)
    report: Report | None = None

    def prospect(self, vm: VM) -> Prospect:
        """The last word on a live migration of it."""
        return self.prospects.get(vm.id) or untold(vm)

    def of(self, vm: VM) -> tuple[Outlook | None, Prospect, Grade]:
        """What is to be expected of its copy and of a move, and how bad what is wrong is."""
        name = vm.id
        wrong = self.health.vms.get(name)
        return (
            self.outlooks.get(name),
            self.prospects.get(name) or untold(vm),
            wrong[0].grade if wrong else Grade.FINE,
        )
