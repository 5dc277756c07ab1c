"""The CIB into what it says of VMs: their configuration, constraints and history. Pure.

Sources: Pacemaker's `xml/*.rng`, "Pacemaker Explained" 2.1, and CIBs of 2.1.5 (tests/samples).
Sets of values that a rule guards are passed over: their truth only the scheduler knows.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from lxml import etree

from backends.data.errors import BadAnswer, NotPermitted
from backends.data.picture import CibVersion, Constraint, ConstraintKind, Operation
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.xml import number, parse, truth

MiB = 1 << 20


@dataclass(frozen=True, slots=True)
class VMResource:
    """A primitive that runs a domain, as it is configured."""

    id: str
    agent: str
    config: str | None
    domain: str | None
    group: str | None
    allow_migrate: bool
    maintenance: bool
    own_maintenance: str | None
    target_role: str | None
    memory_bytes: int | None
    """What the agent wrote into its utilization; libvirt knows better."""
    migrate_to_timeout_s: float | None
    migrate_from_timeout_s: float | None
    migrate_to_on_fail: str | None
    migrate_to_op_id: str | None
    migration_speed_bytes_per_s: int | None


@dataclass(frozen=True, slots=True)
class Cib:
    version: CibVersion
    cluster_name: str | None
    migration_limit: int | None
    vms: tuple[VMResource, ...]
    constraints: tuple[Constraint, ...]
    history: Mapping[str, tuple[Operation, ...]]
    """For each resource what was done with it, per node in the order of its call ids."""


def parse_cib(data: bytes, *, agents: Agents = KNOWN) -> Cib:
    """One answer of `cibadmin --query`. Raises `BadAnswer`, or `NotPermitted` for half a CIB."""
    root = parse(data, "cibadmin")
    if root.tag != "cib":
        raise BadAnswer(f"cibadmin answered <{root.tag}>, not a CIB")
    _check_whole(root)
    options = values_of(root.iterfind("configuration/crm_config/cluster_property_set"))
    limit = number(options.get("migration-limit"))
    return Cib(
        version=version_of(root),
        cluster_name=options.get("cluster-name"),
        migration_limit=limit if limit is not None and limit > 0 else None,
        vms=tuple(_vms(root, agents)),
        constraints=tuple(_constraints(root)),
        history=_history(root),
    )


_SECTIONS = (
    "configuration/crm_config",
    "configuration/nodes",
    "configuration/resources",
    "configuration/constraints",
    "status",
)


def _check_whole(root: etree._Element) -> None:
    """Raises `NotPermitted` for a CIB that Pacemaker's ACLs have cut down for this login.

    Of what it may not read the elements are left out, or nothing is left of them but their ids
    (`purge_xml_attributes` of 2.1.5); a whole CIB has a version and every section (`cib.rng`).
    """
    hidden = [path.rpartition("/")[2] for path in _SECTIONS if root.find(path) is None]
    if root.get("epoch") is None:
        hidden.insert(0, "version")
    if hidden and len(root):
        raise NotPermitted(
            f"this login may not read all of the CIB: Pacemaker's ACLs hide its "
            f"{', '.join(hidden)}",
            cure="log in as root or as hacluster, use --sudo, or give it a role that reads /cib",
        )


def version_of(element: etree._Element) -> CibVersion:
    """The version in a `<cib>` element. Raises `BadAnswer` where it has none."""
    parts = [number(element.get(name)) for name in ("admin_epoch", "epoch", "num_updates")]
    admin_epoch, epoch, updates = parts
    if admin_epoch is None or epoch is None or updates is None:
        raise BadAnswer("the CIB has no version")
    return CibVersion(admin_epoch, epoch, updates)


_TIMEOUT = re.compile(r"([0-9]{1,12})(?:\.[0-9]*)?\s*([a-z]*)", re.IGNORECASE)
_UNITS_S = {"ms": 0.001, "us": 0.000_001, "s": 1.0, "m": 60.0, "h": 3600.0}
"""By their first letters, in this order: `min`, `minutes` and `M` are minutes, `msec` is not."""


def seconds(text: str | None) -> float | None:
    """A timeout as Pacemaker reads it (`crm_get_msec`): seconds where it has no unit.

    `None` for what it cannot read, an ISO 8601 duration too: its default applies then.
    """
    found = _TIMEOUT.fullmatch((text or "").strip())
    if found is None:
        return None
    word = found[2].lower()
    unit = next((s for prefix, s in _UNITS_S.items() if (word or "s").startswith(prefix)), None)
    return int(found[1]) * unit if unit is not None else None


def values_of(sets: Iterator[etree._Element]) -> dict[str, str]:
    """The nvpairs of sets; the first that names a value wins, as in Pacemaker: the set with the
    highest score, then the one that stands first."""
    values: dict[str, str] = {}
    for nvset in sorted(sets, key=lambda nvset: -(number(nvset.get("score")) or 0)):
        if nvset.find("rule") is None:
            for pair in nvset.iterfind("nvpair"):
                values.setdefault(pair.get("name", ""), pair.get("value", ""))
    return values


def _vms(root: etree._Element, agents: Agents) -> Iterator[VMResource]:
    templates = {t.get("id"): t for t in root.iterfind("configuration/resources/template")}
    defaults = values_of(root.iterfind("configuration/rsc_defaults/meta_attributes"))
    op_defaults = values_of(root.iterfind("configuration/op_defaults/meta_attributes"))
    for primitive in root.iterfind("configuration/resources//primitive"):
        template = templates.get(primitive.get("template"))
        layers = [primitive] if template is None else [primitive, template]
        agent = agent_of(layers)
        if not agents.runs_a_domain(agent):
            continue
        parents = [p for p in primitive.iterancestors() if p.tag in ("group", "clone", "master")]
        meta = {**defaults, **layered([*layers, *parents], "meta_attributes")}
        given = layered(layers, "instance_attributes")
        parameters = agents.parameters(agent, given)
        utilization = layered(layers, "utilization")
        memory = number(utilization.get("hv_memory"))
        speed = number(parameters.get("migration_speed"))
        migrate_to = operation_of(layers, "migrate_to", op_defaults)
        migrate_from = operation_of(layers, "migrate_from", op_defaults)
        yield VMResource(
            id=primitive.get("id", ""),
            agent=agent,
            config=agents.config_file(agent, given),
            domain=agents.domain_name(agent, given),
            group=next((p.get("id") for p in parents if p.tag == "group"), None),
            allow_migrate=truth(meta.get("allow-migrate")) is True,
            maintenance=truth(meta.get("maintenance")) is True,
            own_maintenance=values_of(primitive.iterfind("meta_attributes")).get("maintenance"),
            target_role=meta.get("target-role"),
            memory_bytes=memory * MiB if memory else None,
            migrate_to_timeout_s=seconds(migrate_to.get("timeout")),
            migrate_from_timeout_s=seconds(migrate_from.get("timeout")),
            migrate_to_on_fail=migrate_to.get("on-fail"),
            migrate_to_op_id=operation_of([primitive], "migrate_to", {}).get("id"),
            migration_speed_bytes_per_s=speed * MiB if speed else None,
        )


def agent_of(layers: list[etree._Element]) -> str:
    for layer in layers:
        if layer.get("class"):
            words = (layer.get("class"), layer.get("provider"), layer.get("type"))
            return ":".join(word for word in words if word)
    return ""


def layered(layers: list[etree._Element], tag: str) -> dict[str, str]:
    """The values of the first layer that names them: the primitive, its template, its parents."""
    values: dict[str, str] = {}
    for layer in layers:
        for name, value in values_of(layer.iterfind(tag)).items():
            values.setdefault(name, value)
    return values


def operation_of(
    layers: list[etree._Element], name: str, defaults: Mapping[str, str]
) -> Mapping[str, str]:
    """An operation's options: its attributes, then its own meta attributes, then op_defaults."""
    for layer in layers:
        for op in layer.iterfind("operations/op"):
            if op.get("name") == name:
                own = values_of(op.iterfind("meta_attributes"))
                attributes = {str(key): str(value) for key, value in op.attrib.items()}
                return {**defaults, **own, **attributes}
    return defaults


