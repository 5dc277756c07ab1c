"""The attributes of nodes, for rules that ask for them. Pure.

Source: `unpack_nodes` and `add_node_attrs` of 2.1.5: what is set for good, what is set until the
node goes (it wins), and a few that Pacemaker adds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from lxml import etree

from backends.pacemaker.nvpairs import Values
from backends.pacemaker.rules import Node
from backends.pacemaker.xml import primitives

_SETS = "instance_attributes"
_CLUSTER = "cluster-name"

Read = Callable[[etree._Element | None, str], Values]
"""Reads the sets of a tag below an element."""


def for_good(root: etree._Element, read: Read) -> dict[str, Node]:
    """By name what stands in the configuration alone. What else there is may change."""
    found: dict[str, Node] = {}
    remote = dict(_remote(root))
    for element in root.iterfind("configuration/nodes/node"):
        name = element.get("uname", "")
        kind = "remote" if element.get("type") == "remote" else "cluster"
        kind = remote.pop(name, kind)
        added = {"#uname": name, "#id": element.get("id", ""), "#kind": kind}
        found[name] = Node({**read(element, _SETS), **added}, complete=False)
    for name, kind in remote.items():
        found[name] = Node({"#uname": name, "#id": name, "#kind": kind}, complete=False)
    return found


def _remote(root: etree._Element) -> Iterator[tuple[str, str]]:
    """The names and kinds of the nodes that resources make: they need not stand among the nodes."""
    for primitive in primitives(root):
        if (primitive.get("provider"), primitive.get("type")) == ("pacemaker", "remote"):
            yield primitive.get("id", ""), "remote"
        for values in primitive.iterchildren("meta_attributes"):
            for pair in values.iterchildren("nvpair"):
                if pair.get("name") == "remote-node" and (name := pair.get("value")):
                    yield name, "container"


def as_they_are(root: etree._Element, read: Read, options: Values) -> dict[str, Node]:
    """By name all that Pacemaker asks of a node now."""
    states = {state.get("uname"): state for state in root.iterfind("status/node_state")}
    every = root.iterfind("configuration/nodes/node")
    permanent = {n.get("uname", ""): read(n, _SETS).unsure for n in every}
    found: dict[str, Node] = {}
    for name, node in for_good(root, read).items():
        state = states.get(name)
        transient = state.find("transient_attributes") if state is not None else None
        now = read(transient, _SETS)
        known = {**node.attributes}
        if name in permanent:
            _add_site(known, options)
        known.update(now)
        _add_site(known, options)
        known["#is_dc"] = str(known["#id"] == root.get("dc-uuid")).lower()
        unsure = permanent.get(name, frozenset()) | now.unsure | (options.unsure & {_CLUSTER})
        found[name] = Node({k: v for k, v in known.items() if k not in now.unsure}, not unsure)
    return found


def _add_site(known: dict[str, str], options: Values) -> None:
    """A node's site is told from its attributes as soon as Pacemaker has read some, and once: one
    that is set until the node goes comes too late where the cluster has a name."""
    cluster = options.get(_CLUSTER)
    if cluster is not None:
        known["#cluster-name"] = cluster
    site = known.get("site-name", cluster)
    if site is not None:
        known.setdefault("#site-name", site)
