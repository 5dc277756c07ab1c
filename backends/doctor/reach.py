"""What of the findings lies on a way that some VM may take at all. Pure.

A node that lends the cluster its vote and runs no VM needs no libvirt, no storage and no lock
manager; and a VM that is kept from a node is not held up by what that node lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from backends.data.examination import Finding, State, Topic, Way
from backends.doctor.case import Case

_OF_THE_NODE = frozenset({"answers", "login", "clock", "fencing", "utilization"})
"""Checks that are about a node whether a VM may run there or not."""


def within_reach(case: Case, findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, without those that stand in no VM's way because it never goes there."""
    if not case.barred:
        yield from findings
        return
    hosts = {vm.id: case.hosts(vm.id) for vm, _ in case.vms}
    yield from _where_it_may_run(case, hosts)
    for finding in findings:
        if finding.check in _OF_THE_NODE or not (finding.node or finding.ways):
            yield finding
        elif finding.vm is not None:
            if finding.vm not in hosts or _on_a_way(finding, hosts[finding.vm]):
                yield finding
        else:
            concerned = finding.concerns or tuple(hosts)
            reached = {known: _on_a_way(finding, known) for known in set(hosts.values())}
            held_up = tuple(vm for vm in concerned if vm not in hosts or reached[hosts[vm]])
            if held_up or not hosts:
                yield finding if held_up == concerned else replace(finding, concerns=held_up)


def _on_a_way(finding: Finding, hosts: tuple[str, ...]) -> bool:
    """Whether a migration between two of these nodes leads past it."""
    ways = finding.ways or (Way(source=finding.node), Way(target=finding.node))
    return any(
        source != target and way.covers(source, target)
        for way in ways
        for source in hosts
        for target in hosts
    )


def _where_it_may_run(case: Case, hosts: dict[str, tuple[str, ...]]) -> Iterator[Finding]:
    for node in case.nodes:
        if hosts and not any(node in known for known in hosts.values()):
            seen = "no VM may run here: nothing is asked of it that only VMs need"
            yield Finding(Topic.NODE, "location", State.NOT_USED, seen, node=node)
    barred = case.barred
    for vm, known in hosts.items():
        allowed = [n.name for n in case.picture.nodes if n.name not in barred.get(vm, ())]
        if len(known) == 1 and len(allowed) < 2 and len(case.picture.nodes) > 1:
            yield Finding(
                Topic.RESOURCE,
                "location",
                State.WARNING,
                f"its location constraints leave it {known[0]} alone",
                "it can be moved nowhere, and does not come back when that node is lost",
                vm=vm,
            )
