"""The configuration of a CIB, each value as the scheduler of its release has it. Pure.

Sources: `complex.c` (templates, meta attributes, parameters) and `pe_actions.c` (operations) of
2.1.5 and 3.0.0. The order for meta attributes: the resource with its template, what it is in, the
defaults; for an operation: its attributes, its own sets, the defaults.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from lxml import etree

from backends.pacemaker.effective import fences
from backends.pacemaker.moments import Clock, seconds
from backends.pacemaker.node_attributes import as_they_are
from backends.pacemaker.nvpairs import Source, Unpacking, Values, unpack, unpack_over
from backends.pacemaker.references import Tree
from backends.pacemaker.release import Release, release_of
from backends.pacemaker.rules import Agent, Node, Situation, Task
from backends.pacemaker.upgraded import Upgrade, is_older
from backends.pacemaker.upgraded_order import in_order
from backends.pacemaker.xml import primitives

_PARENTS = ("group", "clone", "master", "bundle")
_PARAMETERS = "instance_attributes"
_FIRST_OPTIONS = "cib-bootstrap-options"
_CLUSTER_DELAY = "60s"


class Configured:
    """One CIB at one moment."""

    def __init__(self, root: etree._Element, clock: Clock | None = None) -> None:
        self.release: Release = release_of(root)
        is_upgraded = self.release.upgrades_older_schemas and is_older(root)
        self.root = in_order(root) if is_upgraded else root
        self.clock = clock or Clock()
        self.tree = Tree(self.root)
        self._upgrade = Upgrade(self.tree) if is_upgraded else None
        self.source = self._source(self.tree)

    def _source(self, own: Tree) -> Source:
        return Source(self.tree, own, self._upgrade)

    def source_of(self, element: etree._Element) -> Source:
        """Where that which a resource refers to is looked for, if it has no template."""
        alone = self.release.looks_in_the_resource_alone
        return self._source(Tree(element)) if alone else self.source

    def situation(
        self, agent: Agent | None = None, task: Task | None = None, node: Node | None = None
    ) -> Situation:
        return Situation(self.release, self.clock, agent, task, node)

    def values(self, parent: etree._Element | None, tag: str) -> Values:
        """Of sets that belong to no resource."""
        into = Unpacking()
        unpack(into, parent, tag, self.source, self.situation())
        return into.values

    @cached_property
    def options(self) -> Values:
        into, section = Unpacking(), self.root.find("configuration/crm_config")
        situation, tag = self.situation(), "cluster_property_set"
        unpack(into, section, tag, self.source, situation, first=_FIRST_OPTIONS)
        return into.values

    @cached_property
    def fences(self) -> bool | None:
        return fences(self.options, self.release)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """By name, all that rules may ask of them."""
        return as_they_are(self.root, self.values, self.options)

    @cached_property
    def rsc_defaults(self) -> etree._Element | None:
        return self.root.find("configuration/rsc_defaults")

    @cached_property
    def op_defaults(self) -> etree._Element | None:
        return self.root.find("configuration/op_defaults")

    @cached_property
    def _templates(self) -> dict[str | None, etree._Element]:
        return {t.get("id"): t for t in self.root.iterfind("configuration/resources/template")}

    def primitives(self) -> Iterator[Primitive]:
        return map(self.primitive, primitives(self.root))

    def primitive(self, own: etree._Element) -> Primitive:
        template = self._templates.get(own.get("template"))
        if template is None:
            return Primitive(self, own, own, self.source_of(own))
        put_in = _with_template(own, template)
        return Primitive(self, own, put_in, self._source(Tree(put_in)))


def _with_template(own: etree._Element, template: etree._Element) -> etree._Element:
    """A resource that its template has been put into: its own sets stand behind the template's."""
    whole = deepcopy(template)
    whole.tag = "primitive"
    whole.tail = None
    whole.set("id", own.get("id", ""))
    lent = whole.find("operations")
    for child in own.iterchildren("*"):
        whole.append(deepcopy(child))
    operations = own.find("operations")
    if lent is not None and operations is not None:
        kept = {_op_key(op) for op in operations.iterchildren("*")}
        whole.findall("operations")[-1].extend(
            deepcopy(op) for op in lent.iterchildren("*") if _op_key(op) not in kept
        )
        whole.remove(lent)
    return whole


def _op_key(op: etree._Element) -> tuple[str | None, str]:
    role = op.get("role", "started").lower()
    return op.get("name"), "" if role in ("started", "unpromoted", "slave") else role


