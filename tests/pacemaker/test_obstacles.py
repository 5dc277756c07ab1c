"""Why the scheduler would not have a VM on a node: in the words of the configuration itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from backends.data.plan import Prediction, VerdictKind
from backends.judgement.judge import judge
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from pacemaker.cibs import cib, history, nvpairs, op, vm

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


def status(
    *,
    here: Sequence[str] = (),
    there: Sequence[str] = (),
    beside: Sequence[str] = (),
    transient: dict[str, str] | None = None,
    more: str = "",
) -> str:
    """vm1 runs on alpha and vm2 on bravo; what else was done with vm1, on alpha and on bravo, and
    there with vm9."""
    absent = [op("vm1", "monitor", 2, rc=7)]
    bravo = history(2, "bravo", vm1=there or absent, vm2=[op("vm2", "start", 9)], vm9=beside)
    if transient:
        inside = nvpairs("instance_attributes", "status-2", transient)
        lasting = f'<transient_attributes id="2">{inside}</transient_attributes>'
        bravo = bravo.replace("</node_state>", f"{lasting}</node_state>")
    return history(1, "alpha", vm1=[op("vm1", "start", 5), *here]) + bravo + more


def transient(values: dict[str, str]) -> str:
    return status(transient=values)


def ended(task: str, rc: int, *, code: int = 0, interval: int = 0) -> str:
    """An operation that was not to end so."""
    entry = op("vm1", task, 3, rc=rc, status=code).replace(":7:", ":0:")
    return entry.replace('interval="0"', f'interval="{interval}" exit-reason="no libvirt"')


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
SETS = (
    '<rsc_colocation id="apart" score="-INFINITY"><resource_set id="s1" sequential="false">'
    '<resource_ref id="vm1"/></resource_set><resource_set id="s2"><resource_ref id="vm2"/>'
    "</resource_set></rsc_colocation>"
)
BESIDE = (
    '<rsc_colocation id="beside" rsc="vm1" with-rsc="vm3" score="INFINITY"/>'
    '<rsc_location id="home" rsc="vm3" node="alpha" score="INFINITY"/>'
    '<rsc_location id="away" rsc="vm3" node="bravo" score="-INFINITY"/>'
)
TICKET = '<rsc_ticket id="site" rsc="vm1" ticket="siteA" loss-policy="freeze"/>'
STANDBY = '<tickets><ticket_state id="siteA" granted="true" standby="true"/></tickets>'
HOME = '<rsc_location id="home" rsc="vm1" node="alpha" score="INFINITY"/>'
EXCLUSIVE = HOME.replace("/>", ' resource-discovery="exclusive"/>')
IN_GROUP = f'<group id="g">{vm("vm1")}{vm("vm9")}</group>{vm("vm2")}'


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
        (cib(TWO, constraints=SETS), "apart keeps it apart from vm2, which is there"),
        (
            cib(TWO + vm("vm3"), constraints=BESIDE),
            "beside wants it beside vm3, which is not there",
        ),
        (
            cib(TWO, constraints=TICKET),
            "site has it need the ticket siteA, which this cluster has not been granted",
        ),
        (cib(TWO, constraints=TICKET, status=status(more=STANDBY)), "siteA, which is in standby"),
        (
            cib(TWO, constraints=EXCLUSIVE, status=status()),
            "home has it looked for elsewhere only (resource-discovery)",
        ),
        (
            cib(
                TWO,
                options={"symmetric-cluster": "false"},
                constraints=HOME.replace("INFINITY", "1"),
            ),
            "symmetric-cluster is false, and no constraint lets it run there",
        ),
        (
            cib(TWO, status=status(there=[ended("monitor", 5)])),
            "its probe on bravo ended with «not installed» (no libvirt)",
        ),
        (
            cib(TWO, status=status(there=[ended("start", 2), op("vm1", "stop", 4)])),
            "its start on bravo ended with «invalid parameter»",
        ),
        (
            cib(TWO, status=status(there=[ended("monitor", 1, code=7)])),
            "its probe on bravo ended with «not installed»",
        ),
        (
            cib(TWO, status=status(here=[ended("monitor", 6, interval=10000)])),
            "its monitor on alpha ended with «not configured»",
        ),
        (
            cib(IN_GROUP, status=status(beside=[ended("monitor", 5)])),
            "vm9's probe on bravo ended with «not installed»",
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