def is_leftover(constraint_id: str) -> bool:
    """Whether `crm_resource --move` or `--ban` made it (their ids begin with `cli-`)."""
    return constraint_id.startswith(("cli-prefer-", "cli-ban-", "cli-standby-"))


def _constraints(root: etree._Element) -> Iterator[Constraint]:
    for location in root.iterfind("configuration/constraints/rsc_location"):
        name, vm = location.get("id", ""), location.get("rsc")
        if vm is None or not is_leftover(name):
            continue
        prefers = name.startswith("cli-prefer-")
        expression = location.find(".//date_expression")
        yield Constraint(
            id=name,
            vm=vm,
            node=location.get("node") or _node_of_rule(location),
            kind=ConstraintKind.PREFER if prefers else ConstraintKind.BAN,
            expires=expression.get("end") if expression is not None else None,
        )


def _node_of_rule(location: etree._Element) -> str | None:
    for expression in location.iterfind(".//expression"):
        if expression.get("attribute") == "#uname" and expression.get("operation") == "eq":
            return expression.get("value")
    return None


def _history(root: etree._Element) -> dict[str, tuple[Operation, ...]]:
    found: dict[str, list[Operation]] = defaultdict(list)
    for state in root.iterfind("status/node_state"):
        node = state.get("uname", "")
        for resource in state.iterfind("lrm/lrm_resources/lrm_resource"):
            operations = [_entry(node, entry) for entry in resource.iterfind("lrm_rsc_op")]
            operations.sort(key=lambda op: (op.call_id < 0, op.call_id))
            found[resource.get("id", "")].extend(operations)
    return {resource: tuple(operations) for resource, operations in found.items()}


def _entry(node: str, entry: etree._Element) -> Operation:
    rc, status = number(entry.get("rc-code")), number(entry.get("op-status"))
    at = number(entry.get("last-rc-change"))
    return Operation(
        node=node,
        task=entry.get("operation", ""),
        call_id=number(entry.get("call-id")) or 0,
        rc=rc if rc is not None else -1,
        status=status if status is not None else -1,
        at=float(at) if at is not None else None,
        exec_ms=number(entry.get("exec-time")) or 0,
        exit_reason=entry.get("exit-reason", ""),
        source=entry.get("migrate_source"),
        target=entry.get("migrate_target"),
    )
