"""CIBs out of everything that decides a VM's attributes: sets, scores, rules, references,
templates, defaults. All VMs run on alpha and are told to go to bravo, so that the scheduler has to
say how."""

from __future__ import annotations

from itertools import count

from hypothesis import strategies as st
from lxml import etree

from pacemaker.cibs import history, op

Draw = st.DrawFn
NODES = ("alpha", "bravo")
NOW = (2024, 5, 15, 13, 20, 11)
"""The time at which the scheduler is asked, by the clock of the nodes: a Wednesday in week 20."""

SCORES = st.sampled_from(
    [None, None, "0", "5", "10", "10", "-5", "INFINITY", "+INFINITY", "-INFINITY"]
)
TIMEOUTS = ("90", "600s", "10min", "1h", "45000ms", "bogus", "PT5M", "#default", "77s")
ON_FAIL = ("block", "restart", "ignore", "fence", "stop", "standby", "migrate", "demote", "nothing")
ALLOWED = ("true", "true", "true", "yes", "false", "maybe", "#default")

VIRTUAL_DOMAIN = {"class": "ocf", "provider": "heartbeat", "type": "VirtualDomain"}

INTERVALS: st.SearchStrategy[dict[str, str]] = st.sampled_from(
    [{}, {}, {"interval": "0"}, {"interval": "10s"}]
)

MOMENTS = st.sampled_from(
    [
        "2024-05-15", "2024-05-16", "2023-01-01 08:00:00Z", "2024-05-15T13:20:11", "2024-136",
        "2024-05-15 13:20:12", "2024-05-15 13:20:10Z", "20240515T132011", "2024-W20-3",
        "2024-05-15 15:20:11 +02:00", "2024-05-15T13:20:11+02:00", "2025-02-28 00:00:00 -05:30",
        "2024-01-31 23:59:59", "2020-02-29 12:00:00Z",
    ]
)  # fmt: skip


def below(parent: etree._Element, tag: str, **attributes: str) -> etree._Element:
    return etree.SubElement(parent, tag, dict(attributes))


class Maker:
    """One CIB in the making; ids are given away once, and remembered for references."""

    def __init__(self, draw: Draw) -> None:
        self.draw = draw
        self._numbers = count(1)
        self.sets: list[str] = []
        self.pairs: dict[str, list[str]] = {"meta": [], "op": []}
        self.rules: list[str] = []
        self.operations: list[str] = []

    def id(self, kind: str) -> str:
        return f"{kind}{next(self._numbers)}"

    def chance(self, one_in: int) -> bool:
        return self.draw(st.integers(1, one_in)) == 1

    def of(self, values: list[str] | tuple[str, ...]) -> str:
        return self.draw(st.sampled_from(values))


def expression(make: Maker, rule: etree._Element) -> None:
    match make.of(("date", "spec", "resource", "operation", "node", "rule")):
        case "date":
            _date(make, rule)
        case "spec":
            _spec(make, rule)
        case "resource":
            asked = make.draw(st.lists(st.sampled_from(sorted(VIRTUAL_DOMAIN)), unique=True))
            agent = {part: VIRTUAL_DOMAIN[part] for part in asked or VIRTUAL_DOMAIN}
            if make.chance(3):
                agent["provider"] = make.of(("heartbeat", "seapath"))
            below(rule, "rsc_expression", id=make.id("e"), **agent)
        case "operation":
            name = make.of(("migrate_to", "migrate_from", "start", "stop"))
            interval = make.draw(INTERVALS)
            below(rule, "op_expression", id=make.id("e"), name=name, **interval)
        case "node":
            operation = make.of(("eq", "ne", "lt", "gte", "defined", "not_defined"))
            valued = {} if operation.endswith("defined") else {"value": make.of(("alpha", "5"))}
            name = make.of(("#uname", "rack"))
            below(
                rule, "expression", id=make.id("e"), attribute=name, operation=operation, **valued
            )
        case "rule":
            fill_rule(make, below(rule, "rule"), depth=1)


def _date(make: Maker, rule: etree._Element) -> None:
    part = below(rule, "date_expression", id=make.id("e"))
    operation = make.of(("gt", "lt", "in_range"))
    part.set("operation", operation)
    if operation != "lt":
        part.set("start", make.draw(MOMENTS))
    if operation == "lt" or (operation == "in_range" and make.chance(2)):
        part.set("end", make.draw(MOMENTS))
    elif operation == "in_range":
        spans = {"hours": "1", "weeks": "14", "months": "15", "years": "4"}
        names = make.draw(st.lists(st.sampled_from(sorted(spans)), min_size=1, unique=True))
        spans = {name: spans[name] for name in names}
        below(part, "duration", id=make.id("d"), **spans)


SPECS = {
    "hours": ("13", "8-16", "14-", "-12", "0-1"),
    "monthdays": ("15", "1-14", "15-31"),
    "weekdays": ("3", "1-5", "6-7"),
    "months": ("5", "6-12"),
    "years": ("2024", "2025-", "-2024"),
    "weeks": ("20", "1-19"),
    "weekyears": ("2024", "2023"),
}


def _spec(make: Maker, rule: etree._Element) -> None:
    names = make.draw(st.lists(st.sampled_from(sorted(SPECS)), min_size=1, max_size=3, unique=True))
    spec = {name: make.of(SPECS[name]) for name in names}
    part = below(rule, "date_expression", id=make.id("e"), operation="date_spec")
    below(part, "date_spec", id=make.id("s"), **spec)


