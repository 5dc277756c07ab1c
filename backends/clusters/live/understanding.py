"""What a node answered, understood: all that Pacemaker knows at one moment. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace

from backends.clusters.base import Answer
from backends.data.errors import BadAnswer, ClusterStopped, NotACluster, NotPermitted
from backends.data.picture import Cluster
from backends.pacemaker.agents import Agents
from backends.pacemaker.cib import Cib, parse_cib
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import Status, parse_status
from backends.pacemaker.version import version_of
from backends.pacemaker.xml import parse

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


def understood(
    where: str, answers: dict[str, Answer], agents: Agents, before: Reading | None = None
) -> Reading:
    """The answers as a reading; `before`: an earlier one, of which much may still hold;
    what is as it was is the same object.

    Raises `NotACluster`, `ClusterStopped`, `NotPermitted`, `BadAnswer`.
    """
    unheard = Answer(None)
    query, mon = (answers.get(tool, unheard) for tool in ("cibadmin", "crm_mon"))
    if mon.exit_status in (_INSUFFICIENT_PRIVILEGES, _NOT_FOUND):
        _check(mon, where, "crm_mon")  # to such a login cibadmin says that nothing runs there
    # The CIB first: where it is cut down it says why, and crm_mon only chokes on it.
    _check(query, where, "cibadmin")
    cib = parse_cib(query.stdout, agents=agents, before=before.cib if before else None)
    _check(mon, where, "crm_mon")
    status = parse_status(mon.stdout)
    asked_at = version_of(parse(answers.get("version", unheard).stdout, "cibadmin"))
    proven = asked_at == cib.version
    cib = replace(cib, version=asked_at)
    picture = pacemaker_picture(status, cib, agents)
    if before is not None:
        picture = _kept(picture, before.picture)
    return Reading(where, status, cib, query.stdout, picture, proven)


def _kept(picture: Cluster, before: Cluster) -> Cluster:
    """With the VMs of before, where they are the same: nobody need look at these again."""
    known = {vm.id: vm for vm in before.vms}
    vms = (old if (old := known.get(vm.id)) is not None and old == vm else vm for vm in picture.vms)
    return replace(picture, vms=tuple(vms))


def _check(answer: Answer, where: str, tool: str) -> None:
    if answer.exit_status == 0:
        return
    said = " ".join((answer.stderr.strip() or answer.stdout).decode(errors="replace").split())
    match answer.exit_status:
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