@dataclass(frozen=True)
class Primitive:
    """A primitive, with its template put into it."""

    configured: Configured
    own: etree._Element
    """As it stands in the CIB."""
    whole: etree._Element
    source: Source

    @property
    def id(self) -> str:
        return self.own.get("id", "")

    @property
    def agent(self) -> str:
        words = (self.whole.get(part) for part in ("class", "provider", "type"))
        return ":".join(word for word in words if word)

    @cached_property
    def parents(self) -> list[etree._Element]:
        """The group and the clone that it is in, from the inside out."""
        return list(self.own.iterancestors(*_PARENTS))

    @property
    def group(self) -> str | None:
        return next((each.get("id") for each in self.parents if each.tag == "group"), None)

    @property
    def clone(self) -> str | None:
        return next((p.get("id") for p in self.parents if p.tag in ("clone", "master")), None)

    @cached_property
    def _kind(self) -> Agent:
        return _agent(self.whole)

    def meta(self) -> Values:
        return self._meta(self.whole, self.source, self.parents).values

    def own_meta(self) -> Values:
        """What is set on itself, whatever template, group and defaults say."""
        into = Unpacking()
        situation = self.configured.situation(self._kind)
        source = self.configured.source_of(self.own)
        unpack(into, self.own, "meta_attributes", source, situation)
        return into.values

    def _meta(
        self, element: etree._Element, source: Source, parents: list[etree._Element]
    ) -> Unpacking:
        """Where neither it nor the defaults say anything, what it is in has the last word, with
        the defaults of its kind."""
        into, above = Unpacking(), Unpacking()
        situation = self.configured.situation(_agent(element))
        unpack(into, element, "meta_attributes", source, situation)
        for parent in parents:
            source_above = self.configured.source_of(parent)
            unpack(above, parent, "meta_attributes", source_above, situation)
        into.put_below(above)
        defaults = self.configured.rsc_defaults
        unpack(into, defaults, "meta_attributes", self.configured.source, situation)
        if parents:
            nearest = parents[0]
            source_above = self.configured.source_of(nearest)
            into.put_below(self._meta(nearest, source_above, parents[1:]))
        return into

    def parameters(self) -> Values:
        """Those that are the same on every node; of others it is not known which counts. They may
        differ where a set hangs on a rule; each node is asked about only there."""
        nodes = self.configured.nodes.values() if self._hang_on_rules else ()
        found = [self.parameters_on(node) for node in nodes]
        if not found:
            return self.parameters_on(None)
        names = {name for each in found for name in (*each, *each.unsure)}
        alike = {
            name
            for name in names
            if not any(name in each.unsure for each in found)
            and len({each.get(name) for each in found}) == 1
        }
        known = {name: found[0][name] for name in sorted(alike) if name in found[0]}
        return Values(known, names - alike)

    def parameters_on(self, node: Node | None) -> Values:
        into, situation = Unpacking(), self.configured.situation(node=node)
        for element, source in self._set_on:
            unpack(into, element, _PARAMETERS, source, situation)
        return into.values

    @property
    def _hang_on_rules(self) -> bool:
        situation = self.configured.situation()
        return any(
            nvset.find("rule") is not None
            for element, source in self._set_on
            for nvset, _ in source.sets(element, _PARAMETERS, situation)
        )

    @cached_property
    def _set_on(self) -> list[tuple[etree._Element, Source]]:
        """Where its parameters are set, the nearest first."""
        found = [(self.whole, self.source)]
        found += [(parent, self.configured.source_of(parent)) for parent in self.parents]
        defaults = self.configured.rsc_defaults
        return found if defaults is None else [*found, (defaults, self.configured.source)]

    def utilization(self) -> Values:
        into = Unpacking()
        unpack(into, self.whole, "utilization", self.source, self.configured.situation())
        return into.values

    def operation(self, name: str) -> Values:
        """An operation's options. Of one that recurs the first of that name is meant."""
        into, op = Unpacking(), self._entry(name)
        recurs = seconds(op.get("interval")) if op is not None else None
        situation = self.configured.situation(self._kind, Task(name, recurs or 0.0))
        tag, defaults = "meta_attributes", self.configured.op_defaults
        attributes = (
            {str(key): str(said) for key, said in op.attrib.items()} if op is not None else {}
        )
        if situation.release.lets_first_operation_set_win:
            unpack(into, defaults, tag, self.configured.source, situation)
            if op is not None:
                unpack_over(into, op, tag, self._source_of_operations, situation)
        elif op is not None:
            unpack(into, op, tag, self._source_of_operations, situation)
        for key, said in attributes.items():
            into.put(key, said, overwrite=True)
        if not situation.release.lets_first_operation_set_win:
            unpack(into, defaults, tag, self.configured.source, situation)
        values = into.values
        if situation.release.takes_no_timeout and seconds(values.get("timeout")) == 0:
            delay = self.configured.options.get("cluster-delay", _CLUSTER_DELAY)
            return Values({**values, "timeout": delay}, values.unsure)
        return values

    def operation_names(self) -> list[str]:
        return [op.get("name", "") for op in self._entries]

    def operation_id(self, name: str) -> str | None:
        """The id of an operation that is its own; `None` for one that it shares or lacks."""
        found = (op for op in self.own.iterfind("operations/op") if op.get("name") == name)
        return next((op.get("id") for op in found if _fits(op)), None)

    @cached_property
    def _source_of_operations(self) -> Source:
        """Operations that are a reference stand in the CIB, whatever template there is."""
        listed = self.whole.find("operations")
        shared = listed is not None and listed.get("id-ref") is not None
        return self.configured.source if shared else self.source

    @cached_property
    def _entries(self) -> list[etree._Element]:
        listed = self.whole.find("operations")
        if listed is None:
            return []
        resolved = self.configured.tree.resolved(listed)
        return resolved.findall("op") if resolved is not None else []

    def _entry(self, name: str) -> etree._Element | None:
        """Pacemaker takes one called `migrate` for both halves of a migration."""
        entries = self._entries
        found = (op for op in entries if op.get("name") == name and _fits(op))
        also = (op for op in entries if op.get("name") == "migrate" and name in _MIGRATING)
        return next(chain(found, filter(_at_once, also)), None)


_MIGRATING = ("migrate_to", "migrate_from")


def _fits(op: etree._Element) -> bool:
    return op.get("name") == "monitor" or _at_once(op)


def _at_once(op: etree._Element) -> bool:
    return not seconds(op.get("interval"))


def _agent(element: etree._Element) -> Agent:
    return Agent(element.get("class"), element.get("provider"), element.get("type"))
