"""What is read of a CIB is what its scheduler goes by, whatever sets, scores, rules, references,
templates and defaults it is made of: generated CIBs, each asked of the real crm_simulate."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, assume, given, seed, settings
from hypothesis import strategies as st
from lxml import etree

from backends.pacemaker.cib import VMResource, parse_cib
from backends.pacemaker.configured import Configured, Primitive
from backends.pacemaker.moments import Clock
from lab import releases
from pacemaker.generated import SOURCE, TARGET, VALUES, cibs
from pacemaker.generated_rules import NOW
from pacemaker.graphs import Graph, Scheduler

BATCHES = range(int(os.environ.get("VMFERRY_CIB_BATCHES", "2")))
"""So that `make test` ends in time; 20 of them are 2,000 CIBs."""
BATCH = 100

ZONES = {"UTC0": 0, "VMF-5:30": 19_800, "VMF8": -28_800}


@pytest.fixture(scope="session")
def scheduler() -> Scheduler:
    """Of this machine, or of the release that VMFERRY_LAB_RELEASE names."""
    (release,) = releases.of_nodes(None, 1)
    return Scheduler(releases.prepare((release,))[release].directory)


ACTS = ("block", "restart", "ignore", "stop", "standby", "migrate")


def acted(said: str | None, *, fencing: bool) -> str:
    """What the scheduler logs that it does for a word; what it does not take is the default."""
    if said == "fence":
        return "fence" if fencing else "stop"
    return {"nothing": "ignore"}.get(said or "", said if said in ACTS else "restart")


def enforced(timeout_ms: str) -> str:
    """A graph of before 2.1.8 may say 0, for which the controller takes `cluster-delay`."""
    return "60000" if timeout_ms == "0" else timeout_ms


def of_operations(
    vm: VMResource, operations: Mapping[str, Mapping[str, str]], *, fencing: bool
) -> Iterator[str]:
    live = "migrate_to" in operations
    if not live and "start" not in operations:
        yield f"{vm.id} is not moved: {operations}"
    if vm.allow_migrate is not live:
        yield f"{vm.id} allow-migrate: {vm.allow_migrate}"
    if live:
        migrate_to, migrate_from = operations["migrate_to"], operations["migrate_from"]
        for read, told in (
            (vm.migrate_to_timeout_s, migrate_to),
            (vm.migrate_from_timeout_s, migrate_from),
        ):
            if read is None or f"{read * 1000:.0f}" != enforced(told["CRM_meta_timeout"]):
                yield f"{vm.id} timeout: {read} s, not {told}"
        on_fail = acted(migrate_to.get("CRM_meta_on_fail"), fencing=fencing)
        if vm.migrate_to_on_fail != on_fail:
            yield f"{vm.id} on-fail: {vm.migrate_to_on_fail}, not {on_fail}"


def of_parameters(
    configured: Configured, vm: Primitive, operations: Mapping[str, Mapping[str, str]]
) -> Iterator[str]:
    """On each node those with which the operation there is handed out."""
    for name in operations:
        node = SOURCE if name in ("migrate_to", "stop") else TARGET
        read = vm.parameters_on(configured.nodes[node])
        for key in sorted(VALUES["parameter"].keys() - read.unsure):
            if read.get(key) != operations[name].get(key):
                yield f"{vm.id} {name}: {key} {read.get(key)}, not {operations[name]}"


def differences(data: bytes, graph: Graph, clock: Clock) -> Iterator[str]:
    """Between what is read of a CIB and what its scheduler goes by."""
    configured = Configured(etree.fromstring(data), clock)
    if (fencing := configured.fences) is not graph.fences:
        yield f"fencing: {fencing}"
    for vm in parse_cib(data, clock=clock).vms:
        yield from of_operations(vm, graph.operations[vm.id], fencing=graph.fences)
    for primitive in configured.primitives():
        if primitive.agent.endswith(":VirtualDomain"):
            yield from of_parameters(configured, primitive, graph.operations[primitive.id])


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("batch", BATCHES)
def test_the_scheduler_goes_by_what_is_read(batch: int, scheduler: Scheduler) -> None:
    moment = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*NOW)

    @seed(batch)
    @settings(
        max_examples=BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(cibs(scheduler.version), st.sampled_from(sorted(ZONES)))
    def agree(data: bytes, zone: str) -> None:
        graph = scheduler.scheduled(data, moment, zone)
        assume(graph is not None)
        assert graph is not None
        now_s = datetime(*NOW, tzinfo=UTC).timestamp() - ZONES[zone]
        assert not list(differences(data, graph, Clock(now_s, ZONES[zone])))

    agree()
