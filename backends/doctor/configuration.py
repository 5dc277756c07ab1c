"""The CIB as the doctor reads it: every primitive with all that is set on it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lxml import etree

from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.configured import Configured
from backends.pacemaker.effective import allows_migration
from backends.pacemaker.locations import barred, members_of
from backends.pacemaker.moments import Clock
from backends.pacemaker.xml import parse


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
    def allow_migrate(self) -> bool | None:
        """`None` where a rule that cannot be evaluated decides it."""
        return allows_migration(self.meta)


@dataclass(frozen=True, slots=True)
class Configuration:
    """The configuration section of a CIB."""

    options: Mapping[str, str] = field(default_factory=dict)
    """Cluster options, as they are set; defaults are not filled in."""
    fences: bool | None = True
    """`None` where a rule that cannot be evaluated decides it."""
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


def parse_configuration(
    cib: bytes, agents: Agents = KNOWN, *, clock: Clock | None = None
) -> Configuration:
    """One answer of `cibadmin --query`, read at the time of `clock`. Raises `BadAnswer`."""
    root = parse(cib, "cibadmin")
    configured = Configured(root, clock)
    members = members_of(root)
    return Configuration(
        options=configured.options,
        fences=configured.fences,
        resources={resource.id: resource for resource in _resources(configured, agents)},
        dependent=frozenset(_dependent(root, members)),
        barred=barred(configured, members),
        node_utilization={
            node.get("uname", ""): configured.values(node, "utilization")
            for node in root.iterfind("configuration/nodes/node")
        },
    )


_OPERATIONS = ("start", "stop", "migrate_to", "migrate_from")


def _resources(configured: Configured, agents: Agents) -> Iterator[Resource]:
    for primitive in configured.primitives():
        agent, given = primitive.agent, primitive.parameters()
        is_vm = agents.runs_a_domain(agent)
        yield Resource(
            id=primitive.id,
            agent=agent,
            parameters=agents.parameters(agent, given) if is_vm else given,
            meta=primitive.meta(),
            utilization=primitive.utilization(),
            operations={
                name: primitive.operation(name)
                for name in dict.fromkeys((*_OPERATIONS, *primitive.operation_names()))
            },
            group=primitive.group,
            clone=primitive.clone,
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
