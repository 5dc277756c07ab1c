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
