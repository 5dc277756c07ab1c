"""What happened between two pictures: each thing told once."""

from __future__ import annotations

from dataclasses import replace

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
    Hypervisor,
    HypervisorState,
    Migration,
    Node,
    NodeState,
    Phase,
    Stale,
    VMState,
)
from backends.data.timeline import Severity
from backends.judgement.changes import changes
from core.pictures import NODES, cluster, vm

BASE = replace(cluster(vm()), voice="alpha", taken_at=7.0)
COPYING = Migration("web1", "alpha", "bravo", Phase.COPYING)
PREFER = Constraint("cli-prefer-web1", "web1", "bravo", ConstraintKind.PREFER)
LIBVIRT = Stale("libvirt", "bravo", 1.0, "connection refused")
PACEMAKER = Stale("pacemaker", None, 1.0, "no route")


def with_vm(found: VM) -> Cluster:
    return replace(BASE, vms=(found,))


def node_is(state: NodeState) -> Cluster:
    return replace(BASE, nodes=(NODES[0], replace(NODES[1], state=state), NODES[2]))


def migrating(migration: Migration = COPYING) -> Cluster:
    return replace(with_vm(vm(state=VMState.MIGRATING)), migrations=(migration,))


def libvirt(state: HypervisorState) -> Cluster:
    nodes = (NODES[0], replace(NODES[1], hypervisor=Hypervisor(state)), NODES[2])
    stale = (LIBVIRT,) if state is HypervisorState.DOWN else ()
    return replace(BASE, nodes=nodes, stale=stale)


GOOD, NEUTRAL, WARNING, BAD = Severity.GOOD, Severity.NEUTRAL, Severity.WARNING, Severity.BAD
UP, DOWN = HypervisorState.UP, HypervisorState.DOWN
Case = tuple[Cluster, Cluster, list[tuple[str, Severity]]]
CASES: list[Case] = [
    (BASE, replace(BASE, quorum=False), [("quorum", BAD)]),
    (replace(BASE, quorum=False), BASE, [("quorum", GOOD)]),
    (BASE, replace(BASE, quorum=None), []),
    (BASE, replace(BASE, dc="bravo"), [("dc", NEUTRAL)]),
    (BASE, replace(BASE, voice="bravo"), [("voice", WARNING)]),
    (BASE, replace(BASE, maintenance=True), [("maintenance", WARNING)]),
    (BASE, replace(BASE, stale=(PACEMAKER,)), [("stale", WARNING)]),
    (replace(BASE, stale=(PACEMAKER,)), BASE, [("fresh", GOOD)]),
    (libvirt(UP), libvirt(DOWN), [("stale", WARNING)]),
    (libvirt(DOWN), libvirt(UP), [("fresh", GOOD)]),
    (BASE, node_is(NodeState.UNCLEAN), [("node", BAD)]),
    (BASE, node_is(NodeState.STANDBY), [("node", WARNING)]),
    (node_is(NodeState.OFFLINE), BASE, [("node", GOOD)]),
    (
        BASE,
        replace(BASE, nodes=(*NODES, Node("delta", "4", NodeState.ONLINE))),
        [("node-added", NEUTRAL)],
    ),
    (BASE, replace(BASE, nodes=NODES[:2]), [("node-removed", WARNING)]),
    (BASE, replace(BASE, vms=(vm(), vm("web2"))), [("vm-added", NEUTRAL)]),
    (BASE, replace(BASE, vms=()), [("vm-removed", WARNING)]),
    (BASE, with_vm(vm(state=VMState.PAUSED)), [("vm", WARNING)]),
    (BASE, with_vm(vm(state=VMState.FAILED)), [("vm", BAD)]),
    (BASE, with_vm(vm(node=None, state=VMState.STOPPED)), [("vm", WARNING)]),
    (with_vm(vm(node=None, state=VMState.STOPPED)), BASE, [("vm", GOOD)]),
    (BASE, with_vm(vm(node="bravo")), [("vm-moved", WARNING)]),
    (BASE, migrating(), [("migration-started", NEUTRAL)]),
    (
        migrating(),
        migrating(replace(COPYING, phase=Phase.SWITCHING)),
        [("migration-phase", NEUTRAL)],
    ),
    (migrating(), migrating(replace(COPYING, remaining_bytes=7)), []),
    (migrating(), with_vm(vm(node="bravo")), [("migration-done", GOOD)]),
    (migrating(), BASE, [("migration-failed", BAD)]),
    (
        migrating(),
        with_vm(vm(node=None, state=VMState.UNKNOWN)),
        [("migration-ended", WARNING), ("vm", WARNING)],
    ),
    (BASE, with_vm(replace(vm(), constraints=(PREFER,))), [("constraint", NEUTRAL)]),
    (with_vm(replace(vm(), constraints=(PREFER,))), BASE, [("constraint-removed", NEUTRAL)]),
    (
        BASE,
        replace(BASE, failures=(Failure("web1", "alpha", "monitor", 1, "gone", 1.0),)),
        [("failure", BAD)],
    ),
    (BASE, replace(BASE, fencing=(Fencing("bravo", "reboot", "pending"),)), [("fencing", BAD)]),
    (
        replace(BASE, fencing=(Fencing("bravo", "reboot", "pending"),)),
        replace(BASE, fencing=(Fencing("bravo", "reboot", "success", "now"),)),
        [("fencing", WARNING)],
    ),
]


