"""Verdicts and plans: what an operator is told before anything is done."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.data import commands
from backends.data.picture import (
    VM,
    CibVersion,
    Cluster,
    Constraint,
    ConstraintKind,
    Migration,
    NodeState,
    Operation,
    Phase,
    Stale,
    VMState,
)
from backends.data.plan import Action, ActionKind, Command, Plan, Prediction, Verdict, VerdictKind
from backends.judgement.judge import judge, make_plan, refusal
from core.pictures import NODES, GiB, cluster, vm

LIVE, SIDE_EFFECTS = VerdictKind.LIVE, VerdictKind.SIDE_EFFECTS
REBOOT, REFUSED = VerdictKind.REBOOT, VerdictKind.REFUSED


def action(
    kind: ActionKind, name: str, source: str | None = "alpha", target: str | None = "bravo"
) -> Action:
    return Action(kind, name, source, target)


MIGRATES = action(ActionKind.MIGRATE, "web1")
PICTURE = cluster(vm("web1"), vm("db1", live=False), vm("web2", "charlie"))


def verdict(
    *moved: Action,
    vms: tuple[str, ...] = ("web1",),
    cleared: tuple[Action, ...] = (),
    picture: Cluster = PICTURE,
) -> Verdict:
    return judge(picture, vms, "bravo", Prediction(moved, cleared, CibVersion(0, 1, 2)))


@pytest.mark.parametrize(
    ("moved", "cleared", "vms", "kind", "reboots"),
    [
        ([MIGRATES], [], ["web1"], LIVE, []),
        ([action(ActionKind.MOVE, "db1")], [], ["db1"], REBOOT, ["db1"]),
        ([action(ActionKind.RESTART, "web1")], [], ["web1"], REBOOT, ["web1"]),
        ([MIGRATES, action(ActionKind.MOVE, "db1")], [], ["web1", "db1"], REBOOT, ["db1"]),
        ([MIGRATES, action(ActionKind.START, "ip1", None)], [], ["web1"], SIDE_EFFECTS, []),
        ([MIGRATES, action(ActionKind.MIGRATE, "web2")], [], ["web1"], SIDE_EFFECTS, []),
        ([MIGRATES, action(ActionKind.MOVE, "db1")], [], ["web1"], SIDE_EFFECTS, ["db1"]),
        ([MIGRATES, action(ActionKind.STOP, "ip1")], [], ["web1"], SIDE_EFFECTS, []),
        (
            [MIGRATES],
            [action(ActionKind.MIGRATE, "web1", "bravo", "alpha")],
            ["web1"],
            SIDE_EFFECTS,
            [],
        ),
        ([MIGRATES], [action(ActionKind.RECOVER, "db1")], ["web1"], SIDE_EFFECTS, ["db1"]),
        ([], [], ["web1"], REFUSED, []),
        ([MIGRATES], [], ["web1", "web2"], REFUSED, []),
        ([action(ActionKind.MIGRATE, "web1", "alpha", "charlie")], [], ["web1"], REFUSED, []),
        ([action(ActionKind.MOVE, "db1", "alpha", "charlie")], [], ["db1"], REFUSED, []),
        ([action(ActionKind.STOP, "web1", "alpha", None)], [], ["web1"], REFUSED, []),
        ([action(ActionKind.STOP, "db1", "alpha", None)], [], ["web1", "db1"], REFUSED, []),
    ],
)
def test_what_the_scheduler_would_do_makes_the_verdict(
    moved: list[Action],
    cleared: list[Action],
    vms: list[str],
    kind: VerdictKind,
    reboots: list[str],
) -> None:
    found = verdict(*moved, vms=tuple(vms), cleared=tuple(cleared))
    assert (found.kind, list(found.reboots)) == (kind, reboots)
    assert bool(found.reasons) == (kind is not LIVE), "all but LIVE say why"
    assert found.version == CibVersion(0, 1, 2)


def test_a_reboot_says_that_allow_migrate_is_missing() -> None:
    (reason,) = verdict(action(ActionKind.MOVE, "db1"), vms=("db1",)).reasons
    assert reason.endswith("db1 would be stopped and started again")
    assert "allow-migrate" in reason


def test_a_reboot_despite_allow_migrate_blames_what_it_depends_on() -> None:
    (reason,) = verdict(action(ActionKind.MOVE, "web1")).reasons
    assert "allow-migrate" not in reason and "depends" in reason


def test_a_guest_stopped_beside_is_named_as_that() -> None:
    reasons = verdict(MIGRATES, action(ActionKind.MOVE, "db1")).reasons
    assert any("move db1" in reason and "guest is stopped" in reason for reason in reasons)


def test_going_home_afterwards_is_said() -> None:
    back = action(ActionKind.MIGRATE, "web1", "bravo", "alpha")
    (reason,) = verdict(MIGRATES, cleared=(back,)).reasons
    assert reason == "afterwards: migrate web1 from bravo to alpha"


def test_too_little_memory_is_said() -> None:
    small = replace(NODES[1], memory_bytes=4 * GiB, memory_used_bytes=3 * GiB)
    large = replace(vm("web1"), memory_bytes=2 * GiB)
    found = verdict(MIGRATES, picture=cluster(large, nodes=(NODES[0], small, NODES[2])))
    assert found.kind is VerdictKind.NO_ROOM
    assert found.reasons == ("2.0 GiB needed, bravo has 1.0 GiB free",)


def test_unknown_memory_is_no_shortage() -> None:
    unknown = replace(NODES[1], memory_bytes=4 * GiB)
    large = replace(vm("web1"), memory_bytes=64 * GiB)
    assert verdict(MIGRATES, picture=cluster(large, nodes=(NODES[0], unknown))).kind is LIVE


def node_is(state: NodeState, which: int = 1) -> Callable[[Cluster], Cluster]:
    def change(picture: Cluster) -> Cluster:
        nodes = list(picture.nodes)
        nodes[which] = replace(nodes[which], state=state)
        return replace(picture, nodes=tuple(nodes))

    return change


def vm_is(found: VM) -> Callable[[Cluster], Cluster]:
    return lambda picture: replace(picture, vms=(found,))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (node_is(NodeState.STANDBY), "bravo cannot take it: it is in standby"),
        (node_is(NodeState.MAINTENANCE), "bravo cannot take it: it is in maintenance"),
        (node_is(NodeState.PENDING), "bravo cannot take it: it is still joining the cluster"),
        (node_is(NodeState.UNCLEAN), "bravo cannot take it: it is unclean"),
        (node_is(NodeState.OFFLINE), "bravo cannot take it: it is offline"),
        (node_is(NodeState.UNCLEAN, 0), "web1 is on alpha: it is unclean"),
        (node_is(NodeState.MAINTENANCE, 0), "web1 is on alpha: it is in maintenance"),
        (vm_is(vm("web1", "bravo")), "web1 is on bravo already"),
        (vm_is(vm("web1", None, VMState.STOPPED)), "web1 runs nowhere (stopped)"),
        (vm_is(vm("web1", nodes=("alpha", "charlie"))), "web1 is active on alpha and charlie"),
        (vm_is(vm("web1", state=VMState.BLOCKED)), "web1 is blocked"),
        (vm_is(vm("web1", state=VMState.FAILED)), "web1 is failed"),
        (vm_is(vm("web1", state=VMState.STOPPING)), "web1 is stopping"),
        (vm_is(replace(vm("web1"), maintenance=True)), "web1 is in maintenance"),
        (vm_is(replace(vm("web1"), managed=False)), "web1 is unmanaged"),
        (lambda p: replace(p, quorum=False), "the cluster has no quorum"),
        (lambda p: replace(p, maintenance=True), "the cluster is in maintenance"),
        (
            lambda p: replace(p, stale=(Stale("pacemaker", None, 0.0, "no route"),)),
            "the picture of the cluster is old: no route",
        ),
        (
            lambda p: replace(
                p, migrations=(Migration("web1", "alpha", "charlie", Phase.COPYING),)
            ),
            "web1 is being migrated already",
        ),
    ],
)
def test_what_need_not_be_asked_is_refused_with_the_reason(
    change: Callable[[Cluster], Cluster], words: str
) -> None:
    found = refusal(change(cluster(vm("web1"))), ("web1",), "bravo")
    assert found is not None and found.kind is REFUSED
    assert found.reasons[0].startswith(words)


def test_where_nothing_can_be_foreseen_what_stands_against_it_anyway_is_said() -> None:
    old = replace(cluster(vm("web1")), pacemaker_version="1.1.18-2b07d5c5a9")
    unmanaged = vm_is(replace(vm("web1"), managed=False))(old)
    for picture, words in ((old, "Pacemaker 1.1.18 is there"), (unmanaged, "web1 is unmanaged")):
        found = refusal(picture, ("web1",), "bravo")
        assert found is not None and found.reasons[0].startswith(words)


def test_nothing_stands_against_an_ordinary_move() -> None:
    assert refusal(PICTURE, ("web1",), "bravo") is None


def test_a_stale_libvirt_does_not_stand_in_the_way() -> None:
    stale = replace(PICTURE, stale=(Stale("libvirt", "bravo", 0.0, "refused"),))
    assert refusal(stale, ("web1",), "bravo") is None


def plan(*moved: Action, vms: tuple[str, ...] = ("web1",), picture: Cluster = PICTURE) -> Plan:
    return make_plan(picture, verdict(*moved, vms=vms, picture=picture))


def test_a_live_plan_says_its_steps_its_commands_and_its_deadline() -> None:
    found = plan(MIGRATES)
    assert [str(command) for command in found.commands] == [
        "crm_resource --move --resource web1 --node bravo",
        "crm_resource --clear --resource web1",
    ]
    assert "Pacemaker migrates web1 live from alpha to bravo" in found.steps
    assert (found.deadline_s, found.reboots) == (120.0, False)


def test_a_plan_that_reboots_says_so_in_its_steps() -> None:
    found = plan(action(ActionKind.MOVE, "db1"), vms=("db1",))
    assert "Pacemaker shuts db1 down on alpha and starts it on bravo" in found.steps
    assert (found.reboots, found.deadline_s) == (True, None)


def test_a_reboot_beside_the_move_needs_the_same_consent() -> None:
    assert plan(MIGRATES, action(ActionKind.MOVE, "db1")).reboots
    assert not plan(MIGRATES, action(ActionKind.MIGRATE, "web2")).reboots


def test_a_refused_plan_would_send_nothing() -> None:
    found = plan()
    assert (found.commands, found.steps, found.warnings) == ((), (), ())


def test_what_failing_would_mean_is_said_unless_on_fail_blocks() -> None:
    assert any("stops the guest and starts it again" in w for w in plan(MIGRATES).warnings)
    blocking = cluster(replace(vm("web1"), migrate_to_on_fail="block"))
    assert not any("starts it again" in w for w in plan(MIGRATES, picture=blocking).warnings)


def test_a_vm_that_migrates_beside_runs_the_same_risk() -> None:
    found = plan(MIGRATES, action(ActionKind.MIGRATE, "web2"))
    [risk] = [warning for warning in found.warnings if "starts it again" in warning]
    assert "web1 or web2" in risk
    [own] = [warning for warning in found.warnings if "somebody" in warning]
    assert "web2" not in own, "vmferry keeps no hands off what it does not move"


def test_what_vmferry_would_do_by_itself_stands_in_the_plan_word_by_word() -> None:
    [warning] = [w for w in plan(MIGRATES).warnings if "somebody" in w]
    assert warning.endswith(str(commands.hands_off("web1")))


def test_a_copy_that_cannot_make_its_deadline_is_said_before() -> None:
    slow = replace(
        vm("web1"),
        memory_bytes=4 * GiB,
        migration_speed_bytes_per_s=16 << 20,
        migrate_to_on_fail="block",
    )
    told = "web1 needs 256 s at its migration speed, and the timeout of migrate_to is 120 s"
    assert told in plan(MIGRATES, picture=cluster(slow)).warnings


def test_a_timeout_that_is_not_known_is_no_deadline() -> None:
    unknown = cluster(replace(vm("web1"), migrate_to_timeout_s=None))
    found = plan(MIGRATES, picture=unknown)
    assert found.deadline_s is None
    assert any("its timeout, which is not known" in warning for warning in found.warnings)


def test_constraints_that_go_as_well_are_named() -> None:
    left = Constraint("cli-ban-web1-on-charlie", "web1", "charlie", ConstraintKind.BAN)
    found = plan(MIGRATES, picture=cluster(replace(vm("web1"), constraints=(left,))))
    assert any("cli-ban-web1-on-charlie" in warning for warning in found.warnings)


def test_an_earlier_stay_on_the_target_is_forgotten_before_the_move() -> None:
    """What it left there could have the guest restarted when anything changes during the copy."""
    stay = (Operation("bravo", "migrate_from", 3, 0, 0, 100.0),)
    found = plan(MIGRATES, picture=cluster(replace(vm("web1"), history=stay)))
    forget = commands.forget_stay("web1", "bravo")
    assert found.commands[0] == forget and found.steps[0] == forget.purpose


def block(name: str) -> VM:
    return replace(vm(name), migrate_to_on_fail="block")


def test_those_that_no_failure_restarts_are_told_in_one_write() -> None:
    both = (MIGRATES, action(ActionKind.MIGRATE, "web2"))
    blocking = cluster(block("web1"), block("web2"))
    found = plan(*both, vms=("web1", "web2"), picture=blocking)
    together = commands.move_together({"web1": "bravo", "web2": "bravo"})
    assert found.commands == (together, commands.clear("web1"), commands.clear("web2"))
    one = cluster(block("web1"), vm("web2"))
    assert together not in plan(*both, vms=("web1", "web2"), picture=one).commands


@given(st.lists(st.text(), min_size=1))
def test_a_command_is_shown_as_a_shell_would_take_it(words: list[str]) -> None:
    command = Command(tuple(words), "x")
    assert shlex.split(str(command)) == words


@given(st.text(min_size=1), st.text(min_size=1))
def test_no_name_becomes_more_than_one_word(name: str, node: str) -> None:
    for command in (
        commands.move(name, node),
        commands.clear(name),
        commands.hands_off(name),
        commands.hands_on(name, None),
        commands.standby(node, on=True),
        commands.abort_job(name, node),
        commands.set_downtime(name, node, 500),
    ):
        assert shlex.split(str(command)) == list(command.argv)
    assert commands.move(name, node).argv[-4:] == ("--resource", name, "--node", node)


def test_a_live_move_that_would_fall_back_cold_restarts_nothing_by_itself() -> None:
    there = Action(ActionKind.MIGRATE, "web1", "alpha", "bravo")
    back = Action(ActionKind.MOVE, "web1", "bravo", "alpha")
    found = judge(PICTURE, ("web1",), "bravo", Prediction((there,), (back,)))
    assert found.reboots == ("web1",)
    assert not found.restarts("web1")


actions = st.sampled_from(
    [MIGRATES, action(ActionKind.MIGRATE, "web2"), action(ActionKind.MOVE, "db1")]
)
verdicts = st.builds(
    Verdict,
    st.just(("web1",)),
    st.just("bravo"),
    st.sampled_from(VerdictKind),
    actions=st.lists(actions, unique=True).map(tuple),
    reboots=st.sets(st.sampled_from(["web1", "db1"])).map(tuple),
)


@given(verdicts, verdicts)
def test_no_worse_is_to_do_nothing_more(one: Verdict, other: Verdict) -> None:
    assert one.no_worse_than(one)
    if one.no_worse_than(other):
        assert set(one.reboots) <= set(other.reboots) and set(one.actions) <= set(other.actions)
        if other.no_worse_than(one):
            assert one.kind is other.kind
    more = replace(one, actions=(*other.actions, action(ActionKind.STOP, "mail1")))
    assert not more.no_worse_than(other)


def test_what_would_happen_anyway_is_no_part_of_a_move() -> None:
    colleague = action(ActionKind.MIGRATE, "web2")
    reworded = replace(colleague, reason="said otherwise")
    predicted = Prediction((MIGRATES, colleague), (colleague,)).beside([reworded], ("web1",))
    assert (predicted.moved, predicted.cleared) == ((MIGRATES,), ())
    assert Prediction((MIGRATES,)).beside([MIGRATES], ("web1",)).moved == (MIGRATES,)
