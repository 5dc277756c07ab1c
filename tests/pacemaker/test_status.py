"""What crm_mon says, in each of its forms."""

from __future__ import annotations

import pytest

from backends.data.errors import BadAnswer, ClusterStopped
from backends.data.picture import NodeKind, NodeState
from backends.pacemaker.status import Resource, Status, moment, parse_status
from pacemaker.cibs import answer, sample


def resource(status: Status, name: str) -> Resource:
    return next(r for r in status.resources if r.id == name)


def small(*, nodes: str = "", rest: str = "", api: str = "2.42") -> bytes:
    return (
        f'<pacemaker-result api-version="{api}" request="crm_mon"><nodes>{nodes}</nodes>{rest}'
        '<status code="0" message="OK"/></pacemaker-result>'
    ).encode()


def test_a_real_answer_is_read_whole() -> None:
    status = parse_status(sample("crm_mon-before"))
    assert (status.dc, status.quorum, status.maintenance) == ("charlie", True, False)
    assert status.fencing_enabled is False
    assert status.pacemaker_version == "2.1.5-a3f44794f94"
    assert [(n.name, n.id, n.state, n.is_dc) for n in status.nodes] == [
        ("alpha", "1", NodeState.ONLINE, False),
        ("bravo", "2", NodeState.ONLINE, False),
        ("charlie", "3", NodeState.ONLINE, True),
    ]
    assert [(r.id, r.role, r.nodes) for r in status.resources] == [
        ("vm1", "Started", ("alpha",)),
        ("vm2", "Started", ("alpha",)),
        ("vm3", "Started", ("bravo",)),
    ]
    assert status.failures == ()


def test_every_node_has_the_gravest_of_its_states() -> None:
    status = parse_status(answer("crm_mon-everything"))
    assert {node.name: (node.state, node.kind) for node in status.nodes} == {
        "alpha": (NodeState.ONLINE, NodeKind.MEMBER),
        "bravo": (NodeState.STANDBY, NodeKind.MEMBER),
        "charlie": (NodeState.MAINTENANCE, NodeKind.MEMBER),
        "delta": (NodeState.UNCLEAN, NodeKind.MEMBER),
        "echo": (NodeState.PENDING, NodeKind.MEMBER),
        "foxtrot": (NodeState.OFFLINE, NodeKind.MEMBER),
        "remote1": (NodeState.ONLINE, NodeKind.REMOTE),
        "guest1": (NodeState.ONLINE, NodeKind.GUEST),
        "web-0": (NodeState.ONLINE, NodeKind.GUEST),
    }
    assert [node.name for node in status.nodes if node.can_host] == ["alpha", "remote1"]


def test_resources_are_found_in_groups_clones_and_bundles() -> None:
    status = parse_status(answer("crm_mon-everything"))
    assert resource(status, "mail1").nodes == ("alpha",)
    assert resource(status, "httpd").nodes == ("web-0",)
    assert [(r.role, r.nodes) for r in status.resources if r.id == "drbd"][:3] == [
        ("Promoted", ("alpha",)),
        ("Unpromoted", ("bravo",)),
        ("Stopped", ()),
    ]
    assert resource(status, "held").managed is False
    assert resource(status, "broken").failed is True
    assert resource(status, "lost").nodes == ("delta",)


def test_a_failure_with_a_zone_has_its_moment() -> None:
    (failure,) = parse_status(answer("crm_mon-everything")).failures
    assert (failure.resource, failure.node, failure.task, failure.rc) == (
        "broken", "alpha", "start", 1,
    )  # fmt: skip
    assert failure.reason == "no such file"
    assert failure.at == 1795397258.0


def test_the_legacy_root_says_the_same() -> None:
    assert parse_status(answer("crm_mon-everything-as-xml")) == parse_status(
        answer("crm_mon-everything")
    )


