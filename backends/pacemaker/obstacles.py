"""What may keep a VM from a node: bans, failures there, the node's health, company that it shuns or
misses, tickets, capacity. Pure.

Sources: `unpack_constraints`, `apply_node_health` of `pcmk_sched_nodes.c` and
`pcmk_sched_utilization.c` of 2.1.5. These are reasons for what the scheduler has refused: that it
refuses, it says itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from backends.data.picture import Obstacle
from backends.pacemaker import failed_there
from backends.pacemaker.company import Company, company, missing_tickets
from backends.pacemaker.configured import Configured
from backends.pacemaker.locations import kept_from, members_of
from backends.pacemaker.xml import number

_COLOURS = ("red", "yellow")


@dataclass(frozen=True, slots=True)
class Obstacles:
    """`needs` and `capacity` are empty where the cluster does not look at them."""

    on_nodes: Mapping[str, tuple[Obstacle, ...]] = field(default_factory=dict)
    company: Mapping[str, tuple[Company, ...]] = field(default_factory=dict)
    """Of each VM."""
    nodes: tuple[str, ...] = ()
    needs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    capacity: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    health: Mapping[str, str] = field(default_factory=dict)
    """The nodes that are red or yellow, where the cluster counts that."""

    def of(self, vm: str, places: Mapping[str, tuple[str, ...]]) -> tuple[Obstacle, ...]:
        """`places` says where each resource is active."""
        return (
            *self.on_nodes.get(vm, ()),
            *(each for one in self.company.get(vm, ()) for each in self._with(one, places)),
            *self._full(vm, places),
        )

    def _with(self, one: Company, places: Mapping[str, tuple[str, ...]]) -> Iterator[Obstacle]:
        there = places.get(one.other, ())
        if one.apart:
            why = f"{one.name} keeps it apart from {one.other}, which is there"
            yield from (Obstacle(node, why) for node in there)
        else:
            why = f"{one.name} wants it beside {one.other}, which is not there"
            yield from (Obstacle(node, why) for node in self.nodes if node not in there)

    def _full(self, vm: str, places: Mapping[str, tuple[str, ...]]) -> Iterator[Obstacle]:
        for node, capacity in self.capacity.items():
            there = [r for r, nodes in places.items() if node in nodes and r != vm]
            for name, said in self.needs.get(vm, {}).items():
                needed, left = number(said) or 0, number(capacity.get(name)) or 0
                left -= sum(number(self.needs.get(r, {}).get(name)) or 0 for r in there)
                if needed > left:
                    rest = f"{left} are" if left > 0 else "none is"
                    yield Obstacle(node, f"it needs {needed} of {name}, and {rest} left there")


def obstacles(configured: Configured, ended: Mapping[str, Sequence[failed_there.End]]) -> Obstacles:
    """`ended`: of each resource the operations that keep it from a node for good."""
    root, options = configured.root, configured.options
    members, nodes = members_of(root), tuple(configured.nodes)
    health = _health(configured)
    found: dict[str, list[Obstacle]] = {}
    for vm, obstacle in (
        *kept_from(configured, members),
        *failed_there.obstacles(configured, ended),
        *(
            (vm, Obstacle(node, why))
            for vm, why in missing_tickets(root, members)
            for node in nodes
        ),
        *((vm, each) for each in _ill(configured, health) for vm in _names(configured)),
    ):
        found.setdefault(vm, []).append(obstacle)
    together: dict[str, list[Company]] = {}
    for one in company(root, members):
        together.setdefault(one.vm, []).append(one)
    counts = options.get("placement-strategy", "default") != "default"
    return Obstacles(
        {vm: tuple(each) for vm, each in found.items()},
        {vm: tuple(each) for vm, each in together.items()},
        nodes,
        {each.id: each.utilization() for each in configured.primitives()} if counts else {},
        {
            node.get("uname", ""): configured.values(node, "utilization")
            for node in root.iterfind("configuration/nodes/node")
        }
        if counts
        else {},
        health,
    )


def _names(configured: Configured) -> Iterator[str]:
    return (primitive.id for primitive in configured.primitives())


def _ill(configured: Configured, health: Mapping[str, str]) -> Iterator[Obstacle]:
    strategy = configured.options.get("node-health-strategy", "none")
    for node, colour in health.items():
        why = f"the node's health is {colour} (node-health-strategy is {strategy})"
        yield Obstacle(node, why)


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
