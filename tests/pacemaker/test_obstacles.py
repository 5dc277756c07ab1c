"""Why the scheduler would not have a VM on a node: in the words of the configuration itself."""

from __future__ import annotations

import pytest

from backends.data.plan import Prediction, VerdictKind
from backends.judgement.judge import judge
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from pacemaker.cibs import cib, nvpairs, vm

MON = b"""<pacemaker-result api-version="2.25"><summary>
<current_dc name="alpha" with_quorum="true"/></summary><nodes>
<node name="alpha" id="1" online="true"/>
<node name="bravo" id="2" online="true"/>
</nodes><resources>
<resource id="vm1" role="Started" active="true" managed="true">
<node name="alpha" id="1"/></resource>
<resource id="vm2" role="Started" active="true" managed="true">
<node name="bravo" id="2"/></resource>
</resources></pacemaker-result>"""


def transient(values: dict[str, str]) -> str:
    inside = nvpairs("instance_attributes", "status-2", values)
    return (
        f'<node_state id="2" uname="bravo"><transient_attributes id="2">{inside}'
        "</transient_attributes></node_state>"
    )


def utilized(name: str, needed: int) -> str:
    needs = nvpairs("utilization", name, {"hv_memory": str(needed)})
    return vm(name).replace("<operations>", f"{needs}<operations>")


BAN = '<rsc_location id="never" rsc="vm1" node="bravo" score="-INFINITY"/>'
RULE = (
    '<rsc_location id="never" rsc="vm1"><rule id="r" score="-INFINITY">'
    '<expression id="e" attribute="#uname" operation="eq" value="bravo"/></rule></rsc_location>'
)
APART = '<rsc_colocation id="apart" rsc="vm1" with-rsc="vm2" score="-INFINITY"/>'
FAILED = {"fail-count-vm1#start_0": "INFINITY"}
TWO = vm("vm1") + vm("vm2")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (cib(TWO, constraints=BAN), "never bans it from there"),
        (cib(TWO, constraints=RULE), "never bans it from there"),
        (cib(TWO, constraints=APART), "apart keeps it apart from vm2, which is there"),
        (cib(TWO, status=transient(FAILED)), "its start failed there for good"),
        (
            cib(
                vm("vm1", {"migration-threshold": "3"}) + vm("vm2"),
                status=transient({"fail-count-vm1#monitor_10000": "3"}),
            ),
            "its monitor failed there as often as migration-threshold allows",
        ),
        (
            cib(
                TWO,
                options={"node-health-strategy": "only-green"},
                status=transient({"#health-smart": "yellow"}),
            ),
            "the node's health is yellow (node-health-strategy is only-green)",
        ),
        (
            cib(
                utilized("vm1", 4096) + utilized("vm2", 1024),
                options={"placement-strategy": "balanced"},
            ),
            "it needs 4096 of hv_memory, and none is left there",
        ),
        (cib(TWO), "something that it depends on keeps it from bravo"),
        (cib(TWO, status=transient({"#health-smart": "red"})), "something that it depends on"),
    ],
)
def test_a_refusal_names_its_reason(data: bytes, reason: str) -> None:
    picture = pacemaker_picture(parse_status(MON), parse_cib(data))
    verdict = judge(picture, ("vm1",), "bravo", Prediction(()))
    assert verdict.kind is VerdictKind.REFUSED
    (said,) = verdict.reasons
    assert reason in said
    assert "; " not in said, "no other reason"


@pytest.mark.parametrize(
    ("strategy", "colour", "shown"),
    [
        ("none", "red", None),
        ("migrate-on-red", "red", "red"),
        ("migrate-on-red", "yellow", None),
        ("only-green", "yellow", "yellow"),
        ("progressive", "yellow", "yellow"),
        ("only-green", "green", None),
    ],
)
def test_a_nodes_health_is_shown_as_the_strategy_counts_it(
    strategy: str, colour: str, shown: str | None
) -> None:
    data = cib(
        TWO,
        options={"node-health-strategy": strategy},
        status=transient({"#health-smart": colour}),
    )
    node = pacemaker_picture(parse_status(MON), parse_cib(data)).node("bravo")
    assert node is not None and node.health == shown
