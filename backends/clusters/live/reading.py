"""One node asked for everything that Pacemaker knows, so that its parts are of one moment.

crm_mon does not say of which version of the CIB its status is. So the version is asked for before
it and again after it, by the CIB itself: where the two are the same, nothing changed in between,
and status and CIB belong together. Where they differ all is asked again, and one that a busy
cluster keeps from being proven bears the older version: whoever compares it finds something new.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from backends.aio.heavy import heavy
from backends.clusters.base import Answer
from backends.clusters.ssh import Host
from backends.data.errors import (
    BadAnswer,
    ClusterStopped,
    NotACluster,
    NotPermitted,
    VmferryError,
)
from backends.data.picture import Cluster
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.cib import Cib, parse_cib, version_of
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import Status, parse_status
from backends.pacemaker.xml import parse

ATTEMPTS = 3
"""How often a reading is tried while the cluster changes; the next change has it read anyway."""

SCRIPT = r"""
ask() {
  name=$1; shift
  printf '#vmferry %s\n' "$name" >&2
  "$@"
  status=$?
  printf '\n#vmferry %s %s\n' "$name" "$status"
}
ask version cibadmin --query --no-children
ask crm_mon crm_mon -1 --inactive --output-as=xml
[ "$status" != 64 ] || ask crm_mon crm_mon -1 --inactive --as-xml
ask cibadmin cibadmin --query
"""
"""A POSIX shell's. Before 2.0.3 crm_mon has another option for XML (64 is its usage error), and
before 2.0.4 what is stopped is left out unless it is asked for. One command, whose answer needs one
round trip."""

COMMAND = ("sh", "-c", SCRIPT, "vmferry-read")

_SAID = re.compile(rb"\n#vmferry (\w+) (\d+)\n")
_COMPLAINT = re.compile(rb"^#vmferry (\w+)\n", re.MULTILINE)

_NOT_CONNECTED = frozenset({102, 107})
"""`CRM_EX_DISCONNECT`, and before 2.0 the error number ENOTCONN itself."""
_INSUFFICIENT_PRIVILEGES = 4
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Reading:
    """What Pacemaker said at one moment, whole."""

    host: str
    status: Status
    cib: Cib
    cib_text: bytes
    picture: Cluster
    proven: bool
    """Whether status and CIB are of one version."""


async def read(host: Host, agents: Agents = KNOWN) -> Reading:
    """Ask one node for everything, until its parts belong together or `ATTEMPTS` are used up.

    Large answers are parsed in a thread: the keys are answered meanwhile.
    Raises `NotACluster`, `ClusterStopped`, `NotPermitted`, `BadAnswer`, `TimedOut`, `Unreachable`.
    """
    attempts = ATTEMPTS
    while True:
        attempts -= 1
        answers = taken_apart(await host.run(COMMAND))
        try:
            reading = await heavy(understood, host.name, answers, agents)
        except VmferryError as error:
            error.where = error.where or host.name
            raise
        if reading.proven or not attempts:
            return reading


def taken_apart(answer: Answer) -> dict[str, Answer]:
    """What each tool answered; of one that was asked twice, the second answer."""
    complaints = _COMPLAINT.split(answer.stderr)
    said = dict(zip(complaints[1::2], complaints[2::2], strict=True))
    answers: dict[str, Answer] = {}
    start = 0
    for found in _SAID.finditer(answer.stdout):
        text = answer.stdout[start : found.start()]
        answers[found[1].decode()] = Answer(int(found[2]), text, said.get(found[1], b""))
        start = found.end()
    return answers


def understood(where: str, answers: dict[str, Answer], agents: Agents) -> Reading:
    """The answers as a reading. Raises `NotACluster`, `ClusterStopped`, `NotPermitted`,
    `BadAnswer`.
    """
    unheard = Answer(None)
    query, mon = (answers.get(tool, unheard) for tool in ("cibadmin", "crm_mon"))
    if mon.exit_status in (_INSUFFICIENT_PRIVILEGES, _NOT_FOUND):
        _check(mon, where, "crm_mon")  # to such a login cibadmin says that nothing runs there
    # The CIB first: where it is cut down it says why, and crm_mon only chokes on it.
    _check(query, where, "cibadmin")
    cib = parse_cib(query.stdout, agents=agents)
    _check(mon, where, "crm_mon")
    status = parse_status(mon.stdout)
    before = version_of(parse(answers.get("version", unheard).stdout, "cibadmin"))
    proven = before == cib.version
    cib = replace(cib, version=before)
    return Reading(where, status, cib, query.stdout, pacemaker_picture(status, cib, agents), proven)


def _check(answer: Answer, where: str, tool: str) -> None:
    said = " ".join((answer.stderr.strip() or answer.stdout).decode(errors="replace").split())
    match answer.exit_status:
        case 0:
            return
        case status if status == _NOT_FOUND:
            raise NotACluster(
                f"no {tool} there",
                where=where,
                cure="name a node of a Pacemaker cluster, or install pacemaker-cli-utils there",
            )
        case status if status in _NOT_CONNECTED:
            raise ClusterStopped(
                "Pacemaker does not run there",
                where=where,
                cure="start it (systemctl start pacemaker), or name another node",
            )
        case _ if answer.exit_status == _INSUFFICIENT_PRIVILEGES or "ermission denied" in said:
            raise NotPermitted(
                f"this login may not ask Pacemaker: {said}",
                where=where,
                cure="log in as root, as a member of the group haclient, or use --sudo",
            )
        case _:
            raise BadAnswer(
                f"{tool} ended with {answer.exit_status}: {said[:300] or 'without a word'}",
                where=where,
            )
