"""Who can host a VM: only such a node is a target, and nobody is led to another unsaid."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.picture import VM, Cluster, Node, NodeKind, NodeState, Operation
from backends.data.plan import Action, ActionKind, Prediction, VerdictKind
from backends.judgement.judge import judge, refusal
from backends.judgement.leaving import EvacuationWay, Fate, make_evacuation_plan
from backends.judgement.prospect import by_standby
from core.pictures import NODES, cluster, vm

GUEST = Node("inside", "inside", NodeState.ONLINE, NodeKind.GUEST)
REMOTE = Node("far", "far", NodeState.ONLINE, NodeKind.REMOTE)


def probed(node: str, rc: int) -> Operation:
    return Operation(node, "monitor", 3, rc, 0, None)


def pictured(*vms: VM) -> Cluster:
    return cluster(*vms, nodes=(*NODES, GUEST, REMOTE))


def refused(picture: Cluster, node: str, name: str = "web1") -> str | None:
    verdict = refusal(picture, (name,), node)
    return verdict.reasons[0] if verdict is not None else None


def test_a_guest_node_is_no_host_and_a_remote_node_is_one() -> None:
    picture = pictured(vm("web1"))
    assert "inside is a guest node, a virtual machine itself" in (refused(picture, "inside") or "")
    assert refused(picture, "far") is None
    assert [node.name for node in picture.nodes if node.can_host] == [
        "alpha", "bravo", "charlie", "far",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("rcs", "none"),
    [((5, 5), True), ((5, 7), False), ((7, 7), False), ((), False)],
)
def test_a_node_on_which_no_agent_is_installed_has_no_hypervisor(
    rcs: tuple[int, ...], none: bool
) -> None:
    vms = [vm(f"web{n}", history=(probed("charlie", rc),)) for n, rc in enumerate(rcs or (0,), 1)]
    picture = cluster(*(vms if rcs else [vm("web1")]))
    assert ("has no hypervisor" in (refused(picture, "charlie") or "")) is none


ASTRAY = Action(ActionKind.MIGRATE, "web2", "alpha", "inside")
PICTURE = pictured(vm("web1"), vm("web2"))
MOVES = Action(ActionKind.MIGRATE, "web1", "alpha", "bravo")


def test_who_is_led_into_a_guest_along_with_a_move_counts_as_rebooted() -> None:
    verdict = judge(PICTURE, ("web1",), "bravo", Prediction((MOVES, ASTRAY), ()))
    assert (verdict.kind, verdict.reboots) == (VerdictKind.SIDE_EFFECTS, ("web2",))
    assert any("web2 from alpha to inside" in r and "fails" in r for r in verdict.reasons)


def test_whom_only_the_end_of_a_move_would_lead_astray_stays_where_it_is() -> None:
    back = Action(ActionKind.MIGRATE, "web1", "bravo", "inside")
    verdict = judge(PICTURE, ("web1",), "bravo", Prediction((MOVES,), (back,)))
    assert (verdict.kind, verdict.reboots) == (VerdictKind.SIDE_EFFECTS, ())
    assert "the constraint of the move stays" in verdict.reasons[0]


def test_nobody_leaves_his_node_for_a_guest() -> None:
    plan = make_evacuation_plan(PICTURE, "alpha", [ASTRAY], {"web1": "bravo"})
    leaving = next(each for each in plan.vms if each.vm == "web2")
    assert (leaving.by_standby, leaving.standby_target) == (Fate.REBOOT, None)
    assert "inside is a guest node" in (leaving.why or "")
    assert plan.interrupted(EvacuationWay.STANDBY) == ("web2",)
    assert by_standby(PICTURE, "alpha", [ASTRAY])["web2"].kind is VerdictKind.REBOOT


def test_an_orphan_and_a_vm_on_two_nodes_are_not_moved() -> None:
    orphan = replace(vm("web1"), orphan=True)
    assert "no longer in the configuration" in (refused(pictured(orphan), "bravo") or "")
    twice = vm("web1", nodes=("alpha", "charlie"))
    assert "active on alpha and charlie" in (refused(pictured(twice), "bravo") or "")
