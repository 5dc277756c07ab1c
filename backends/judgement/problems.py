"""What is found to be wrong: all that vmferry knows comes together here. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

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
from backends.judgement.health import Grade, Health, Kind, Known, Problem
from backends.judgement.outlook import Chance, Outlook
from backends.judgement.policy import left_over
from backends.judgement.proof import places
from backends.judgement.prospect import Passage, Prospect

_Problems = tuple[Problem, ...]
_LookedAt = tuple[VM, Prospect | None, _Problems]


def judge_health(picture: Cluster, known: Known) -> Health:
    """The health of everything in one picture, from all that is known beside it."""
    return Judge().judge(picture, known)


class Judge:
    """Judges picture after picture of one cluster.

    A VM that is the same object as the last time is not looked at again, nor is a report; and where
    nothing is wrong that was not before, its `Health` is the same object too.
    """

    def __init__(self) -> None:
        self._vms: dict[str, _LookedAt] = {}
        self._report: tuple[Report | None, _Problems] = (None, ())
        self._found: list[_Problems] = []
        self._health = Health()

    def judge(self, picture: Cluster, known: Known) -> Health:
        """The health of everything in this picture."""
        found = list(self._all(picture, known))
        if found != self._found:
            self._found, self._health = found, _sorted(found)
        return self._health

    def _all(self, picture: Cluster, known: Known) -> Iterator[_Problems]:
        yield tuple(_of_cluster(picture))
        for node in picture.nodes:
            yield tuple(_of_node(node))
        self._vms = {vm.id: self._looked_at(vm, known.prospects.get(vm.id)) for vm in picture.vms}
        for _, _, problems in self._vms.values():
            yield problems
        yield tuple(_of_copies(picture, known.outlooks))
        yield tuple(_of_failures(picture))
        if known.report is not self._report[0]:
            self._report = (known.report, tuple(_of_report(known.report)))
        yield self._report[1]
        yield tuple(_of_what_happened(known))

    def _looked_at(self, vm: VM, prospect: Prospect | None) -> _LookedAt:
        last = self._vms.get(vm.id)
        if last is not None and last[0] is vm and last[1] is prospect:
            return last
        return vm, prospect, (*_of_vm(vm), *_of_prospect(vm, prospect))


def _sorted(found: Iterable[_Problems]) -> Health:
    problems = sorted((each for its in found for each in its), key=lambda problem: problem.order)
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


def _of_report(report: Report | None) -> Iterator[Problem]:
    """What the doctor calls wrong, of whom it concerns; its warnings are its own view's matter."""
    for finding in report.findings if report is not None else ():
        if finding.state is State.WRONG:
            where = f" on {finding.node}" if finding.node else ""
            text = f"{finding.check}{where}: {finding.seen}"
            for vm in finding.concerns or (finding.vm,):
                yield Problem(Grade.ERROR, Kind.DOCTOR, text, vm, None if vm else finding.node)


def _of_what_happened(known: Known) -> Iterator[Problem]:
    """The queue that came to a halt, and what nobody has looked at yet."""
    if known.queue is not None and known.queue.stopped is not None and not known.queue.finished:
        yield Problem(Grade.ERROR, Kind.QUEUE, f"the queue stopped: {known.queue.stopped}")
    for event in known.alarms:
        grade = Grade.ERROR if event.severity is Severity.BAD else Grade.WARNING
        yield Problem(grade, Kind.ALARM, event.text, event.vm, event.node)
