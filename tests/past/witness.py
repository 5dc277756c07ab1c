"""What of a picture a witness of that moment could have seen as well, and such a witness."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from backends.data.picture import Cluster, NodeState
from lab.lab import Lab

NEAR_S = 1.0
"""What a witness saw nearer to a change may be of before or after it."""
_MARK = "<!-- constraints -->"
_LOOK = f"crm_mon -1 --output-as=xml; echo '{_MARK}'; cibadmin --query --scope constraints"


@dataclass(frozen=True, slots=True)
class View:
    """`nodes`: whether each is online, in standby, unclean. `constraints`: those that moves and
    bans left, by their ids."""

    nodes: Mapping[str, tuple[bool, bool, bool]]
    places: Mapping[str, frozenset[str]]
    constraints: frozenset[str]


@dataclass(frozen=True, slots=True)
class Seen:
    """What crm_mon and the CIB said between two moments."""

    began: float
    ended: float
    view: View

    @property
    def at(self) -> float:
        return (self.began + self.ended) / 2


def as_seen(picture: Cluster) -> View:
    nodes = {
        node.name: (
            node.state not in (NodeState.OFFLINE, NodeState.UNCLEAN, NodeState.PENDING),
            node.standby,
            node.unclean,
        )
        for node in picture.nodes
    }
    places = {vm.id: frozenset(vm.nodes) for vm in picture.vms}
    left = frozenset(each.id for vm in picture.vms for each in vm.constraints)
    return View(nodes, places, left)


def seen(lab: Lab) -> Seen:
    began = time.time()
    status, _, constraints = lab.cluster.ask("sh", "-c", _LOOK).partition(_MARK)
    ended = time.time()
    answer = ElementTree.fromstring(status)
    ids = {each.get("id", "") for each in ElementTree.fromstring(constraints.strip())}
    left = frozenset(each for each in ids if each.startswith("cli-"))
    return Seen(began, ended, View(_nodes(answer), _places(answer), left))


def calm(looks: Sequence[Seen]) -> Iterator[Seen]:
    """Those that were farther from every change."""
    changed = [(one.ended, other.began) for one, other in pairwise(looks) if one.view != other.view]
    for look in looks:
        if all(
            look.ended + NEAR_S < earliest or latest < look.began - NEAR_S
            for earliest, latest in changed
        ):
            yield look


def _nodes(answer: Element) -> dict[str, tuple[bool, bool, bool]]:
    return {
        node.get("name", ""): (
            node.get("online") == "true",
            node.get("standby") == "true",
            node.get("unclean") == "true",
        )
        for node in answer.iterfind("nodes/node")
    }


def _places(answer: Element) -> dict[str, frozenset[str]]:
    return {
        resource.get("id", ""): frozenset(n.get("name", "") for n in resource.iterfind("node"))
        for resource in answer.iter("resource")
        if resource.get("resource_agent") == "ocf:heartbeat:VirtualDomain"
    }
