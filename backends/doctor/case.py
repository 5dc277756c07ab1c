"""All that is known when the doctor judges."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property, wraps
from typing import TypeVar
from weakref import WeakKeyDictionary

from backends.data.examination import NO_ANSWER, Facts, Family, Output
from backends.data.picture import LOST, VM, Cluster, NodeKind
from backends.data.plan import Prediction
from backends.doctor.configuration import Configuration, Resource
from backends.judgement.hosts import unfit
from backends.judgement.policy import barring

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class Case:
    """`facts` are by node; before the first round there are none.

    A case is itself alone (`eq=False`) and not changed: what follows from it is worked out `once`.
    """

    picture: Cluster
    configuration: Configuration
    facts: Mapping[str, Facts] = field(default_factory=dict)
    predictions: Mapping[str, Mapping[str, Prediction]] = field(default_factory=dict)
    """What the scheduler says of moving a VM to a node, for VMs with dependencies."""
    not_predicted: str = "the scheduler was not asked"
    """Why a prediction is missing."""

    @cached_property
    def nodes(self) -> tuple[str, ...]:
        """The nodes that can be asked, by name: those online, whether they may host or not."""
        return tuple(
            node.name
            for node in self.picture.nodes
            if node.state not in LOST and node.kind is not NodeKind.GUEST
        )

    def others(self, node: str) -> tuple[str, ...]:
        """The nodes beside this one."""
        return tuple(name for name in self.nodes if name != node)

    @cached_property
    def barred(self) -> Mapping[str, frozenset[str]]:
        """By VM the nodes on which it may never run, where there are any: by a location constraint,
        by a ban that is kept on purpose, or since no VM can run there."""
        unfit_ = frozenset(n.name for n in self.picture.nodes if unfit(self.picture, n.name))
        found = {
            vm.id: self.configuration.barred.get(vm.id, frozenset()) | barring(vm).keys() | unfit_
            for vm, _ in self.vms
        }
        return {vm: nodes for vm, nodes in found.items() if nodes}

    def hosts(self, vm: str) -> tuple[str, ...]:
        """The nodes on which it runs or may run, of those that can be asked."""
        known = self.picture.vm(vm)
        barred = self.barred.get(vm)
        if not barred:
            return self.nodes
        here = known.nodes if known is not None else ()
        return tuple(name for name in self.nodes if name not in barred or name in here)

    def may_go(self, vm: str, node: str) -> bool:
        """Whether it may be moved to that node, of those that can be asked."""
        known = self.picture.vm(vm)
        return node in self.hosts(vm) and (known is None or node != known.node)

    def targets(self, vm: str) -> tuple[str, ...]:
        """The nodes to which it may go."""
        known = self.picture.vm(vm)
        home = known.node if known is not None else None
        return tuple(name for name in self.hosts(vm) if name != home)

    @cached_property
    def vms(self) -> tuple[tuple[VM, Resource], ...]:
        """Each VM of the picture with its configuration."""
        known = self.configuration.resources
        return tuple((vm, known[vm.id]) for vm in self.picture.vms if vm.id in known)

    def output(self, node: str, probe: str) -> Output:
        """What a probe answered there; `NO_ANSWER` where it did not, or was not asked."""
        facts = self.facts.get(node)
        return facts.outputs.get(probe, NO_ANSWER) if facts is not None else NO_ANSWER

    def answered(self, node: str) -> bool:
        """Whether the node took part in the round at all."""
        facts = self.facts.get(node)
        return facts is not None and facts.error is None

    def family(self, node: str) -> Family | None:
        """The node's distribution family (os-release(5)); `None` where it is not known."""
        words = set[str]()
        for line in self.output(node, "os-release").lines:
            name, _, value = line.partition("=")
            if name in ("ID", "ID_LIKE"):
                words.update(value.strip("\"'").split())
        for family, names in _FAMILIES.items():
            if words & names:
                return family
        return None

    def with_facts(self, facts: Mapping[str, Facts]) -> Case:
        """The case with one more round; later answers stand beside the earlier ones."""
        merged = dict(self.facts)
        for node, new in facts.items():
            old = merged.get(node)
            merged[node] = (
                replace(old, outputs={**old.outputs, **new.outputs}) if old is not None else new
            )
        return replace(self, facts=merged)


_FAMILIES = {
    Family.DEBIAN: {"debian", "ubuntu"},
    Family.RHEL: {"rhel", "fedora", "centos", "rocky", "almalinux"},
    Family.SUSE: {"suse", "sles", "opensuse", "opensuse-leap", "opensuse-tumbleweed"},
}


def once(make: Callable[[Case], T]) -> Callable[[Case], T]:
    """What several topics need of a case, or one topic for each node: worked out once, and kept as
    long as the case. Nobody may change what is returned."""
    known: WeakKeyDictionary[Case, T] = WeakKeyDictionary()

    @wraps(make)
    def made(case: Case) -> T:
        try:
            return known[case]
        except KeyError:
            return known.setdefault(case, make(case))

    return made
