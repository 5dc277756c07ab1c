"""What is read of a CIB is what its scheduler goes by, whatever sets, scores, rules, references,
templates and defaults it is made of: generated CIBs, each asked of the real crm_simulate."""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from lxml import etree

from backends.pacemaker.cib import VMResource, parse_cib
from backends.pacemaker.moments import Clock
from pacemaker.generated import NOW, cibs

BATCHES = range(int(os.environ.get("VMFERRY_CIB_BATCHES", "2")))
"""So that `make test` ends in time; 20 of them are 2,000 CIBs."""
BATCH = 100

ZONES = {"UTC0": 0, "VMF-5:30": 19_800, "VMF8": -28_800}


@cache
def version() -> str:
    answer = subprocess.run(("crm_simulate", "--version"), check=True, capture_output=True)
    found = re.search(r"\d+\.\d+\.\d+", answer.stdout.decode())
    assert found is not None
    return found[0]


def scheduled(data: bytes, zone: str) -> dict[str, dict[str, dict[str, str]]]:
    """By VM and operation, what the transition graph hands to the executor."""
    moment = "{:04}-{:02}-{:02} {:02}:{:02}:{:02}".format(*NOW)
    with TemporaryDirectory() as directory:
        graph = Path(directory) / "graph.xml"
        subprocess.run(
            ("crm_simulate", "-p", "-S", "-t", moment, "-G", str(graph)),
            input=data,
            check=True,
            capture_output=True,
            env={**os.environ, "TZ": zone, "CIB_shadow_dir": directory},
        )
        found: dict[str, dict[str, dict[str, str]]] = {}
        for operation in etree.parse(graph).iterfind(".//action_set/rsc_op"):
            vm = operation.find("primitive")
            said = operation.find("attributes")
            assert vm is not None and said is not None
            attributes = {str(key): str(value) for key, value in said.attrib.items()}
            found.setdefault(vm.get("id", ""), {})[operation.get("operation", "")] = attributes
        return found


ACTS = ("block", "restart", "ignore", "stop", "standby", "migrate")


def acted(said: str | None, *, fencing: bool) -> str:
    """What the scheduler logs that it does for a word; what it does not take is the default."""
    if said == "fence":
        return "fence" if fencing else "stop"
    return {"nothing": "ignore"}.get(said or "", said if said in ACTS else "restart")


def differences(
    vm: VMResource, operations: dict[str, dict[str, str]], *, fencing: bool
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
            if read is None or f"{read * 1000:.0f}" != told["CRM_meta_timeout"]:
                yield f"{vm.id} timeout: {read} s, not {told}"
        on_fail = acted(migrate_to.get("CRM_meta_on_fail"), fencing=fencing)
        if vm.migrate_to_on_fail != on_fail:
            yield f"{vm.id} on-fail: {vm.migrate_to_on_fail}, not {on_fail}"


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("batch", BATCHES)
def test_the_scheduler_goes_by_what_is_read(batch: int) -> None:
    @seed(batch)
    @settings(
        max_examples=BATCH, deadline=None, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(cibs(version()), st.sampled_from(sorted(ZONES)))
    def agree(data: bytes, zone: str) -> None:
        operations = scheduled(data, zone)
        now_s = datetime(*NOW, tzinfo=UTC).timestamp() - ZONES[zone]
        fencing = b'name="stonith-enabled" value="true"' in data
        for vm in parse_cib(data, clock=Clock(now_s, ZONES[zone])).vms:
            assert not list(differences(vm, operations[vm.id], fencing=fencing))

    agree()
