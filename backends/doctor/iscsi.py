"""Storage: every node must be logged in to the iSCSI targets below the VMs' disks."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, replace

from backends.data.errors import BadAnswer
from backends.data.examination import Cure, Family, Finding, Output, Probe, State, Topic
from backends.doctor.case import Case
from backends.doctor.disks import Storage

SESSIONS = Probe.of("storage iscsi sessions", "iscsiadm", "-m", "session")
# Reading the records takes a lock, whose directory would be made where iSCSI was never used.
RECORDS = Probe(
    "storage iscsi records", "iscsiadm -m session >/dev/null || exit\niscsiadm -m node -o show"
)

NO_OBJECTS = 21
"""iscsiadm's exit status for no sessions and no records (ISCSI_ERR_NO_OBJS_FOUND)."""
_AGENT = "ocf:heartbeat:iscsi"


@dataclass(frozen=True, slots=True)
class Session:
    portal: str
    target: str


_SESSION = re.compile(
    r"(?P<transport>\S+): \[\d+\] (?P<portal>\S+:\d{1,5}),-?\d+ (?P<target>\S+)"
    r"(?: \((?:non-)?flash\))?"
)


def parse_sessions(output: Output) -> tuple[Session, ...]:
    """`iscsiadm -m session`. Raises `BadAnswer`."""
    if output.exit_status == NO_OBJECTS:
        return ()
    if not output.ok:
        raise BadAnswer(f"iscsiadm ended with {output.exit_status}: {output.said}")
    found = []
    for line in output.lines:
        match = _SESSION.fullmatch(line.strip())
        if match is None:
            raise BadAnswer(f"iscsiadm answered something unknown: {line[:80]!r}")
        found.append(Session(match["portal"], match["target"]))
    return tuple(found)


def parse_records(output: Output) -> dict[str, str]:
    """`iscsiadm -m node -o show`: each target's node.startup. Raises `BadAnswer`."""
    if output.exit_status == NO_OBJECTS:
        return {}
    if not output.ok:
        raise BadAnswer(f"iscsiadm ended with {output.exit_status}: {output.said}")
    found: dict[str, str] = {}
    target = ""
    for line in output.lines:
        name, equals, value = line.partition(" = ")
        if name == "node.name":
            target = value.strip()
        elif name == "node.startup" and equals and target:
            found[target] = value.strip()
    return found


def probes(_case: Case, _node: str) -> Iterator[Probe]:
    yield from (SESSIONS, RECORDS)


def judge(case: Case, storage: Storage) -> Iterator[Finding]:
    vms = storage.vms_on(case, lambda place: place.carried_by("iscsi"))
    if vms:
        yield from (replace(finding, concerns=vms) for finding in _judge(case, storage))


def _paths_to(storage: Storage, case: Case, node: str) -> State:
    """Whether the LUNs below the VMs' disks are all there, by as many paths as where they run.

    What a node is logged in to besides is its own affair.
    """
    state = State.OK
    for vm, _ in case.vms:
        for home in storage.homes(vm):
            there = storage.places.get(node, {}).get(home.path)
            if home.carried_by("iscsi") and node in case.hosts(vm.id):
                if there is None or not there.exists:
                    return State.WRONG
                if there.paths_by("iscsi") < home.paths_by("iscsi"):
                    state = State.WARNING
    return state


def _judge(case: Case, storage: Storage) -> Iterator[Finding]:
    sessions: dict[str, tuple[Session, ...]] = {}
    for node in filter(case.answered, case.nodes):
        try:
            sessions[node] = parse_sessions(case.output(node, SESSIONS.name))
        except BadAnswer as error:
            yield Finding(Topic.STORAGE, "iscsi", State.UNKNOWN, error.what, node=node)
    wanted = {each.target: each for known in sessions.values() for each in known}
    managed = bool(case.configuration.of_agent(_AGENT))
    for node, known in sessions.items():
        missing = set(wanted) - {each.target for each in known}
        state = _paths_to(storage, case, node)
        problems = [
            _not_logged_in(node, wanted[target], state)
            for target in sorted(missing)
            if state is not State.OK
        ]
        if not managed:
            problems += _not_automatic(case, node, known)
        seen = f"logged in to {', '.join(sorted({each.target for each in known}))}"
        yield from problems or [Finding(Topic.STORAGE, "iscsi", State.OK, seen, node=node)]


def _not_logged_in(node: str, session: Session, state: State) -> Finding:
    target, portal = shlex.quote(session.target), shlex.quote(session.portal)
    return Finding(
        Topic.STORAGE,
        "iscsi",
        state,
        f"not logged in to {session.target}",
        "the LUNs of that target are not there, and a guest that needs one cannot come"
        if state is State.WRONG
        else "fewer paths lead to the guests' disks here than elsewhere",
        node,
        cures=(
            Cure(
                (
                    f"iscsiadm -m discovery -t sendtargets -p {portal}",
                    f"iscsiadm -m node -T {target} -p {portal} --login",
                )
            ),
        ),
    )


def _not_automatic(case: Case, node: str, known: tuple[Session, ...]) -> Iterator[Finding]:
    try:
        startup = parse_records(case.output(node, RECORDS.name))
    except BadAnswer as error:
        yield Finding(Topic.STORAGE, "iscsi", State.UNKNOWN, error.what, node=node)
        return
    services = {
        Family.DEBIAN: "open-iscsi",
        Family.RHEL: "iscsi",
        Family.SUSE: "iscsi",
    }
    for target in dict.fromkeys(each.target for each in known):
        if startup.get(target) in ("automatic", "onboot"):
            continue
        words = ("-o", "update", "-n", "node.startup", "-v", "automatic")
        yield Finding(
            Topic.STORAGE,
            "iscsi",
            State.WARNING,
            f"node.startup of {target} is {startup.get(target, 'not recorded')}",
            "after a reboot this node is not logged in, and no guest can come to it",
            node,
            cures=(
                Cure((shlex.join(("iscsiadm", "-m", "node", "-T", target, *words)),)),
                *(
                    Cure((f"systemctl enable {service}.service",), family=family)
                    for family, service in services.items()
                ),
            ),
        )
