"""What may keep a VM from a node: bans, failures there, the node's health, company that it shuns,
capacity. Pure.

Sources: `unpack_constraints`, `failcounts.c`, `apply_node_health` of `pcmk_sched_nodes.c` and
`pcmk_sched_utilization.c` of 2.1.5. These are reasons for what the scheduler has refused: that it
refuses, it says itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from backends.data.picture import Obstacle
from backends.pacemaker.configured import Configured
from backends.pacemaker.locations import bans, members_of
from backends.pacemaker.nvpairs import INFINITY, score_of
from backends.pacemaker.xml import number

_COLOURS = ("red", "yellow")
_FAILURES = "fail-count-"


@dataclass(frozen=True, slots=True)
class Obstacles:
    """`apart`: for each VM the constraints that keep it from others, with these; `needs` and
    `capacity` are empty where the cluster does not look at them."""

    on_nodes: Mapping[str, tuple[Obstacle, ...]] = field(default_factory=dict)
    apart: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    capacity: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    health: Mapping[str, str] = field(default_factory=dict)
    """The nodes that are red or yellow, where the cluster counts that."""

    def of(self, vm: str, places: Mapping[str, tuple[str, ...]]) -> tuple[Obstacle, ...]:
        """`places` says where each resource is active."""
        return (
            *self.on_nodes.get(vm, ()),
            *(
                Obstacle(node, f"{name} keeps it apart from {other}, which is there")
                for name, other in self.apart.get(vm, ())
                for node in places.get(other, ())
            ),
            *self._full(vm, places),
        )

    def _full(self, vm: str, places: Mapping[str, tuple[str, ...]]) -> Iterator[Obstacle]:
        for node, capacity in self.capacity.items():
            there = [r for r, nodes in places.items() if node in nodes and r != vm]
            for name, said in self.needs.get(vm, {}).items():
                needed, left = number(said) or 0, number(capacity.get(name)) or 0
                left -= sum(number(self.needs.get(r, {}).get(name)) or 0 for r in there)
                if needed > left:
                    rest = f"{left} are" if left > 0 else "none is"
                    yield Obstacle(node, f"it needs {needed} of {name}, and {rest} left there")


def obstacles(configured: Configured) -> Obstacles:
    root, options = configured.root, configured.options
    members = members_of(root)
    found: dict[str, list[Obstacle]] = {}
    for name, node, vms in bans(configured, members):
        for vm in vms:
            found.setdefault(vm, []).append(Obstacle(node, f"{name} bans it from there"))
    ill = _health(configured)
    strategy = options.get("node-health-strategy", "none")
    primitives = {primitive.id: primitive for primitive in configured.primitives()}
    for vm, primitive in primitives.items():
        limit = score_of(primitive.meta().get("migration-threshold", "INFINITY")) or INFINITY
        here = found.setdefault(vm, [])
        here.extend(_failures(configured, vm, limit))
        here.extend(
            Obstacle(node, f"the node's health is {colour} (node-health-strategy is {strategy})")
            for node, colour in ill.items()
        )
    apart: dict[str, list[tuple[str, str]]] = {}
    for rule in root.iterfind("configuration/constraints/rsc_colocation"):
        if (score_of(rule.get("score")) or 0) <= -INFINITY:
            ones = members.get(rule.get("rsc", ""), ())
            others = members.get(rule.get("with-rsc", ""), ())
            for one in ones:
                for other in others:
                    apart.setdefault(one, []).append((rule.get("id", ""), other))
                    apart.setdefault(other, []).append((rule.get("id", ""), one))
    counts = options.get("placement-strategy", "default") != "default"
    return Obstacles(
        {vm: tuple(each) for vm, each in found.items()},
        {vm: tuple(each) for vm, each in apart.items()},
        {vm: each.utilization() for vm, each in primitives.items()} if counts else {},
        {
            node.get("uname", ""): configured.values(node, "utilization")
            for node in root.iterfind("configuration/nodes/node")
        }
        if counts
        else {},
        ill,
    )


def _failures(configured: Configured, vm: str, limit: int) -> Iterator[Obstacle]:
    """A failed start counts as INFINITY, unless `start-failure-is-fatal` is false."""
    for name, node in configured.nodes.items():
        counts = {
            attribute.removeprefix(f"{_FAILURES}{vm}#").rpartition("_")[0]: score_of(said) or 0
            for attribute, said in node.attributes.items()
            if attribute.startswith(f"{_FAILURES}{vm}#")
        }
        if counts and sum(counts.values()) >= limit:
            tasks = " and ".join(f"its {task}" for task in sorted(counts))
            often = "as often as migration-threshold allows" if limit < INFINITY else "for good"
            yield Obstacle(name, f"{tasks} failed there {often}: crm_resource --cleanup forgets it")


def _health(configured: Configured) -> dict[str, str]:
    """The worst colour of each node that the strategy counts against it."""
    strategy = configured.options.get("node-health-strategy", "none")
    counted = {"migrate-on-red": _COLOURS[:1], "none": ()}.get(strategy, _COLOURS)
    found: dict[str, str] = {}
    for name, node in configured.nodes.items():
        seen = {v.lower() for k, v in node.attributes.items() if k.startswith("#health")}
        worst = next((colour for colour in counted if colour in seen), None)
        if worst is not None:
            found[name] = worst
    return found
