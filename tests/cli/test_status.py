from __future__ import annotations

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from backends.data.picture import (
    VM,
    Cluster,
    Constraint,
    ConstraintKind,
    Failure,
    Fencing,
    Migration,
    Node,
    NodeState,
    Phase,
    Stale,
    VMState,
)
from cli.conftest import Vmferry
from cli.schema import StatusSchema
from cli.still import StillBackend
from tui.cli.output import literal, width

UNKNOWING = Cluster(
    nodes=(Node("alpha", "1", NodeState.PENDING),),
    vms=(VM("web01", VMState.UNKNOWN),),
    migrations=(Migration("web01", "alpha", None, Phase.REQUESTED),),
)
HOSTILE = "[red]x[/]\x1b[31m\x9b2J\u202e\nTITLE"


def test_json_is_the_contract(vmferry: Vmferry) -> None:
    ended = vmferry("status", "--json", on=SimulatedBackend(4, 30, 1, 1.0, None))
    assert (ended.code, ended.err) == (0, "")
    status = msgspec.json.decode(ended.out, type=StatusSchema)
    assert len(status.nodes) == 4
    assert len(status.vms) == 30


@pytest.mark.parametrize("scenario", sorted(SCENARIOS))
def test_json_is_the_contract_in_every_scenario(vmferry: Vmferry, scenario: str) -> None:
    ended = vmferry("status", "--json", on=SimulatedBackend(3, 9, 2, 5.0, scenario))
    assert ended.code == 0
    msgspec.json.decode(ended.out, type=StatusSchema)


def test_json_of_everything_that_can_be_wrong(vmferry: Vmferry) -> None:
    picture = Cluster(
        vms=(
            VM(
                "web01",
                VMState.BLOCKED,
                constraints=(Constraint("cli-ban-web01", "web01", None, ConstraintKind.BAN),),
            ),
        ),
        failures=(Failure("web01", "alpha", "migrate_to", 1, "", None),),
        fencing=(Fencing("alpha", "reboot", "failed"),),
        stale=(Stale("libvirt", "alpha", 1.5, "connection refused"),),
    )
    ended = vmferry("status", "--json", on=StillBackend(picture))
    status = msgspec.json.decode(ended.out, type=StatusSchema)
    assert status.vms[0].constraints[0].node is None
    assert status.failures[0].at is None
    assert status.cluster.stale[0].reason == "connection refused"


def test_json_tells_a_nodes_health_and_what_is_no_longer_configured(vmferry: Vmferry) -> None:
    ill = Node("alpha", "1", NodeState.ONLINE, health="yellow")
    picture = Cluster(nodes=(ill,), vms=(VM("gone", VMState.RUNNING, orphan=True),))
    document = json.loads(vmferry("status", "--json", on=StillBackend(picture)).out)
    assert document["nodes"][0]["health"] == "yellow"
    assert document["vms"][0]["orphan"] is True


def test_json_names_every_node_on_which_a_vm_is_active(vmferry: Vmferry) -> None:
    twice = VM("web01", VMState.RUNNING, node="alpha", nodes=("alpha", "bravo"))
    picture = Cluster(vms=(twice, VM("web02", VMState.STOPPED)))
    first, second = json.loads(vmferry("status", "--json", on=StillBackend(picture)).out)["vms"]
    assert (first["node"], first["nodes"]) == ("alpha", ["alpha", "bravo"])
    assert (second["node"], second["nodes"]) == (None, [])


def test_what_is_not_known_is_null_and_never_zero(vmferry: Vmferry) -> None:
    document = json.loads(vmferry("status", "--json", on=StillBackend(UNKNOWING)).out)
    assert set(document["migrations"][0].values()) == {"web01", "alpha", "requested", None}
    stated = {"id", "state", "live_migration", "orphan", "managed", "failed", "constraints"}
    vm = document["vms"][0]
    assert all(vm[key] is None for key in vm.keys() - stated)
    assert vm["live_migration"] == {"possible": None, "reason": None}
    for key in ("cpu_percent", "memory_bytes", "memory_used_bytes"):
        assert document["nodes"][0][key] is None
    for key in ("name", "quorum", "dc", "maintenance", "fencing_enabled"):
        assert document["cluster"][key] is None


def test_a_number_that_is_none_is_null(vmferry: Vmferry) -> None:
    picture = Cluster(nodes=(Node("alpha", "1", NodeState.ONLINE, cpu_percent=float("nan")),))
    ended = vmferry("status", "--json", on=StillBackend(picture))
    assert json.loads(ended.out)["nodes"][0]["cpu_percent"] is None


def test_words_name_every_node_and_vm(vmferry: Vmferry) -> None:
    backend = SimulatedBackend(3, 9, 1, 1.0, None)
    ended = vmferry("status", on=backend)
    assert ended.code == 0
    assert all(node.name in ended.out for node in backend.picture.nodes)
    assert all(vm.id in ended.out for vm in backend.picture.vms)


def test_words_say_unknown_and_not_zero(vmferry: Vmferry) -> None:
    out = vmferry("status", on=StillBackend(UNKNOWING)).out
    row = next(line for line in out.splitlines() if line.startswith("alpha"))
    assert row.split() == ["alpha", "pending", "?", "?", "?", "0", "unknown"]


def test_no_colour_without_a_terminal(vmferry: Vmferry) -> None:
    assert "\x1b" not in vmferry("status", on=SimulatedBackend(3, 9, 1, 1.0, None)).out


def test_hostile_names_are_shown_literally_and_obeyed_by_no_terminal(vmferry: Vmferry) -> None:
    picture = Cluster(
        name=HOSTILE,
        nodes=(Node(HOSTILE, "1", NodeState.ONLINE),),
        vms=(VM(HOSTILE, VMState.RUNNING, node=HOSTILE),),
        failures=(Failure(HOSTILE, HOSTILE, "start", 1, HOSTILE, None),),
    )
    words = vmferry("status", on=StillBackend(picture)).out
    assert "[red]x[/]�[31m�2J��TITLE" in words
    assert not set("\x1b\x9b\u202e") & set(words)
    ended = vmferry("status", "--json", on=StillBackend(picture))
    assert ended.out.isascii()
    assert json.loads(ended.out)["vms"][0]["id"] == HOSTILE


def test_columns_stay_aligned_under_wide_and_long_names(vmferry: Vmferry) -> None:
    names = ("web01", "仮想計算機", "e\u0301clair", "x" * 200)
    picture = Cluster(vms=tuple(VM(name, VMState.RUNNING, node="alpha") for name in names))
    lines = vmferry("status", on=StillBackend(picture)).out.splitlines()
    rows = [line for line in lines if "running" in line]
    assert len({width(row[: row.index("alpha")]) for row in rows}) == 1


@given(st.text())
def test_literal_text_is_one_line_without_controls(text: str) -> None:
    shown = literal(text)
    assert len(shown) == len(text)
    assert len(shown.splitlines()) <= 1
    assert literal(shown) == shown
