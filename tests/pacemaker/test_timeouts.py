"""Timeouts of operations: what vmferry reads is what Pacemaker's scheduler will enforce."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from lxml import etree

from backends.pacemaker.cib import parse_cib
from backends.pacemaker.moments import seconds
from pacemaker.cibs import cib, history, nvpairs, op, vm


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("180s", 180.0),
        ("180", 180.0),
        (" 180 ", 180.0),
        ("180 sec", 180.0),
        ("180seconds", 180.0),
        ("3min", 180.0),
        ("3m", 180.0),
        ("3M", 180.0),
        ("3minutes", 180.0),
        ("2h", 7200.0),
        ("2hr", 7200.0),
        ("120000ms", 120.0),
        ("120000msec", 120.0),
        ("5000000us", 5.0),
        ("1.5s", 1.0),
        ("0", 0.0),
        ("PT2M", None),
        ("P1D", None),
        ("-5", None),
        ("abc", None),
        ("3 parsecs", None),
        ("INFINITY", None),
        ("9" * 30, None),
        ("٣", None),
        ("", None),
        (None, None),
    ],
)
def test_spellings(text: str | None, found: float | None) -> None:
    assert seconds(text) == pytest.approx(found)


def operation(attributes: str, meta: dict[str, str] | None = None, name: str = "migrate_to") -> str:
    inside = nvpairs("meta_attributes", "o", meta) if meta else ""
    return f'<op id="o" name="{name}" interval="0" {attributes}>{inside}</op>'


DEFAULTS = nvpairs("meta_attributes", "od", {"timeout": "55s"})
HIGHER = nvpairs("meta_attributes", "odh", {"timeout": "66s"}, 'score="10"')
WRITTEN = [
    "180s", "3min", "3minutes", "3M", "120000ms", "180seconds", "10 S", "1.5s", "2h", " 30",
    "PT2M", "P1D", "-5", "abc", "INFINITY",
]  # fmt: skip


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    ("operations", "op_defaults"),
    [
        *((operation(f'timeout="{text}"'), "") for text in WRITTEN),
        ("", ""),
        ("", DEFAULTS),
        ("", DEFAULTS + HIGHER),
        (operation('timeout="77s"'), DEFAULTS),
        (operation(""), DEFAULTS),
        (operation("", {"timeout": "88s"}), DEFAULTS),
        (operation('timeout="77s"', {"timeout": "88s"}), DEFAULTS),
        (operation('timeout="77s"', name="monitor"), ""),
    ],
)
def test_it_is_the_timeout_that_the_scheduler_hands_out(
    tmp_path: Path, operations: str, op_defaults: str
) -> None:
    data = cib(
        vm("vm1", {"allow-migrate": "true"}, operations),
        op_defaults=op_defaults,
        constraints='<rsc_location id="x" rsc="vm1" node="bravo" score="INFINITY"/>',
        status=history(1, "alpha", vm1=[op("vm1", "start", 5)])
        + history(2, "bravo", vm1=[op("vm1", "monitor", 5, rc=7)])
        + history(3, "charlie", vm1=[op("vm1", "monitor", 5, rc=7)]),
    )
    graph = tmp_path / "graph.xml"
    subprocess.run(
        ("crm_simulate", "-p", "-S", "-G", str(graph)), input=data, check=True, capture_output=True
    )
    enforced = etree.parse(graph).findall(
        ".//action_set/rsc_op[@operation='migrate_to']/attributes[@CRM_meta_timeout]"
    )
    read = parse_cib(data).vms[0].migrate_to_timeout_s
    assert read is not None
    assert [element.get("CRM_meta_timeout") for element in enforced] == [f"{read * 1000:.0f}"]
