"""The CIB into what it says of VMs: their configuration, constraints and history. Pure.

Sources: Pacemaker's `xml/*.rng`, "Pacemaker Explained" 2.1, and CIBs of 2.1.5 (tests/samples).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from hashlib import blake2b

from lxml import etree

from backends.data.errors import BadAnswer, NotPermitted
from backends.data.picture import CibVersion, Constraint, ConstraintKind, Operation
from backends.pacemaker import histories
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.configured import Configured
from backends.pacemaker.effective import allows_migration, on_fail, timeout_s
from backends.pacemaker.leftovers import is_leftover
from backends.pacemaker.moments import Clock
from backends.pacemaker.obstacles import Obstacles, obstacles
from backends.pacemaker.version import version_of
from backends.pacemaker.xml import in_letters, number, parse_strictly, truth

MiB = 1 << 20


@dataclass(frozen=True, slots=True)
class VMResource:
    """A primitive that runs a domain, as it is configured."""

    id: str
    agent: str
    config: str | None
    domain: str | None
    group: str | None
    allow_migrate: bool | None
    """`None` where a rule that cannot be evaluated decides it, as for the timeouts."""
    allow_migrate_said: str | None
    """The word that says so; `None` where none does."""
    maintenance: bool
    own_maintenance: str | None
    target_role: str | None
    memory_bytes: int | None
    """What the agent wrote into its utilization; libvirt knows better."""
    migrate_to_timeout_s: float | None
    migrate_from_timeout_s: float | None
    migrate_to_on_fail: str | None
    """What Pacemaker will do: its default, `restart`, where nothing is set."""
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
    obstacles: Obstacles
    read: Read | None = field(default=None, compare=False, repr=False)
    """`None` where something else may change what it says of a VM."""
    told: histories.Told = field(default_factory=dict, compare=False, repr=False)
    frame: Frame | None = field(default=None, compare=False, repr=False)
    """`None` where what it says hangs on the time, or is not written as Pacemaker does."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read of VMs, and from what. `around`: a digest of all that counts for every one of
    them; `vms`: by a digest of what stands in `resources` itself, a primitive or what holds some.
    """

    around: bytes
    vms: Mapping[bytes, tuple[VMResource, ...]]


@dataclass(frozen=True, slots=True)
class Frame:
    """What a CIB is but for its version and its histories. `nodes`: whose status it tells."""

    digest: bytes
    nodes: Sequence[str]


def parse_cib(
    data: bytes,
    *,
    agents: Agents = KNOWN,
    clock: Clock | None = None,
    before: Cib | None = None,
) -> Cib:
    """One answer of `cibadmin --query`, read at the time of `clock`. Raises `BadAnswer`, or
    `NotPermitted` for half a CIB.

    `before`: another of this cluster, read with the same `agents`, which may say the same of most
    VMs.
    """
    if before is not None and before.frame is not None:
        parts = histories.parted(in_letters(data, "cibadmin"))
        with suppress(etree.XMLSyntaxError, ValueError):
            return _with_other_histories(before, before.frame, parts)
    taken = histories.taken_out(data, "cibadmin", before.told if before else {})
    root, told = taken.root, taken.told
    if root.tag != "cib":
        raise BadAnswer(f"cibadmin answered <{root.tag}>, not a CIB")
    _check_whole(root)
    configured = Configured(root, clock)
    options = configured.options
    limit = number(options.get("migration-limit"))
    vms, read = _read_vms(configured, agents, before.read if before else None)
    return Cib(
        version=version_of(root),
        cluster_name=options.get("cluster-name"),
        migration_limit=limit if limit is not None and limit > 0 else None,
        vms=vms,
        constraints=tuple(_constraints(root)),
        history=histories.operations(told),
        obstacles=obstacles(configured, histories.ended(told)),
        read=read,
        told=told,
        frame=_frame(taken),
    )


_HEAD_ENDS = b"<configuration"
_VERSION = re.compile(rb' (?:admin_epoch|epoch|num_updates|cib-last-written|update-\w+)="[^"]*"')
_HEAD = re.compile(rb'\s*(?:<\?[^>]*\?>\s*)?(<cib(?:\s+[\w:.-]+="[^"<]*")*)\s*>')
_RULE = b"<rule"


def _frame(taken: histories.Taken) -> Frame | None:
    if taken.parts is None or _RULE in taken.parts.frame:
        return None
    return Frame(_digest(taken.parts.frame), histories.names(taken.root))


def _digest(frame: bytes) -> bytes:
    head, *rest = frame.partition(_HEAD_ENDS)
    return blake2b(_VERSION.sub(b"", head) + b"".join(rest), digest_size=16).digest()


def _with_other_histories(before: Cib, frame: Frame, parts: histories.Parted | None) -> Cib:
    """A CIB that differs from this one in nothing else. Raises `ValueError` where it does."""
    head = _HEAD.match(parts.frame) if parts is not None else None
    if parts is None or head is None or frame.digest != _digest(parts.frame):
        raise ValueError("another CIB")
    if b' epoch="' not in head[1]:
        raise ValueError("a CIB of which something is hidden")
    told = histories.told(frame.nodes, parts.cuts, before.told)
    if histories.ended(told) != histories.ended(before.told):
        raise ValueError("others keep a resource from a node")
    return replace(
        before,
        version=version_of(parse_strictly(head[1] + b"/>")),
        history=histories.operations(told),
        told=told,
    )


def _read_vms(
    configured: Configured, agents: Agents, before: Read | None
) -> tuple[tuple[VMResource, ...], Read | None]:
    """Those that stand as before, among the same, are not worked out again."""
    tops = configured.root.findall("configuration/resources/*")
    texts = [_text(top) for top in tops]
    around = None if any(map(_refers, texts)) else _around(configured.root)
    known = before.vms if before is not None and before.around == around else {}
    read: dict[bytes, tuple[VMResource, ...]] = {}
    found: list[VMResource] = []
    for top, text in zip(tops, texts, strict=True):
        digest = blake2b(text, digest_size=16).digest()
        vms = known.get(digest)
        read[digest] = tuple(_vms(configured, agents, top)) if vms is None else vms
        found += read[digest]
    return tuple(found), Read(around, read) if around is not None else None


def _around(root: etree._Element) -> bytes | None:
    """A digest of all that counts for every VM: the release, and the configuration without its
    constraints and without resources other than templates. `None` where that refers to more."""
    release = [root.get(name, "") for name in ("crm_feature_set", "validate-with")]
    digest = blake2b("\n".join(release).encode(), digest_size=16)
    for section in root.iterfind("configuration/*"):
        if section.tag == "constraints":
            continue
        for part in section.iterfind("template") if section.tag == "resources" else (section,):
            text = _text(part)
            if _refers(text):
                return None
            digest.update(text)
    return digest.digest()


def _text(element: etree._Element) -> bytes:
    """In UTF-8, which takes half as long as ASCII does."""
    return etree.tostring(element, encoding="utf-8", with_tail=False)


def _refers(text: bytes) -> bool:
    """Whether what this says may hang on something else, by a rule or a reference."""
    return _RULE in text or b"id-ref=" in text


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


def _vms(configured: Configured, agents: Agents, top: etree._Element) -> Iterator[VMResource]:
    for own in top.iter("primitive"):
        primitive = configured.primitive(own)
        agent = primitive.agent
        if not agents.runs_a_domain(agent):
            continue
        meta, given = primitive.meta(), primitive.parameters()
        parameters = agents.parameters(agent, given)
        memory = number(primitive.utilization().get("hv_memory"))
        speed = number(parameters.get("migration_speed"))
        migrate_to = primitive.operation("migrate_to")
        yield VMResource(
            id=primitive.id,
            agent=agent,
            config=agents.config_file(agent, given),
            domain=agents.domain_name(agent, given),
            group=primitive.group,
            allow_migrate=allows_migration(meta),
            allow_migrate_said=meta.get("allow-migrate"),
            maintenance=truth(meta.get("maintenance")) is True,
            own_maintenance=primitive.own_meta().get("maintenance"),
            target_role=meta.get("target-role"),
            memory_bytes=memory * MiB if memory else None,
            migrate_to_timeout_s=timeout_s(migrate_to),
            migrate_from_timeout_s=timeout_s(primitive.operation("migrate_from")),
            migrate_to_on_fail=on_fail(migrate_to, fencing=configured.fences),
            migrate_to_op_id=primitive.operation_id("migrate_to"),
            migration_speed_bytes_per_s=speed * MiB if speed else None,
        )


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
