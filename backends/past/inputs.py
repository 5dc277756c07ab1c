"""One recorded input, read: whose it is, when it was decided, and what it says. Pure.

The configuration and the histories are parsed by the code that parses the present; here is what
the present asks crm_mon for: the state of the nodes, as the scheduler itself reads it
(`determine_online_status` of 2.1.5; from 3.0 on `in_ccm` and `crmd` are moments instead of words).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from backends.data.errors import BadAnswer
from backends.data.picture import NodeState
from backends.pacemaker import failed_there, secrets
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.cib import Cib, parse_cib
from backends.pacemaker.configured import Configured
from backends.pacemaker.moments import Clock
from backends.pacemaker.xml import number, parse, truth
from backends.past.recorded import Recorded

_FAIL_COUNT = b"fail-count-"
NEAR_S = 2.0
"""A file is written right after the decision; one that is older or younger was copied there."""


@dataclass(frozen=True, slots=True)
class Who:
    """Who changed the CIB last, as Pacemaker notes it; an empty word where it does not say."""

    user: str = ""
    client: str = ""
    origin: str = ""

    def __str__(self) -> str:
        # Pacemaker 3.0 names the user for the tool, too.
        tool = self.client if self.client != self.user else ""
        by = " with ".join(word for word in (self.user, tool) if word)
        return f"{by or 'somebody'}{f' on {self.origin}' if self.origin else ''}"


@dataclass(frozen=True, slots=True)
class Input:
    """`text`: the whole CIB without its secrets. `file` is `None` for the present one."""

    file: Recorded | None
    at: float
    text: bytes
    cib: Cib
    who: Who
    dc: str | None
    quorum: bool | None
    maintenance: bool
    nodes: Mapping[str, NodeState]
    configuration: bytes
    barred: Mapping[tuple[str, str], str]
    """The nodes where a resource failed as often as it may, and what is said of that."""

    @property
    def name(self) -> str:
        return f"{self.file.name} of {self.file.node}" if self.file else "the present"


def read_input(
    data: bytes,
    file: Recorded | None,
    now: float = 0.0,
    agents: Agents = KNOWN,
    alike: Input | None = None,
) -> Input:
    """Parse one CIB and strike its secrets out; its rules are read as of its own time.

    `alike`: another one, which may say the same of the VMs: most decisions are about a status.
    Raises `BadAnswer`, and `NotPermitted` for half a CIB.
    """
    what = f"{file.name} of {file.node}" if file else "cibadmin"
    root = parse(data, what)
    if root.tag != "cib":
        raise BadAnswer(f"{what} holds <{root.tag}>, not a CIB")
    secrets.strike(root)
    text = etree.tostring(root)
    names = {n.get("id"): n.get("uname") for n in root.iterfind("configuration/nodes/node")}
    at = now if file is None else _decided_at(root, file)
    clock = Clock(at)
    configured = Configured(root, clock)
    section = root.find("configuration")
    configuration = b"" if section is None else etree.tostring(section)
    return Input(
        file=file,
        at=at,
        text=text,
        cib=parse_cib(text, agents=agents, clock=clock, before=alike.cib if alike else None),
        who=Who(*(root.get(f"update-{word}", "") for word in ("user", "client", "origin"))),
        dc=names.get(root.get("dc-uuid")),
        quorum=truth(root.get("have-quorum")),
        maintenance=truth(configured.options.get("maintenance-mode")) is True,
        nodes=_nodes(configured),
        configuration=configuration,
        barred=dict(_barred(configured)) if _FAIL_COUNT in text else {},
    )


def _barred(configured: Configured) -> Iterator[tuple[tuple[str, str], str]]:
    for primitive in configured.primitives():
        for obstacle in failed_there.counted(configured, primitive):
            yield (primitive.id, obstacle.node), obstacle.reason


def _decided_at(root: etree._Element, file: Recorded) -> float:
    """By its own date, in whole seconds; the file's is finer and holds where it agrees."""
    own = number(root.get("execution-date"))
    if own is None or own <= file.at < own + NEAR_S:
        return file.at
    return float(own)


def _nodes(configured: Configured) -> dict[str, NodeState]:
    root = configured.root
    states = {state.get("uname"): state for state in root.iterfind("status/node_state")}
    return {
        name: _node_state(configured.nodes[name].attributes, states.get(name))
        for node in root.iterfind("configuration/nodes/node")
        if node.get("type") not in ("remote", "ping") and (name := node.get("uname", ""))
    }


def _node_state(attributes: Mapping[str, str], state: etree._Element | None) -> NodeState:
    if state is None:
        return NodeState.OFFLINE
    member, controlled = _yes(state.get("in_ccm")), _yes(state.get("crmd"))
    joined, expected = state.get("join") == "member", state.get("expected") == "member"
    if not (member and controlled and joined):
        if member and controlled:
            return NodeState.PENDING
        return NodeState.UNCLEAN if expected else NodeState.OFFLINE
    if truth(attributes.get("maintenance")):
        return NodeState.MAINTENANCE
    return NodeState.STANDBY if truth(attributes.get("standby")) else NodeState.ONLINE


def _yes(value: str | None) -> bool:
    """`true` and `online` of older releases, a moment other than 0 of newer ones."""
    moment = number(value)
    return moment > 0 if moment is not None else value in ("true", "online")