@pytest.mark.parametrize(("before", "after", "expected"), CASES)
def test_each_thing_that_happens_is_told_once(
    before: Cluster, after: Cluster, expected: list[tuple[str, Severity]]
) -> None:
    events = changes(before, replace(after, taken_at=9.0))
    assert [(event.kind, event.severity) for event in events] == expected
    assert all(event.at == 9.0 and event.text for event in events)


def test_what_was_told_before_is_not_told_again() -> None:
    old = replace(
        migrating(),
        fencing=(Fencing("bravo", "reboot", "success", "now"),),
        failures=(Failure("web1", "alpha", "monitor", 1, "gone", 1.0),),
        stale=(LIBVIRT, PACEMAKER),
    )
    assert [event.kind for event in changes(old, replace(old, dc="bravo"))] == ["dc"]
    later = replace(old, stale=(replace(LIBVIRT, reason="timed out"), PACEMAKER))
    assert changes(old, later) == (), "the same trouble in other words"


def test_events_name_what_they_are_about() -> None:
    (started,) = changes(BASE, migrating())
    assert (started.vm, started.node, started.text) == (
        "web1", "bravo", "web1 migrates alpha → bravo",
    )  # fmt: skip
    (resting,) = changes(BASE, node_is(NodeState.STANDBY))
    assert resting.text == "bravo is in standby"
    (lost,) = changes(BASE, node_is(NodeState.UNCLEAN))
    assert (lost.vm, lost.node, lost.text) == (None, "bravo", "bravo is unclean")


@pytest.mark.parametrize(
    ("found", "told"),
    [
        (vm(state=VMState.FAILED), "Pacemaker reports web1 as failed on alpha"),
        (vm(state=VMState.UNKNOWN), "whether web1 runs on alpha is not known"),
        (vm(node=None, state=VMState.UNKNOWN), "where web1 runs is not known"),
    ],
)
def test_what_is_only_believed_or_not_known_is_told_as_that(found: VM, told: str) -> None:
    (event,) = changes(BASE, with_vm(found))
    assert event.text == told


def test_equal_pictures_have_no_events_whatever_the_time() -> None:
    assert changes(BASE, replace(BASE, taken_at=99.0)) == ()
    assert changes(BASE, BASE) == ()


def test_the_first_picture_after_none_of_it_tells_all_of_it() -> None:
    kinds = [event.kind for event in changes(Cluster(), BASE)]
    assert kinds.count("node-added") == 3 and kinds.count("vm-added") == 1


@given(st.sampled_from(sorted(SCENARIOS)), st.integers(0, 3))
def test_no_event_is_told_twice_in_one_step(scenario: str, seed: int) -> None:
    world = SimulatedBackend(seed=seed, speed=0, scenario=scenario).world
    before = world.picture()
    for _ in range(40):
        world.advance(1)
        after = world.picture()
        events = changes(before, after)
        assert len(set(events)) == len(events)
        assert len({event.text for event in events}) == len(events)
        before = after


def test_names_are_passed_on_as_they_are() -> None:
    (event,) = changes(cluster(), cluster(vm("[red]x[/]")))
    assert event.vm == "[red]x[/]"
    assert "[red]x[/]" in event.text
