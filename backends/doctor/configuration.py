"""The CIB as the doctor reads it: every primitive with all that is set on it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from backends.doctor.locations import barred, members_of
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.cib import agent_of, layered, operation_of, values_of
from backends.pacemaker.xml import parse, truth


@dataclass(frozen=True, slots=True)
class Resource:
    """A primitive. Templates and defaults are counted in; `parents` are its group and its clone."""

    id: str
    agent: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    """Those of a VM by the names that VirtualDomain has for them."""
    meta: Mapping[str, str] = field(default_factory=dict)
    """Its own, its group's and its clone's (`promoted-max`, `interleave`, …), then the defaults."""
    utilization: Mapping[str, str] = field(default_factory=dict)
    operations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Options of `start`, `stop`, `migrate_to` and `migrate_from`, op_defaults counted in; more
    where they are configured."""
    group: str | None = None
    clone: str | None = None

    is_own_agent: bool = False
    """Whether a site has named its agent as one that runs VMs."""

    @property
    def is_vm(self) -> bool:
        return self.is_own_agent or KNOWN.runs_a_domain(self.agent)

    @property
    def config(self) -> str | None:
        """The file with the domain's XML."""
        return self.parameters.get("config") if self.is_vm else None

    @property
    def allow_migrate(self) -> bool:
        return truth(self.meta.get("allow-migrate")) is True


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration section of a CIB."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Cluster options, as they are set; defaults are not filled in."""
    resources: Mapping[str, Resource] = field(default_factory=dict)
    """By id, in the order of the CIB."""
    dependent: frozenset[str] = frozenset()
    """Ids that stand in an order or a colocation with something, or in a group behind it."""
    barred: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """By id the nodes on which it may never run, where there are any."""
    node_utilization: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def of_agent(self, *agents: str) -> tuple[Resource, ...]:
        """The primitives of these agents (`ocf:linbit:drbd`)."""
        return tuple(each for each in self.resources.values() if each.agent in agents)


def parse_configuration(cib: bytes, agents: Agents = KNOWN) -> Configuration:
    """One answer of `cibadmin --query`. Raises `BadAnswer`."""
    root = parse(cib, "cibadmin")
    resources = {resource.id: resource for resource in _resources(root, agents)}
    options = values_of(root.iterfind("configuration/crm_config/cluster_property_set"))
    members = members_of(root)
    return Configuration(
        options=options,
        resources=resources,
        dependent=frozenset(_dependent(root, members)),
        barred=barred(root, members, options),
        node_utilization={
            node.get("uname", ""): values_of(node.iterfind("utilization"))
            for node in root.iterfind("configuration/nodes/node")
        },
    )


_OPERATIONS = ("start", "stop", "migrate_to", "migrate_from")


def _resources(root: etree._Element, agents: Agents) -> Iterator[Resource]:
    templates = {t.get("id"): t for t in root.iterfind("configuration/resources/template")}
    defaults = values_of(root.iterfind("configuration/rsc_defaults/meta_attributes"))
    op_defaults = values_of(root.iterfind("configuration/op_defaults/meta_attributes"))
    for primitive in root.iterfind("configuration/resources//primitive"):
        template = templates.get(primitive.get("template"))
        layers = [primitive] if template is None else [primitive, template]
        parents = [p for p in primitive.iterancestors() if p.tag in ("group", "clone", "master")]
        agent = agent_of(layers)
        given = layered(layers, "instance_attributes")
        is_vm = agents.runs_a_domain(agent)
        listed = [op.get("name", "") for op in primitive.iterfind("operations/op")]
        yield Resource(
            id=primitive.get("id", ""),
            agent=agent,
            parameters=agents.parameters(agent, given) if is_vm else given,
            meta={**defaults, **layered([*layers, *parents], "meta_attributes")},
            utilization=layered(layers, "utilization"),
            operations={
                name: operation_of(layers, name, op_defaults)
                for name in dict.fromkeys((*_OPERATIONS, *listed))
            },
            group=next((p.get("id") for p in parents if p.tag == "group"), None),
            clone=next((p.get("id") for p in parents if p.tag != "group"), None),
            is_own_agent=is_vm,
        )


def _dependent(root: etree._Element, members: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    for group in root.iterfind("configuration/resources//group"):
        for primitive in group.findall("primitive")[1:]:
            yield primitive.get("id", "")
    for constraint in root.iterfind("configuration/constraints/*"):
        if constraint.tag in ("rsc_order", "rsc_colocation", "rsc_ticket"):
            for name in ("then", "rsc", "with-rsc"):
                yield from members.get(constraint.get(name, ""), ())
            for reference in constraint.iterfind(".//resource_ref"):
                yield from members.get(reference.get("id", ""), ())
