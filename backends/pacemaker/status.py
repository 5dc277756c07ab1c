"""`crm_mon` as XML, the form of 2.0.3 and later and the older one, into what it says. Pure.

Sources: Pacemaker's `xml/api/crm_mon-*.rng`, and answers of 2.1.5 (tests/samples).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from lxml import etree

from backends.data.errors import BadAnswer, ClusterStopped
from backends.data.picture import Failure, Fencing, Node, NodeKind, NodeState
from backends.pacemaker import mending
from backends.pacemaker.xml import flag, number, parse, truth

NOT_CONNECTED = 102
"""`CRM_EX_DISCONNECT`: the cluster does not run on that node."""

_KINDS = {"member": NodeKind.MEMBER, "remote": NodeKind.REMOTE}


@dataclass(frozen=True, slots=True)
class Resource:
    """One primitive as crm_mon shows it; `nodes` are the names of those on which it is active."""

    id: str
    agent: str
    role: str
    active: bool
    blocked: bool
    failed: bool
    managed: bool
    maintenance: bool
    pending: str | None
    target_role: str | None
    orphan: bool
    nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Status:
    pacemaker_version: str | None
    dc: str | None
    quorum: bool | None
    maintenance: bool | None
    fencing_enabled: bool | None
    nodes: tuple[Node, ...]
    resources: tuple[Resource, ...]
    failures: tuple[Failure, ...]
    fencing: tuple[Fencing, ...]


def parse_status(data: bytes) -> Status:
    """One answer of crm_mon.

    Raises `ClusterStopped` where it says that it is not connected, `BadAnswer` for no answer.
    """
    root = parse(data, "crm_mon")
    if root.tag not in ("pacemaker-result", "crm_mon"):
        raise BadAnswer(f"crm_mon answered <{root.tag}>, not its XML")
    outcome = root.find("status")
    if outcome is not None and number(outcome.get("code")) == NOT_CONNECTED:
        raise ClusterStopped(
            "Pacemaker does not run there",
            cure="start it (systemctl start pacemaker), or name another node",
        )
    if root.find("nodes") is None:
        raise BadAnswer("crm_mon's answer has no nodes")
    dc = root.find("summary/current_dc")
    options = root.find("summary/cluster_options")
    return Status(
        pacemaker_version=dc.get("version") if dc is not None else None,
        dc=dc.get("name") if dc is not None else None,
        quorum=flag(dc, "with_quorum") if dc is not None else None,
        maintenance=flag(options, "maintenance-mode") if options is not None else None,
        fencing_enabled=_fencing_enabled(options),
        nodes=tuple(_node(element) for element in root.iterfind("nodes/node")),
        resources=tuple(
            _resource(element)
            for section in root.iterfind("resources")
            for element in section.iter("resource")
        ),
        failures=tuple(_failure(element) for element in root.iterfind("failures/failure")),
        fencing=tuple(_fencing(element) for element in root.iterfind("fence_history/fence_event")),
    )


def _fencing_enabled(options: etree._Element | None) -> bool | None:
    if options is None:
        return None
    return truth(options.get("fencing-enabled") or options.get("stonith-enabled"))


def _node(element: etree._Element) -> Node:
    kind = _KINDS.get(element.get("type", ""), NodeKind.MEMBER)
    if kind is NodeKind.REMOTE and element.get("id_as_resource"):
        kind = NodeKind.GUEST
    return Node(
        name=_required(element, "name"),
        id=element.get("id", ""),
        state=_node_state(element),
        kind=kind,
        is_dc=bool(flag(element, "is_dc")),
        standby=bool(flag(element, "standby") or flag(element, "standby_onfail")),
        maintenance=bool(flag(element, "maintenance")),
        unclean=bool(flag(element, "unclean")),
        shutting_down=bool(flag(element, "shutdown")),
    )


def _node_state(element: etree._Element) -> NodeState:
    """The gravest of its flags, as crm_mon itself words a node's state."""
    if flag(element, "unclean"):
        return NodeState.UNCLEAN
    if flag(element, "pending"):
        return NodeState.PENDING
    if not flag(element, "online"):
        return NodeState.OFFLINE
    if flag(element, "maintenance"):
        return NodeState.MAINTENANCE
    if flag(element, "standby") or flag(element, "standby_onfail"):
        return NodeState.STANDBY
    return NodeState.ONLINE


def _resource(element: etree._Element) -> Resource:
    return Resource(
        id=_required(element, "id"),
        agent=element.get("resource_agent", "").replace("::", ":"),  # as 1.1 writes it
        role=element.get("role", "Unknown"),
        active=bool(flag(element, "active")),
        blocked=bool(flag(element, "blocked")),
        failed=bool(flag(element, "failed")),
        managed=flag(element, "managed") is not False,
        maintenance=bool(flag(element, "maintenance")),
        pending=element.get("pending"),
        target_role=element.get("target_role"),
        orphan=bool(flag(element, "orphaned") or flag(element, "removed")),
        nodes=tuple(_required(node, "name") for node in element.iterfind("node")),
    )


_OP_KEY = re.compile(
    r"(.+?)_((?:(?:confirmed-)?(?:pre|post)_notify_)?(?:migrate_to|migrate_from|[^_]+))_[0-9]+",
    re.DOTALL,
)
"""Resource, task and interval, as Pacemaker's own `parse_op_key` parts them: names of resources may
have underscores and tasks in them."""


def _failure(element: etree._Element) -> Failure:
    resource, task = _resource_and_task(element.get("op_key", ""), element.get("task"))
    reason = mending.in_words(element.get("exitreason", ""))
    return Failure(
        resource=element.get("id") or resource,
        node=element.get("node", ""),
        task=task,
        rc=number(element.get("exitcode")) or 0,
        reason=element.get("exitstatus", reason) if reason in _NO_REASON else reason,
        at=moment(element.get("last-rc-change")),
    )


def _resource_and_task(key: str, task: str | None) -> tuple[str, str]:
    """Where no task is told beside it, the key says it too."""
    parts = _OP_KEY.fullmatch(key)
    if task or parts is None:
        return key.rsplit(f"_{task}_", 1)[0], task or ""
    return parts[1], parts[2]


_NO_REASON = ("", "none")
"""What crm_mon writes where the agent gave none."""


def _fencing(element: etree._Element) -> Fencing:
    return Fencing(
        node=element.get("target", ""),
        action=element.get("action", ""),
        status=element.get("status") or element.get("state") or "pending",
        completed=element.get("completed"),
        at=moment(element.get("completed")),
    )


def moment(text: str | None) -> float | None:
    """Epoch seconds of a time that carries its offset; `None` for one that does not."""
    try:
        when = datetime.fromisoformat((text or "").replace(" +", "+").replace(" -", "-"))
    except ValueError:
        return None
    return when.timestamp() if when.tzinfo is not None else None


def _required(element: etree._Element, name: str) -> str:
    value = element.get(name)
    if value is None:
        raise BadAnswer(f"crm_mon's answer has a <{element.tag}> without {name}")
    return value
