"""Where a resource may never run, whatever happens: location constraints for good. Pure.

Sources: "Pacemaker Explained" 2.1, "Deciding Which Nodes a Resource Can Run On" and "Rules". Where
a rule turns on anything but the nodes' permanent attributes, nothing is concluded from it, nor from
what moves and bans have left behind: they are to go.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from lxml import etree

from backends.pacemaker.cib import is_leftover, values_of
from backends.pacemaker.xml import number, truth

_INFINITY = 1_000_000
_EVERY_ROLE = (None, "started")
_COLLECTIVES = ("group", "clone", "master", "bundle")


def members_of(root: etree._Element) -> dict[str, tuple[str, ...]]:
    """The primitives that a constraint means by an id: itself, or those of the group, the clone,
    the bundle, the template or the tag of that id."""
    members: dict[str, list[str]] = {}
    for primitive in root.iterfind("configuration/resources//primitive"):
        name = primitive.get("id", "")
        above = [each.get("id") for each in primitive.iterancestors(*_COLLECTIVES)]
        for known in (name, primitive.get("template"), *above):
            if known is not None:
                members.setdefault(known, []).append(name)
    for tag in root.iterfind("configuration/tags/tag"):
        listed = [each.get("id", "") for each in tag.iterfind("obj_ref")]
        tagged = [name for each in listed for name in members.get(each, ())]
        members.setdefault(tag.get("id", ""), tagged)
    return {known: tuple(names) for known, names in members.items()}


def barred(
    root: etree._Element, members: Mapping[str, tuple[str, ...]], options: Mapping[str, str]
) -> dict[str, frozenset[str]]:
    """For each primitive that is kept from some nodes for good: these nodes."""
    nodes = {
        node.get("uname", ""): values_of(node.iterfind("instance_attributes"))
        for node in root.iterfind("configuration/nodes/node")
    }
    banned: dict[str, set[str]] = {}
    wanted: dict[str, set[str]] = {}
    looked_for: dict[str, set[str]] = {}
    for location in root.iterfind("configuration/constraints/rsc_location"):
        if is_leftover(location.get("id", "")):
            continue
        vms = [vm for name in _subjects(root, location) for vm in members.get(name, ())]
        exclusive = location.get("resource-discovery") == "exclusive"
        for name, score in _scores(location, nodes):
            for vm in vms:
                if exclusive:
                    looked_for.setdefault(vm, set()).add(name)
                if score <= -_INFINITY:
                    banned.setdefault(vm, set()).add(name)
                elif score >= 0:
                    wanted.setdefault(vm, set()).add(name)
    if truth(options.get("symmetric-cluster")) is False:
        for vm in {name for names in members.values() for name in names}:
            banned.setdefault(vm, set()).update(nodes.keys() - wanted.get(vm, set()))
    for vm, known in looked_for.items():
        banned.setdefault(vm, set()).update(nodes.keys() - known)
    return {vm: frozenset(names) for vm, names in banned.items()}


def _subjects(root: etree._Element, location: etree._Element) -> Iterator[str]:
    """The ids that a constraint names; a pattern is of those that stand in nothing else."""
    for reference in (location, *location.iterfind("resource_set/resource_ref")):
        yield from filter(None, [reference.get("rsc") or reference.get("id")])
    pattern = location.get("rsc-pattern")
    if pattern is not None:
        try:
            expression = re.compile(pattern.removeprefix("!"))
        except re.error:
            return
        for element in root.iterfind("configuration/resources/*[@id]"):
            found = expression.search(element.get("id", "")) is not None
            if element.tag != "template" and found != pattern.startswith("!"):
                yield element.get("id", "")


def _scores(
    location: etree._Element, nodes: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, int]]:
    """Node and score of one constraint, as far as it is for good."""
    if _role(location) not in _EVERY_ROLE:
        return
    node, score = location.get("node"), _score(location)
    if node is not None and score is not None:
        yield node, score
    for rule in location.iterfind("rule"):
        score = _score(rule)
        if score is not None and _role(rule) in _EVERY_ROLE:
            yield from ((name, score) for name in nodes if _holds(rule, name, nodes[name]))


def _role(element: etree._Element) -> str | None:
    said = element.get("role")
    return said.lower() if said is not None else None


def _score(element: etree._Element) -> int | None:
    said = element.get("score", "")
    if said.lstrip("+-").upper() == "INFINITY":
        return -_INFINITY if said.startswith("-") else _INFINITY
    return number(said)


def _holds(rule: etree._Element, node: str, attributes: Mapping[str, str]) -> bool | None:
    """Whether a rule is true of a node; `None` where that is not sure, or not for good."""
    parts = [
        _holds(part, node, attributes) if part.tag == "rule" else _true_of(part, node, attributes)
        for part in rule.iterchildren("*")
    ]
    decisive = rule.get("boolean-op", "and") == "or"
    if decisive in parts:
        return decisive
    return None if None in parts else not decisive


def _true_of(part: etree._Element, node: str, attributes: Mapping[str, str]) -> bool | None:
    name, value = part.get("attribute", ""), part.get("value", "")
    known = node if name == "#uname" else attributes.get(name)
    if part.tag != "expression" or known is None:
        return None
    match part.get("operation"):
        case "eq":
            return known.lower() == value.lower()
        case "ne":
            return known.lower() != value.lower()
        case "defined":
            return True
        case "not_defined":
            return False
        case _:
            return None
