"""`vmferry since` and `vmferry why`, of a night in a simulated cluster."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.configuration import FENCE_PASSWORD
from backends.past.record import Record
from cli.conftest import Ended


@pytest.fixture
def night() -> Record:
    return SimulatedBackend(4, 24, 1, 0, "night").record


def test_since_tells_the_night_worst_first(vmferry: Callable[..., Ended], night: Record) -> None:
    ended = vmferry("since", "-7h", past=night)
    assert ended.code == 0
    dark, *lines = ended.out.splitlines()
    assert dark.startswith("! nothing older than")
    assert "bravo was lost" in lines[0]
    assert any("timed out" in line for line in lines)
    assert any("(by ann with crm_standby on alpha)" in line for line in lines)


def test_since_as_json_has_everything_in_order(
    vmferry: Callable[..., Ended], night: Record
) -> None:
    ended = vmferry("since", "-7h", "--json", past=night)
    document = json.loads(ended.out)
    moments = [entry["at"] for entry in document["entries"]]
    assert moments == sorted(moments) and document["dark"] == []
    assert FENCE_PASSWORD not in ended.out


def test_why_names_the_cause_who_it_was_and_what_would_have_saved_the_guest(
    vmferry: Callable[..., Ended], night: Record
) -> None:
    ended = vmferry("why", "web1", "--at", "-4h", "--json", past=night)
    document = json.loads(ended.out)
    assert (document["cause"], document["who"]) == ("prefer", "bob with crm_resource on alpha")
    assert document["event"]["kind"] == "migrate_to-timed-out"
    assert "on-fail=block" in document["would_have_saved_it"][0]["what"]
    said = vmferry("why", "web1", "--at", "-4h", past=night).out
    assert "would have saved it: with on-fail=block" in said


def test_why_of_a_stranger_is_refused(vmferry: Callable[..., Ended], night: Record) -> None:
    ended = vmferry("why", "nobody", "--at", "-4h", past=night)
    assert ended.code != 0 and "no VM and no node 'nobody'" in ended.err


def test_why_of_now_tells_the_rules_and_scores_first(vmferry: Callable[..., Ended]) -> None:
    backend = SimulatedBackend(4, 24, 1, 100, "night")
    ended = vmferry("why", "web1", on=backend)
    assert ended.code == 0
    assert ended.out.startswith("web1 runs on bravo\n  bravo has the highest score for it, 100\n")
    assert "alpha  -INFINITY: cli-ban-web1-on-alpha bans it from this node" in ended.out
    assert "would have saved it: with on-fail=block" in ended.out


def test_why_of_now_as_json(vmferry: Callable[..., Ended]) -> None:
    backend = SimulatedBackend(4, 24, 1, 100, "calm")
    ended = vmferry("why", "staging", "--json", on=backend)
    now = json.loads(ended.out)["now"]
    assert now["text"] == "staging runs nowhere"
    assert "its target role is Stopped: somebody has stopped it" in now["reasons"]
    assert {place["score"] for place in now["places"]} == {-1_000_000}


def test_why_of_a_node_tells_what_keeps_vms_from_it(vmferry: Callable[..., Ended]) -> None:
    backend = SimulatedBackend(3, 12, 1, 100, "calm")
    backend.world.execute(("crm_standby", "--node", "bravo", "--update", "on"))
    backend.world.advance(120)
    said = vmferry("why", "bravo", on=backend).out
    assert said.startswith("bravo is standby, with 0 VMs\n  it is in standby: nothing is started")
    assert "bravo was put in standby (by root with crm_standby on alpha)" in said
