"""Where a resource may never run, whatever happens: location constraints for good. Pure.

Sources: "Pacemaker Explained" 2.1, "Deciding Which Nodes a Resource Can Run On" and "Rules". Where
a rule turns on anything but the nodes' permanent attributes, nothing is concluded from it, nor from
what moves and bans have left behind: they are to go.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping

from lxml import etree

from backends.data.picture import Obstacle
from backends.pacemaker.configured import Configured
from backends.pacemaker.leftovers import is_leftover
from backends.pacemaker.node_attributes import for_good
from backends.pacemaker.nvpairs import INFINITY, score_of
from backends.pacemaker.references import Tree
from backends.pacemaker.rules import Situation, holds
from backends.pacemaker.xml import primitives, truth

_EVERY_ROLE = (None, "started")
_COLLECTIVES = ("group", "clone", "master", "bundle")


def members_of(root: etree._Element) -> dict[str, tuple[str, ...]]:
    """The primitives that a constraint means by an id: itself, or those of the group, the clone,
    the bundle, the template or the tag of that id."""
    members: dict[str, list[str]] = {}
    for primitive in primitives(root):
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
    configured: Configured, members: Mapping[str, tuple[str, ...]]
) -> dict[str, frozenset[str]]:
    """For each primitive that is kept from some nodes for good: these nodes."""
    root, nodes = configured.root, for_good(configured.root, configured.values)
    release = configured.release
    situations = {name: Situation(release, clock=None, node=node) for name, node in nodes.items()}
    banned: dict[str, set[str]] = {}
    wanted: dict[str, set[str]] = {}
    looked_for: dict[str, set[str]] = {}
    for location in root.iterfind("configuration/constraints/rsc_location"):
        if is_leftover(location.get("id", "")):
            continue
        vms = [vm for name in _subjects(root, location) for vm in members.get(name, ())]
        exclusive = location.get("resource-discovery") == "exclusive"
        for name, score in _scores(location, configured.tree, situations):
            for vm in vms:
                if exclusive:
                    looked_for.setdefault(vm, set()).add(name)
                if score <= -INFINITY:
                    banned.setdefault(vm, set()).add(name)
                elif score >= 0:
                    wanted.setdefault(vm, set()).add(name)
    if truth(configured.options.get("symmetric-cluster")) is False:
        for vm in {name for names in members.values() for name in names}:
            banned.setdefault(vm, set()).update(nodes.keys() - wanted.get(vm, set()))
    for vm, known in looked_for.items():
        banned.setdefault(vm, set()).update(nodes.keys() - known)
    return {vm: frozenset(names) for vm, names in banned.items()}


def kept_from(
    configured: Configured, members: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Obstacle]]:
    """Each primitive with what keeps it from a node now; what moves have left does not, since a
    move lifts it."""
    root = configured.root
    situations = {name: configured.situation(node=node) for name, node in configured.nodes.items()}
    wanted: dict[str, set[str]] = {}
    for location in root.iterfind("configuration/constraints/rsc_location"):
        name = location.get("id", "")
        vms = [vm for each in _subjects(root, location) for vm in members.get(each, ())]
        scores = dict(_scores(location, configured.tree, situations))
        for vm in vms:
            wanted.setdefault(vm, set()).update(n for n, score in scores.items() if score >= 0)
        if not is_leftover(name):
            exclusive = location.get("resource-discovery") == "exclusive"
            for node, why in _why_not(name, scores, situations, exclusive=exclusive):
                yield from ((vm, Obstacle(node, why)) for vm in vms)
    if truth(configured.options.get("symmetric-cluster")) is False:
        why = "symmetric-cluster is false, and no constraint lets it run there"
        for vm in {name for names in members.values() for name in names}:
            for node in situations.keys() - wanted.get(vm, set()):
                yield vm, Obstacle(node, why)


def _why_not(
    name: str, scores: Mapping[str, int], nodes: Collection[str], *, exclusive: bool
) -> Iterator[tuple[str, str]]:
    homes = [node for node, score in scores.items() if score >= INFINITY]
    for node in nodes:
        score = scores.get(node)
        if score is not None and score <= -INFINITY:
            yield node, f"{name} bans it from there"
        elif exclusive and score is None:
            yield (
                node,
                f"{name} has it looked for elsewhere only (resource-discovery)",
            )
        elif homes and node not in homes:
            yield node, f"{name} wants it on {' or '.join(homes)}, with INFINITY as a move does"


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
    location: etree._Element, tree: Tree, situations: Mapping[str, Situation]
) -> Iterator[tuple[str, int]]:
    """Node and score of one constraint, as far as it is for good."""
    if _role(location) not in _EVERY_ROLE:
        return
    node, score = location.get("node"), _score(location)
    if node is not None and score is not None:
        yield node, score
    for rule in map(tree.resolved, location.iterfind("rule")):
        score = _score(rule) if rule is not None else None
        if rule is not None and score is not None and _role(rule) in _EVERY_ROLE:
            yield from (
                (name, score)
                for name, situation in situations.items()
                if holds(rule, tree, situation)
            )


def _role(element: etree._Element) -> str | None:
    said = element.get("role")
    return said.lower() if said is not None else None


def _score(element: etree._Element) -> int | None:
    said = element.get("score")
    return score_of(said) if said is not None else None