def test_a_pacemaker_2_0_2_is_understood() -> None:
    status = parse_status(answer("crm_mon-2.0.2"))
    assert (status.dc, status.quorum, status.fencing_enabled) == ("alpha", True, True)
    assert [(n.name, n.state, n.standby) for n in status.nodes] == [
        ("alpha", NodeState.ONLINE, False),
        ("bravo", NodeState.STANDBY, True),
    ]
    assert resource(status, "vm1").role == "Migrating"
    assert resource(status, "vm1").pending == "Migrating"
    assert [r.role for r in status.resources if r.id == "drbd"] == ["Master", "Slave"]
    (failure,) = status.failures
    assert failure.resource == "vm1"
    assert failure.at is None, "a time without a zone is of an unknown hour"
    assert [(f.node, f.status, f.completed) for f in status.fencing] == [
        ("bravo", "success", "Mon Nov 23 01:20:11 2026"),
        ("bravo", "pending", None),
    ]


def test_a_cluster_that_does_not_run_says_so() -> None:
    with pytest.raises(ClusterStopped, match="does not run"):
        parse_status(answer("crm_mon-stopped"))


def test_newer_names_are_understood() -> None:
    rest = (
        '<summary><cluster_options fencing-enabled="true" maintenance-mode="true"/></summary>'
        '<resources><resource id="vm1" resource_agent="ocf:heartbeat:VirtualDomain" '
        'role="Started" active="true" removed="false" managed="true" failed="false" '
        'maintenance="true" nodes_running_on="0"/></resources>'
    )
    status = parse_status(small(rest=rest))
    assert (status.fencing_enabled, status.maintenance) == (True, True)
    assert resource(status, "vm1").maintenance is True


def test_what_is_left_out_is_unknown() -> None:
    status = parse_status(small(nodes='<node name="a"/>', api="2.1"))
    assert status.nodes[0].state is NodeState.OFFLINE
    unknown = (status.dc, status.quorum, status.maintenance, status.fencing_enabled)
    assert unknown == (None, None, None, None)
    assert (status.resources, status.failures, status.fencing) == ((), (), ())


def test_before_a_dc_is_elected_there_is_no_quorum_to_speak_of() -> None:
    status = parse_status(small(rest='<summary><current_dc present="false"/></summary>'))
    assert (status.dc, status.quorum) == (None, None)


def test_the_history_of_fencing() -> None:
    rest = (
        '<fence_history status="0">'
        '<fence_event status="failed" exit-reason="no route" action="reboot" target="bravo" '
        'client="c" origin="alpha" completed="2026-11-23 01:20:11 +01:00"/>'
        '<fence_event status="pending" action="off" target="charlie" client="c" origin="alpha"/>'
        "</fence_history>"
    )
    assert [
        (f.node, f.action, f.status, f.completed) for f in parse_status(small(rest=rest)).fencing
    ] == [
        ("bravo", "reboot", "failed", "2026-11-23 01:20:11 +01:00"),
        ("charlie", "off", "pending", None),
    ]


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2026-11-23 01:27:38Z", 1795397258.0),
        ("2026-11-23 02:27:38 +01:00", 1795397258.0),
        ("2026-11-22 20:27:38 -05:00", 1795397258.0),
        ("2026-11-23 01:27:38.250000Z", 1795397258.25),
        ("2026-11-23 01:27:38", None),
        ("Mon Nov 23 01:27:38 2026", None),
        ("", None),
        (None, None),
        ("0001-01-01 00:00:00 +14:00", -62135647200.0),
    ],
)
def test_a_moment_counts_only_with_its_zone(text: str | None, at: float | None) -> None:
    assert moment(text) == at


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"  \n",
        b"crm_mon: command not found",
        b"<html/>",
        b"<pacemaker-result><status code='1' message='x'/></pacemaker-result>",
        b"<pacemaker-result><nodes>",
        b"<pacemaker-result><nodes><node id='1'/></nodes></pacemaker-result>",
        b'<?xml version="1.0" encoding="klingon"?><crm_mon><nodes/></crm_mon>',
        b"\x00\xff\xfe",
    ],
)
def test_anything_else_is_a_bad_answer(data: bytes) -> None:
    with pytest.raises(BadAnswer, match="crm_mon"):
        parse_status(data)
