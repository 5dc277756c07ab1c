"""What is wrong with each VM, each node and the cluster, and how bad. Pure.

Everything that vmferry knows comes together here. Badges, the order «sickest first», the counts and
the loudest border are read off the result, so no view says less than another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from backends.data.examination import Report, State
from backends.data.picture import (
    VM,
    Cluster,
    HypervisorState,
    Node,
    NodeState,
    VMState,
)
from backends.data.timeline import Severity
from backends.judgement.changes import Event
from backends.judgement.moves import QueueState
from backends.judgement.outlook import Chance, Outlook
from backends.judgement.policy import left_over
from backends.judgement.proof import places
from backends.judgement.prospect import Passage, Prospect, untold


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


def judge_health(picture: Cluster, known: Known) -> Health:
    """The health of everything in one picture, from all that is known beside it."""
    problems = sorted(_problems(picture, known), key=lambda problem: problem.order)
    vms: dict[str, list[Problem]] = defaultdict(list)
    nodes: dict[str, list[Problem]] = defaultdict(list)
    for problem in problems:
        if problem.vm is not None:
            vms[problem.vm].append(problem)
        elif problem.node is not None:
            nodes[problem.node].append(problem)
    return Health(
        tuple(problems),
        {name: tuple(its) for name, its in vms.items()},
        {name: tuple(its) for name, its in nodes.items()},
    )


def _problems(picture: Cluster, known: Known) -> Iterator[Problem]:
    yield from _of_cluster(picture)
    for node in picture.nodes:
        yield from _of_node(node)
    for vm in picture.vms:
        yield from _of_vm(vm)
        yield from _of_prospect(vm, known.prospects.get(vm.id))
    yield from _of_copies(picture, known.outlooks)
    yield from _of_failures(picture)
    if known.report is not None:
        yield from _of_report(known.report)
    if known.queue is not None and known.queue.stopped is not None and not known.queue.finished:
        yield Problem(Grade.ERROR, Kind.QUEUE, f"the queue stopped: {known.queue.stopped}")
    for event in known.alarms:
        grade = Grade.ERROR if event.severity is Severity.BAD else Grade.WARNING
        yield Problem(grade, Kind.ALARM, event.text, event.vm, event.node)


def _of_cluster(picture: Cluster) -> Iterator[Problem]:
    stale = picture.stale_pacemaker()
    if stale is not None:
        yield Problem(Grade.ERROR, Kind.CLUSTER, f"no node answers: {stale.reason}")
    elif picture.quorum is False:
        yield Problem(Grade.ERROR, Kind.CLUSTER, "no quorum")
    elif picture.quorum is None:
        yield Problem(Grade.WARNING, Kind.CLUSTER, "quorum not known")
    if picture.maintenance:
        yield Problem(Grade.WARNING, Kind.CLUSTER, "the cluster is in maintenance")
    if picture.fencing_enabled is False:
        yield Problem(Grade.WARNING, Kind.CLUSTER, "fencing is off")
    for source in picture.stale:
        if source.node is not None:
            text = f"{source.source} on {source.node} does not answer: {source.reason}"
            yield Problem(Grade.WARNING, Kind.SOURCE, text, node=source.node)


_NODE_PROBLEMS = {
    NodeState.UNCLEAN: (Grade.ERROR, "is unclean: Pacemaker waits for its fencing"),
    NodeState.OFFLINE: (Grade.ERROR, "is offline"),
    NodeState.PENDING: (Grade.WARNING, "is joining the cluster"),
    NodeState.MAINTENANCE: (Grade.NOTE, "is in maintenance"),
    NodeState.STANDBY: (Grade.NOTE, "is in standby"),
}


def _of_node(node: Node) -> Iterator[Problem]:
    found = _NODE_PROBLEMS.get(node.state)
    if found is not None:
        grade, words = found
        yield Problem(grade, Kind.NODE, f"{node.name} {words}", node=node.name)
    if node.shutting_down and node.state is not NodeState.OFFLINE:
        text = f"Pacemaker is being stopped on {node.name}"
        yield Problem(Grade.WARNING, Kind.NODE, text, node=node.name)
    libvirt = node.hypervisor
    if libvirt.state is HypervisorState.DOWN and node.state is NodeState.ONLINE:
        text = f"libvirt on {node.name} does not answer: {libvirt.reason or 'no reason given'}"
        yield Problem(Grade.WARNING, Kind.SOURCE, text, node=node.name)


_VM_PROBLEMS = {
    VMState.FAILED: Grade.ERROR,
    VMState.BLOCKED: Grade.ERROR,
    VMState.UNKNOWN: Grade.WARNING,
    VMState.PAUSED: Grade.WARNING,
}


def _of_vm(vm: VM) -> Iterator[Problem]:
    grade = _VM_PROBLEMS.get(vm.state)
    if vm.state is VMState.STOPPED:
        meant = (vm.target_role or "").casefold() == "stopped"
        grade = Grade.NOTE if meant else Grade.ERROR
    if grade is not None:
        where = f" on {vm.node}" if vm.node else ""
        words = "not known" if vm.state is VMState.UNKNOWN else vm.state.value
        yield Problem(grade, Kind.STATE, f"{vm.id} is {words}{where}", vm.id)
    elif vm.failed:
        text = f"Pacemaker remembers a failure of {vm.id}"
        yield Problem(Grade.WARNING, Kind.FAILURE, text, vm.id)
    if len(places(vm)) > 1 and vm.state in (VMState.RUNNING, VMState.FAILED):
        text = f"Pacemaker holds {vm.id} for active on {' and '.join(vm.nodes)}"
        yield Problem(Grade.ERROR, Kind.STATE, text, vm.id)
    if not vm.managed:
        yield Problem(Grade.NOTE, Kind.STATE, f"{vm.id} is unmanaged", vm.id)
    elif vm.maintenance:
        yield Problem(Grade.NOTE, Kind.STATE, f"{vm.id} is in maintenance", vm.id)
    for constraint in left_over(vm):
        text = f"{constraint.id} was left on {vm.id}"
        yield Problem(Grade.NOTE, Kind.CONSTRAINT, text, vm.id)


_PASSAGES = {
    Passage.FAILS: (Grade.WARNING, "a live migration of {} would fail"),
    Passage.REBOOT: (Grade.NOTE, "a move would reboot {}"),
}


def _of_prospect(vm: VM, prospect: Prospect | None) -> Iterator[Problem]:
    """Without live migration a VM is as its owner wants it; one that would fail is not."""
    found = _PASSAGES.get(prospect.passage) if prospect is not None else None
    if found is not None and prospect is not None:
        why = f": {prospect.why}" if prospect.why else ""
        yield Problem(found[0], Kind.MOVE, f"{found[1].format(vm.id)}{why}", vm.id)


def _of_copies(picture: Cluster, outlooks: Mapping[str, Outlook]) -> Iterator[Problem]:
    """One that is guarded may take as long as it needs."""
    guarded = {vm.id for vm in picture.vms if vm.maintenance}
    for migration in picture.migrations:
        outlook = outlooks.get(migration.vm)
        if outlook is None or not outlook.bad or migration.vm in guarded:
            continue
        grade = Grade.ERROR if outlook.chance is Chance.STALLED else Grade.WARNING
        yield Problem(grade, Kind.COPY, outlook.text, migration.vm)


def _of_failures(picture: Cluster) -> Iterator[Problem]:
    """Of VMs that are no worse than that; of what is no VM, the node's."""
    vms = {vm.id for vm in picture.vms}
    for failure in picture.failures:
        reason = f": {failure.reason}" if failure.reason else ""
        text = f"{failure.task} of {failure.resource} failed on {failure.node}{reason}"
        if failure.resource in vms:
            yield Problem(Grade.WARNING, Kind.FAILURE, text, failure.resource)
        else:
            yield Problem(Grade.WARNING, Kind.FAILURE, text, node=failure.node)


def _of_report(report: Report) -> Iterator[Problem]:
    """What the doctor calls wrong, of whom it concerns; its warnings are its own view's matter."""
    for finding in report.findings:
        if finding.state is State.WRONG:
            where = f" on {finding.node}" if finding.node else ""
            text = f"{finding.check}{where}: {finding.seen}"
            for vm in finding.concerns or (finding.vm,):
                yield Problem(Grade.ERROR, Kind.DOCTOR, text, vm, None if vm else finding.node)