def fill_rule(make: Maker, rule: etree._Element, depth: int = 0) -> None:
    if make.rules and make.chance(4):
        rule.set("id-ref", make.of(make.rules))
        return
    rule.set("id", make.id("r"))
    rule.set("score", "INFINITY")
    if make.chance(2):
        rule.set("boolean-op", make.of(("and", "or")))
    for _ in range(make.draw(st.integers(1, 3 - depth))):
        expression(make, rule)
    make.rules.append(rule.get("id", ""))


VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "meta": {"allow-migrate": ALLOWED, "priority": ("1", "2")},
    "op": {"timeout": TIMEOUTS, "on-fail": ON_FAIL},
}


def add_set(make: Maker, parent: etree._Element, kind: str) -> None:
    nvset = below(parent, "meta_attributes")
    known = [name for name in make.sets if name.startswith(kind)]
    if known and make.chance(5):
        nvset.set("id-ref", make.of(known))
        return
    name = make.id(kind)
    nvset.set("id", name)
    score = make.draw(SCORES)
    if score is not None:
        nvset.set("score", score)
    if make.chance(2):
        fill_rule(make, below(nvset, "rule"))
    for key, values in VALUES[kind].items():
        if not make.chance(3):
            add_pair(make, nvset, kind, key, values)
    make.sets.append(name)


def add_pair(
    make: Maker, nvset: etree._Element, kind: str, key: str, values: tuple[str, ...]
) -> None:
    pair = below(nvset, "nvpair")
    if make.pairs[kind] and make.chance(5):
        pair.set("id-ref", make.of(make.pairs[kind]))
        if make.chance(3):
            pair.set("name", key)
        return
    pair.set("id", make.id("p"))
    pair.set("name", key)
    pair.set("value", make.of(values))
    make.pairs[kind].append(pair.get("id", ""))


def add_sets(make: Maker, parent: etree._Element, kind: str, at_most: int = 3) -> None:
    for _ in range(make.draw(st.integers(0, at_most))):
        add_set(make, parent, kind)


def add_operations(make: Maker, parent: etree._Element) -> None:
    if make.chance(4):
        return
    operations = below(parent, "operations")
    if make.operations and make.chance(4):
        operations.set("id-ref", make.of(make.operations))
        return
    operations.set("id", make.id("ops"))
    names = ("migrate_to", "migrate_from", "start", "stop", "migrate")
    for name in make.draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
        entry = below(operations, "op", id=make.id("op"), name=name, interval="0")
        if make.chance(2):
            entry.set("timeout", make.of(TIMEOUTS[:-2]))
        if make.chance(4):
            entry.set("on-fail", make.of(ON_FAIL[:6]))
        add_sets(make, entry, "op", 2)
    make.operations.append(operations.get("id", ""))


def add_vm(make: Maker, resources: etree._Element, name: str, templates: list[str]) -> None:
    parent = resources
    if make.chance(4):
        parent = below(resources, "group", id=make.id("group"))
        add_sets(make, parent, "meta", 2)
    if templates and make.chance(2):
        vm = below(parent, "primitive", id=name, template=make.of(templates))
    else:
        vm = below(parent, "primitive", id=name, **VIRTUAL_DOMAIN)
    add_sets(make, vm, "meta")
    add_operations(make, vm)


@st.composite
def cibs(draw: Draw, version: str = "2.1.5") -> bytes:
    make = Maker(draw)
    root = etree.Element("cib", {"admin_epoch": "0", "epoch": "1", "num_updates": "0"})
    root.attrib.update({"validate-with": "pacemaker-3.7", "crm_feature_set": "3.6.0"})
    root.attrib.update({"have-quorum": "1", "dc-uuid": "1"})
    configuration = below(root, "configuration")
    section = below(configuration, "crm_config")
    options = below(section, "cluster_property_set", id="cib-bootstrap-options")
    for key, value in (
        ("dc-version", version),
        ("stonith-enabled", draw(st.sampled_from(("true", "false")))),
    ):
        below(options, "nvpair", id=f"o-{key}", name=key, value=value)
    nodes = below(configuration, "nodes")
    for number, node in enumerate(NODES, 1):
        below(nodes, "node", id=str(number), uname=node)
    defaults = [etree.Element(name) for name in ("rsc_defaults", "op_defaults")]
    for parent, kind in zip(defaults, ("meta", "op"), strict=True):
        add_sets(make, parent, kind)
    resources = below(configuration, "resources")
    fence = below(resources, "primitive", id="fence", type="fence_dummy")
    fence.set("class", "stonith")
    templates: list[str] = []
    for _ in range(draw(st.integers(0, 2))):
        template = below(resources, "template", id=make.id("t"), **VIRTUAL_DOMAIN)
        add_sets(make, template, "meta", 2)
        add_operations(make, template)
        templates.append(template.get("id", ""))
    vms = [f"vm{number}" for number in range(1, 5)]
    constraints = below(configuration, "constraints")
    for name in vms:
        add_vm(make, resources, name, templates)
        below(constraints, "rsc_location", id=f"l-{name}", rsc=name, node="bravo", score="INFINITY")
    configuration.extend(defaults)
    status = below(root, "status")
    started = {name: [op(name, "start", number)] for number, name in enumerate(vms, 5)}
    absent = {name: [op(name, "monitor", number, rc=7)] for number, name in enumerate(vms, 5)}
    status.append(etree.fromstring(history(1, "alpha", **started)))
    status.append(etree.fromstring(history(2, "bravo", **absent)))
    return etree.tostring(root)
