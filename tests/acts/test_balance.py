"""The best target of a VM, and a few moves that even the nodes: never worse, never a reboot."""

from __future__ import annotations

from dataclasses import replace
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import (
    VM,
    Cluster,
    Constraint,
    ConstraintKind,
    LiveMigration,
    Migration,
    Node,
    NodeState,
    Phase,
    VMState,
)
from backends.data.plan import Verdict, VerdictKind
from backends.judgement.balance import MOST_PROPOSALS, best_target, imbalance, proposals
from backends.judgement.moves import Move

GiB = 1 << 30
NAMES = ("alpha", "bravo", "charlie", "delta")


def node(name: str, used_gib: int = 32, cpu: float | None = 20.0) -> Node:
    return Node(
        name,
        name,
        NodeState.ONLINE,
        cpus=16,
        cpu_percent=cpu,
        memory_bytes=64 * GiB,
        memory_used_bytes=used_gib * GiB,
    )


def vm(name: str, on: str, gib: int = 8, cpu: float = 50.0) -> VM:
    return VM(
        name,
        VMState.RUNNING,
        node=on,
        nodes=(on,),
        live_migration=LiveMigration(True),
        vcpus=4,
        memory_bytes=gib * GiB,
        cpu_percent=cpu,
    )


unknown = st.booleans()
nodes = st.lists(
    st.builds(
        Node,
        st.sampled_from(NAMES),
        st.just("1"),
        st.sampled_from([*[NodeState.ONLINE] * 4, NodeState.STANDBY, NodeState.OFFLINE]),
        cpus=st.sampled_from([16, 32, None]),
        cpu_percent=st.none() | st.floats(0, 100),
        memory_bytes=st.sampled_from([64 * GiB, 128 * GiB, None]),
        memory_used_bytes=st.none() | st.integers(0, 64).map(lambda n: n * GiB),
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda node: node.name,
)
vms = st.lists(
    st.builds(
        lambda name, on, state, live, managed, failed, gib, cpu: VM(
            name,
            state,
            node=on,
            nodes=(on,) if on else (),
            live_migration=LiveMigration(live),
            managed=managed,
            failed=failed,
            vcpus=4,
            memory_bytes=gib,
            cpu_percent=cpu,
        ),
        st.sampled_from([f"vm{number}" for number in range(12)]),
        st.none() | st.sampled_from(NAMES),
        st.sampled_from([*[VMState.RUNNING] * 5, VMState.FAILED, VMState.MIGRATING]),
        st.sampled_from([True, True, True, False, None]),
        st.sampled_from([True, True, True, False]),
        st.sampled_from([False, False, False, True]),
        st.none() | st.integers(1, 32).map(lambda n: n * GiB),
        st.none() | st.floats(0, 100),
    ),
    max_size=12,
    unique_by=lambda vm: vm.id,
)
pictures = st.builds(Cluster, nodes=nodes.map(tuple), vms=vms.map(tuple))


def after(picture: Cluster, move: Move) -> Cluster:
    """The cluster once the VM has moved, as far as its numbers go."""
    moved = picture.vm(move.vm)
    assert moved is not None and moved.memory_bytes and moved.vcpus
    assert moved.cpu_percent is not None
    sizes = {moved.node: -1, move.node: 1}
    changed = []
    for known in picture.nodes:
        sign = sizes.get(known.name, 0)
        if sign:
            assert known.memory_used_bytes is not None and known.cpus
            assert known.cpu_percent is not None
            work = moved.cpu_percent * moved.vcpus / known.cpus
            known = replace(
                known,
                memory_used_bytes=known.memory_used_bytes + sign * moved.memory_bytes,
                cpu_percent=known.cpu_percent + sign * work,
            )
        changed.append(known)
    there = replace(moved, node=move.node, nodes=(move.node,))
    vms = tuple(there if each.id == move.vm else each for each in picture.vms)
    return replace(picture, nodes=tuple(changed), vms=vms)


@given(pictures)
def test_each_proposal_makes_it_more_even_and_they_end(picture: Cluster) -> None:
    moves = proposals(picture)
    assert len(moves) <= MOST_PROPOSALS
    assert len({move.vm for move in moves}) == len(moves)
    before = imbalance(picture)
    for move in moves:
        picture = after(picture, move)
        assert imbalance(picture) < before
        before = imbalance(picture)


@given(pictures)
def test_only_what_may_go_live_is_proposed_and_only_to_where_it_fits(picture: Cluster) -> None:
    for move in proposals(picture):
        moved, target = picture.vm(move.vm), picture.node(move.node)
        assert moved is not None and target is not None
        assert moved.live_migration.possible is True
        assert moved.managed and not moved.failed and moved.state is VMState.RUNNING
        assert moved.node != move.node and target.state is NodeState.ONLINE
        picture = after(picture, move)
        end = picture.node(move.node)
        assert end is not None and end.memory_bytes and end.memory_used_bytes is not None
        assert end.memory_used_bytes <= end.memory_bytes


@given(pictures, st.randoms(use_true_random=False))
def test_the_order_of_the_picture_changes_nothing(picture: Cluster, dice: object) -> None:
    assert isinstance(dice, Random)
    nodes, vms = list(picture.nodes), list(picture.vms)
    dice.shuffle(nodes)
    dice.shuffle(vms)
    assert proposals(replace(picture, nodes=tuple(nodes), vms=tuple(vms))) == proposals(picture)


def test_the_fullest_gives_to_the_emptiest() -> None:
    picture = Cluster(
        nodes=(node("alpha", 56, 70.0), node("bravo", 16, 10.0), node("charlie", 32, 30.0)),
        vms=(vm("big", "alpha", 20), vm("small", "alpha", 2, 5.0), vm("other", "charlie")),
    )
    assert proposals(picture)[0] == Move("big", "bravo")


def test_even_nodes_are_left_alone_and_so_is_who_is_held_or_moving_or_grouped() -> None:
    assert proposals(Cluster(nodes=(node("alpha"), node("bravo")), vms=(vm("a", "alpha"),))) == ()
    uneven = (node("alpha", 60), node("bravo", 4))
    free = vm("a", "alpha", 20)
    assert proposals(Cluster(nodes=uneven, vms=(free,))) == (Move("a", "bravo"),)
    ban = Constraint("cli-ban-a-on-bravo", "a", "bravo", ConstraintKind.BAN)
    for held in (
        replace(free, constraints=(ban,)),
        replace(free, group="g"),
        replace(free, maintenance=True),
        replace(free, managed=False),
        replace(free, failed=True),
        replace(free, state=VMState.FAILED),
        replace(free, live_migration=LiveMigration(False)),
        replace(free, live_migration=LiveMigration(None)),
        replace(free, nodes=("alpha", "bravo")),
        replace(free, memory_bytes=None),
    ):
        assert proposals(Cluster(nodes=uneven, vms=(held,))) == ()
    moving = Migration("a", "alpha", "bravo", Phase.COPYING)
    assert proposals(Cluster(nodes=uneven, vms=(free,), migrations=(moving,))) == ()


def verdicts(**kinds: VerdictKind) -> dict[str, Verdict]:
    return {name: Verdict(("a",), name, kind) for name, kind in kinds.items()}


LIVE = VerdictKind.LIVE


def test_the_best_target_is_live_and_has_most_room() -> None:
    picture = Cluster(
        nodes=(node("alpha"), node("bravo", 40), node("charlie", 16), node("delta", 2)),
        vms=(vm("a", "alpha", 8),),
    )
    rated = verdicts(alpha=VerdictKind.REFUSED, bravo=LIVE, charlie=LIVE, delta=VerdictKind.REBOOT)
    assert best_target(picture, rated) == "charlie"
    busy = replace(
        picture, nodes=(*picture.nodes[:2], node("charlie", 16, 95.0), *picture.nodes[3:])
    )
    assert best_target(busy, rated) == "bravo", "no room left on the CPU"
    assert best_target(picture, verdicts(delta=VerdictKind.SIDE_EFFECTS)) is None


def test_no_target_is_the_best_where_memory_is_short_or_not_known() -> None:
    picture = Cluster(nodes=(node("bravo", 60),), vms=(vm("a", "alpha", 8),))
    assert best_target(picture, verdicts(bravo=LIVE)) is None
    unknown = replace(picture.nodes[0], memory_used_bytes=None)
    assert best_target(replace(picture, nodes=(unknown,)), verdicts(bravo=LIVE)) is None
    unsaid = replace(picture.nodes[0], memory_used_bytes=GiB, cpu_percent=None)
    assert best_target(replace(picture, nodes=(unsaid,)), verdicts(bravo=LIVE)) == "bravo"


async def test_on_a_cluster_every_proposal_is_live() -> None:
    async with SimulatedBackend(4, 40, 3, speed=0, scenario="calm") as backend:
        moves = proposals(backend.picture)
        assert moves
        for move in moves:
            verdict = (await backend.preview([move.vm], [move.node]))[move.node]
            assert not verdict.reboots
