"""Where location constraints keep VMs from running for good, nothing stands in their way."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.examination import Effect, Finding, Output, State, Topic, Way
from backends.doctor import config_file, memory
from backends.doctor.case import Case
from backends.doctor.configuration import parse_configuration
from backends.doctor.examine import judge
from backends.doctor.reach import within_reach
from doctor.cases import GiB, found, make, resource, vm

NODES = ("alpha", "bravo", "quorum")

PRIMITIVE = '<primitive id="{}" class="ocf" provider="heartbeat" type="VirtualDomain"{}/>'


def barred(constraints: str, resources: str = "", options: str = "") -> dict[str, frozenset[str]]:
    """What a CIB with two VMs and these constraints says of each."""
    nodes = "".join(
        f'<node id="{n}" uname="{name}"><instance_attributes id="a{n}">'
        f'<nvpair id="k{n}" name="kind" value="{"vote" if name == "quorum" else "host"}"/>'
        "</instance_attributes></node>"
        for n, name in enumerate(NODES)
    )
    listed = resources or PRIMITIVE.format("web1", "") + PRIMITIVE.format("web2", "")
    cib = (
        f'<cib><configuration><crm_config><cluster_property_set id="o">{options}'
        f"</cluster_property_set></crm_config><nodes>{nodes}</nodes>"
        f"<resources>{listed}</resources><constraints>{constraints}</constraints>"
        "</configuration></cib>"
    )
    return dict(parse_configuration(cib.encode()).barred)


AVOIDS = '<rsc_location id="l" {} node="quorum" score="-INFINITY"/>'
RULE = '<rsc_location id="l" rsc="web1"><rule id="r" score="-INFINITY"{}>{}</rule></rsc_location>'
NAME = '<expression id="e" attribute="#uname" operation="eq" value="quorum"/>'
KIND = '<expression id="f" attribute="kind" operation="ne" value="host"/>'
PING = '<expression id="g" attribute="pingd" operation="not_defined"/>'


@pytest.mark.parametrize(
    ("constraints", "expected"),
    [
        (AVOIDS.format('rsc="web1"'), {"web1": {"quorum"}}),
        (AVOIDS.format('rsc-pattern="^web"'), {"web1": {"quorum"}, "web2": {"quorum"}}),
        (AVOIDS.format('rsc-pattern="!1$"'), {"web2": {"quorum"}}),
        (
            '<rsc_location id="l" node="quorum" score="-INFINITY"><resource_set id="s">'
            '<resource_ref id="web2"/></resource_set></rsc_location>',
            {"web2": {"quorum"}},
        ),
        (RULE.format("", NAME), {"web1": {"quorum"}}),
        (RULE.format("", KIND), {"web1": {"quorum"}}),
        (RULE.format(' boolean-op="or"', NAME + PING), {"web1": {"quorum"}}),
        (RULE.format("", NAME + PING), {}),
        (RULE.format("", PING), {}),
        (RULE.format("", '<date_expression id="d" operation="gt" start="2020-01-01"/>'), {}),
        (AVOIDS.format('rsc="web1" role="Master"'), {}),
        ('<rsc_location id="l" rsc="web1" node="quorum" score="-100"/>', {}),
        ('<rsc_location id="l" rsc="web1" node="alpha" score="INFINITY"/>', {}),
        (
            '<rsc_location id="cli-ban-web1-on-quorum" rsc="web1" node="quorum"'
            ' score="-INFINITY"/>',
            {},
        ),
        (
            '<rsc_location id="l" rsc="web1" node="alpha" score="0"'
            ' resource-discovery="exclusive"/>',
            {"web1": {"bravo", "quorum"}},
        ),
    ],
)
def test_only_what_is_for_good_keeps_a_vm_from_a_node(
    constraints: str, expected: dict[str, set[str]]
) -> None:
    assert barred(constraints) == expected


def test_in_an_opt_in_cluster_a_vm_runs_only_where_it_is_wanted() -> None:
    options = '<nvpair id="s" name="symmetric-cluster" value="false"/>'
    wanted = '<rsc_location id="l" rsc="web1" node="alpha" score="100"/>'
    assert barred(wanted, options=options) == {
        "web1": {"bravo", "quorum"},
        "web2": {"alpha", "bravo", "quorum"},
    }


@pytest.mark.parametrize(
    "resources",
    [
        f'<group id="all">{PRIMITIVE.format("web1", "")}</group>',
        '<template id="all"/>' + PRIMITIVE.format("web1", ' template="all"'),
    ],
    ids=["group", "template"],
)
def test_a_constraint_counts_for_all_that_its_id_means(resources: str) -> None:
    assert barred(AVOIDS.format('rsc="all"'), resources) == {"web1": {"quorum"}}


GUESTS = (
    '<rsc_location id="l" rsc="web1"><rule id="r" score="-INFINITY"><expression id="e" '
    'attribute="#kind" operation="{}" value="{}"/></rule></rsc_location>'
)
MADE = (
    PRIMITIVE.format("web1", "")
    + '<primitive id="far" class="ocf" provider="pacemaker" type="remote"/>'
    + PRIMITIVE.format("inside", "").replace(
        "/>",
        '><meta_attributes id="m"><nvpair id="n" name="remote-node" value="guest"/>'
        "</meta_attributes></primitive>",
    )
)


@pytest.mark.parametrize(
    ("operation", "kind", "nodes"),
    [
        ("eq", "container", {"guest"}),
        ("eq", "remote", {"far"}),
        ("ne", "cluster", {"far", "guest"}),
    ],
)
def test_a_node_that_a_resource_makes_is_a_node_to_rules(
    operation: str, kind: str, nodes: set[str]
) -> None:
    assert barred(GUESTS.format(operation, kind), MADE)["web1"] == nodes


def kept(case: Case, **barred: str) -> Case:
    """The case, in which these VMs are kept from these nodes."""
    names = {vm: frozenset(nodes.split()) for vm, nodes in barred.items()}
    return replace(case, configuration=replace(case.configuration, barred=names))


def test_a_node_that_only_votes_needs_nothing_that_vms_need() -> None:
    case = kept(make(nodes=NODES), web1="quorum")
    silent = [
        Finding(Topic.LIBVIRT, "daemon", State.WRONG, "no libvirt", node="quorum"),
        Finding(
            Topic.TRANSPORT,
            "tcp",
            State.WRONG,
            "refused",
            node="alpha",
            ways=(Way("alpha", "quorum"),),
            effect=Effect.SENDING_FAILS,
        ),
    ]
    others = [
        Finding(Topic.LIBVIRT, "daemon", State.WRONG, "no libvirt", node="bravo"),
        Finding(Topic.NAMES, "clock", State.WARNING, "is behind", node="quorum"),
    ]
    told = list(within_reach(case, [*silent, *others]))
    assert told[-2:] == others and not set(silent) & set(told)
    assert [(each.state, each.node) for each in told[:-2]] == [(State.NOT_USED, "quorum")]


def test_what_holds_up_one_vm_and_not_another_says_so() -> None:
    vms = [(vm(), resource()), (vm("web2"), resource("web2"))]
    case = kept(make(nodes=NODES, vms=vms), web1="quorum")
    finding = Finding(Topic.LIBVIRT, "tcp listener", State.WRONG, "silent", node="quorum")
    (told,) = within_reach(case, [finding])
    assert told.concerns == ("web2",)


def test_a_config_file_is_missed_only_where_it_is_needed() -> None:
    sums = {"config files": f"{'a' * 64}  /vm/web1.xml\n"}
    none = {"config files": Output(0, "")}
    case = make({"alpha": sums, "bravo": sums, "quorum": none}, nodes=NODES)
    assert (State.WRONG, "quorum", "web1") in found(config_file.judge, case)
    assert found(config_file.judge, kept(case, web1="quorum")) == [(State.OK, None, "web1")]


def test_room_counts_only_where_a_vm_may_go() -> None:
    def free(gib: int) -> dict[str, str]:
        return {"memory": f"MemAvailable: {gib << 20} kB\n"}

    case = make(
        {"alpha": free(8), "bravo": free(1), "quorum": free(64)},
        nodes=NODES,
        vms=[(vm(memory_bytes=4 * GiB), resource())],
    )
    assert (State.OK, "alpha", None) in found(memory.judge, case, "loss of the node")
    case = kept(case, web1="quorum")
    assert found(memory.judge, case, "room") == [(State.WRONG, None, "web1")]
    assert (State.WARNING, "alpha", None) in found(memory.judge, case, "loss of the node")


def test_a_vm_that_may_run_on_one_node_alone_is_told_so_and_nothing_else_of_the_others() -> None:
    case = kept(make(nodes=NODES), web1="bravo quorum")
    report = judge(case)
    (finding,) = [each for each in report.findings if each.vm and each.check == "location"]
    assert finding.state is State.WARNING and "leave it alpha alone" in finding.seen
    assert not [f for f in report.findings if f.topic is Topic.LIBVIRT and f.state is State.WRONG]
