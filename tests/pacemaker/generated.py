"""CIBs out of everything that decides a VM's attributes: sets, scores, rules, references,
templates, defaults. All VMs run on alpha and are told to go to bravo, so that the scheduler has to
say how; charlie is lost, so that it has to say whether it fences."""

from __future__ import annotations

from hypothesis import strategies as st
from lxml import etree

from pacemaker.cibs import history, op
from pacemaker.generated_rules import (
    OF_ANYTHING,
    OF_RESOURCES,
    RACKS,
    VIRTUAL_DOMAIN,
    Draw,
    Maker,
    below,
    fill_rule,
)

SOURCE, TARGET, LOST = "alpha", "bravo", "charlie"
NODES = (SOURCE, TARGET, LOST)

OLDER, NEWEST = "pacemaker-3.9", "pacemaker-4.0"
"""The schemas of clusters that were born with Pacemaker 2.1, and with 3."""

SCORES = st.sampled_from(
    [
        None, None, "0", "5", "10", "10", "-5", "1000000", "2000000", "-1000001",
        "INFINITY", "+INFINITY", "-INFINITY",
    ]
)  # fmt: skip
TIMEOUTS = ("90", "600s", "10min", "1h", "45000ms", "0", "30 s", "bogus", "PT5M", "#default", "77s")
ON_FAIL = ("block", "restart", "ignore", "fence", "stop", "standby", "migrate", "demote", "nothing")
ALLOWED = ("true", "true", "true", "yes", "false", "maybe", "#default")
FENCING = ("true", "false", "off", "1", "maybe", "#default")

TAGS = {
    "meta": "meta_attributes",
    "op": "meta_attributes",
    "parameter": "instance_attributes",
    "option": "cluster_property_set",
    "node": "instance_attributes",
}
VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    "meta": {"allow-migrate": ALLOWED, "priority": ("1", "2")},
    "op": {"timeout": TIMEOUTS, "on-fail": ON_FAIL},
    "parameter": {"migration_transport": ("tcp", "ssh", "#default"), "hypervisor": ("a", "b")},
    "option": {"stonith-enabled": FENCING, "fencing-enabled": FENCING, "cluster-name": ("5",)},
    "node": {"rack": RACKS, "site-name": ("10",)},
}


def add_set(make: Maker, parent: etree._Element, kind: str) -> None:
    nvset = below(parent, TAGS[kind])
    known = make.sets[kind]
    if known and make.chance(5):
        nvset.set("id-ref", make.of(known))
        return
    name = make.id(kind)
    nvset.set("id", name)
    score = make.draw(SCORES)
    if score is not None:
        nvset.set("score", score)
    if make.chance(2):
        fill_rule(
            make, below(nvset, "rule"), OF_ANYTHING if kind in ("option", "node") else OF_RESOURCES
        )
    for key, values in VALUES[kind].items():
        if not make.chance(3):
            add_pair(make, nvset, kind, key, values)
        if make.chance(8):
            add_pair(make, nvset, kind, key, values)
    make.sets[kind].append(name)


def add_pair(
    make: Maker, nvset: etree._Element, kind: str, key: str, values: tuple[str, ...]
) -> None:
    pair = below(nvset, "nvpair")
    if make.pairs[kind] and make.chance(5):
        pair.set("id-ref", make.of(make.pairs[kind]))
        if make.renames and make.chance(3):
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
        add_sets(make, parent, "parameter", 1)
    if templates and make.chance(2):
        vm = below(parent, "primitive", id=name, template=make.of(templates))
    else:
        vm = below(parent, "primitive", id=name, **VIRTUAL_DOMAIN)
    add_sets(make, vm, "meta")
    add_sets(make, vm, "parameter", 2)
    add_operations(make, vm)


def add_options(make: Maker, section: etree._Element, version: str) -> None:
    """Of several sets; the first of them may stand anywhere."""
    add_sets(make, section, "option", 2)
    first = below(section, TAGS["option"], id="cib-bootstrap-options")
    below(first, "nvpair", id="o-dc-version", name="dc-version", value=version)
    for key in ("stonith-enabled", "fencing-enabled"):
        if make.chance(3):
            add_pair(make, first, "option", key, FENCING)


def add_transient(make: Maker, state: etree._Element, number: str) -> None:
    """As the attribute daemon writes them: one set, each name once, no rule and no reference."""
    parent = below(state, "transient_attributes", id=number)
    nvset = below(parent, TAGS["node"], id=make.id("transient"))
    for name, values in VALUES["node"].items():
        if make.chance(2):
            below(nvset, "nvpair", id=make.id("p"), name=name, value=make.of(values))


@st.composite
def cibs(draw: Draw, version: str = "2.1.5") -> bytes:
    is_newest = version >= "3" and draw(st.booleans())
    make = Maker(draw, renames=not is_newest)
    root = etree.Element("cib", {"admin_epoch": "0", "epoch": "1", "num_updates": "0"})
    root.set("validate-with", NEWEST if is_newest else OLDER)
    root.attrib.update({"crm_feature_set": "3.6.0", "have-quorum": "1", "dc-uuid": "1"})
    configuration = below(root, "configuration")
    add_options(make, below(configuration, "crm_config"), version)
    nodes = below(configuration, "nodes")
    for number, node in enumerate(NODES, 1):
        add_sets(make, below(nodes, "node", id=str(number), uname=node), "node", 2)
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
        add_sets(make, template, "parameter", 1)
        add_operations(make, template)
        templates.append(template.get("id", ""))
    vms = [f"vm{number}" for number in range(1, 5)]
    constraints = below(configuration, "constraints")
    for name in vms:
        add_vm(make, resources, name, templates)
        below(constraints, "rsc_location", id=f"l-{name}", rsc=name, node=TARGET, score="INFINITY")
    configuration.extend(defaults)
    status = below(root, "status")
    started = {name: [op(name, "start", number)] for number, name in enumerate(vms, 5)}
    absent = {name: [op(name, "monitor", number, rc=7)] for number, name in enumerate(vms, 5)}
    for number, (node, known) in enumerate(zip(NODES, (started, absent), strict=False), 1):
        state = etree.fromstring(history(number, node, **known))
        add_transient(make, state, str(number))
        status.append(state)
    gone = {"in_ccm": "false", "crmd": "offline", "join": "down"}
    below(status, "node_state", id="3", uname=LOST, expected="member", **gone)
    return etree.tostring(root)
