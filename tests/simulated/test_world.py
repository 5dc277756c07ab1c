"""Whatever is done to the simulated cluster, it keeps the promises of a real one."""

from __future__ import annotations

from collections.abc import Sequence
from copy import deepcopy
from itertools import pairwise

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backends.clusters.simulated import World
from backends.clusters.simulated.painter import Painter
from backends.clusters.simulated.state import Guest
from backends.data.picture import Cluster, VMState
from backends.data.plan import ActionKind, VerdictKind
from backends.judgement.judge import judge, refusal
from backends.past.recorded import Recorded

NODES = ("alpha", "bravo", "charlie", "delta")
VMS = tuple(World.of().state.guests)

nodes = st.sampled_from(NODES)
vms = st.sampled_from(("web1", "db-primary", "db-replica", "mail", "api", "legacy-erp", "vpn"))
commands = st.one_of(
    st.tuples(st.just("crm_resource --move --resource"), vms, st.just("--node"), nodes),
    st.tuples(st.just("crm_resource --ban --resource"), vms, st.just("--node"), nodes),
    st.tuples(st.just("crm_resource --clear --resource"), vms),
    st.tuples(st.just("crm_resource --cleanup --resource"), vms),
    st.tuples(st.just("crm_standby --node"), nodes, st.just("--update"), st.just("on")),
    st.tuples(st.just("crm_standby --node"), nodes, st.just("--update"), st.just("off")),
    st.tuples(st.just("crm_resource --meta --set-parameter maintenance -v true --resource"), vms),
    st.tuples(st.just("crm_resource --meta --delete-parameter maintenance --resource"), vms),
    st.tuples(st.just("virsh domjobabort"), vms),
    st.tuples(st.just("virsh suspend"), vms),
    st.tuples(st.just("virsh resume"), vms),
    st.tuples(st.just("fail"), vms),
    st.tuples(st.just("kill"), nodes),
    st.tuples(st.just("boot"), nodes),
    st.tuples(st.just("libvirt-down"), nodes),
    st.tuples(st.just("libvirt-up"), nodes),
)
events = st.lists(st.tuples(commands, st.floats(0.0, 12.0)), max_size=25)


def act(world: World, words: Sequence[str]) -> None:
    match words:
        case ("fail", vm):
            world.fail_next_migration(vm)
        case ("kill", node):
            world.kill(node)
        case ("boot", node):
            world.boot(node)
        case ("libvirt-down", node):
            world.stop_libvirt(node)
        case ("libvirt-up", node):
            world.start_libvirt(node)
        case _:
            world.execute(" ".join(words).split())


def move(world: World, vm: str, node: str) -> None:
    assert (
        world.execute(("crm_resource", "--move", "--resource", vm, "--node", node)).exit_status == 0
    )


def repair(world: World) -> None:
    """Undo everything that was done to the cluster."""
    world.advance(20)
    for node in NODES:
        world.boot(node)
        world.start_libvirt(node)
        world.execute(("crm_standby", "-N", node, "-v", "off"))
    for vm in VMS:
        world.execute(("crm_resource", "-r", vm, "--meta", "-d", "maintenance"))
        world.execute(("crm_resource", "--clear", "-r", vm))
    world.advance(240)
    for vm in VMS:
        world.execute(("crm_resource", "--cleanup", "-r", vm))
    world.advance(240)


def check(picture: Cluster) -> None:
    assert [vm.id for vm in picture.vms] == list(VMS)
    for migration in picture.migrations:
        assert migration.source != migration.target
        assert migration.percent is None or 0 <= migration.percent <= 100
        assert migration.deadline_s is None or migration.deadline_s >= 0
    for vm in picture.vms:
        assert (vm.node is None) == (vm.state is VMState.STOPPED)
        assert vm.node is None or vm.node in vm.nodes
        assert sum(operation.pending for operation in vm.history) <= 1 + len(_lost(picture))
        for node in NODES:
            ids = [o.call_id for o in vm.history if o.node == node and not o.pending]
            assert ids == sorted(set(ids))
        host = picture.node(vm.node) if vm.node else None
        if host is not None and host.name in _lost(picture):
            assert vm.state is VMState.UNKNOWN
            assert vm.cpu_percent is None


def _lost(picture: Cluster) -> set[str]:
    return {node.name for node in picture.nodes if node.unclean or node.state.value == "offline"}


@settings(max_examples=60)
@given(events=events)
def test_every_vm_comes_back_once_all_is_repaired(
    events: list[tuple[Sequence[str], float]],
) -> None:
    world = World.of()
    for words, seconds in events:
        act(world, words)
        world.advance(seconds)
        check(world.picture())
    repair(world)
    picture = world.picture()
    check(picture)
    assert picture.migrations == ()
    for vm in picture.vms:
        stopped = vm.id == "staging"
        assert vm.state is VMState.PAUSED or (vm.state is VMState.STOPPED) == stopped, vm
        assert len(vm.nodes) == (0 if stopped else 1)


@settings(max_examples=40)
@given(events=events)
def test_a_picture_painted_from_the_one_before_equals_one_painted_anew(
    events: list[tuple[Sequence[str], float]],
) -> None:
    world = World.of()
    for words, seconds in events:
        act(world, words)
        world.advance(seconds)
        assert world.picture() == Painter().paint(world.state)


@settings(max_examples=25)
@given(events=events, seed=st.integers(0, 1000), cut=st.floats(0.1, 3.0))
def test_the_same_seed_and_commands_give_the_same_pictures_however_time_is_cut(
    events: list[tuple[Sequence[str], float]], seed: int, cut: float
) -> None:
    one, other = World.of(seed=seed), World.of(seed=seed)
    for words, seconds in events:
        ticks = round(seconds * 4)
        act(one, words)
        one.advance(ticks / 4)
        act(other, words)
        left = ticks / 4
        while left > 0:
            other.advance(min(cut, left))
            left -= cut
        assert one.picture() == other.picture()


@settings(max_examples=80)
@given(before=st.lists(commands, max_size=4), vm=vms, node=nodes)
def test_what_is_predicted_is_what_happens(before: list[Sequence[str]], vm: str, node: str) -> None:
    world = World.of()
    for words in before:
        act(world, words)
    world.advance(200)
    picture = world.picture()
    assume(not world.busy and refusal(picture, (vm,), node) is None)
    prediction = world.predict([vm], node)
    verdict = judge(picture, (vm,), node, prediction)
    boots = {guest.id: guest.boots for guest in world.state.guests.values()}
    move(world, vm, node)
    world.advance(300)
    # Nobody can foresee an action that fails, and what Pacemaker does about it.
    assume(world.picture().failures == picture.failures)
    moved = {a.resource: a for a in prediction.moved if a.resource in boots}
    for guest in world.state.guests.values():
        action = moved.get(guest.id)
        rebooted = action is not None and action.kind is not ActionKind.MIGRATE
        assert guest.boots == boots[guest.id] + rebooted
        if action is not None:
            assert guest.host == action.target
    if verdict.kind is VerdictKind.REFUSED:
        assert world.guest(vm).host != node
    elif verdict.kind is VerdictKind.LIVE:
        world.execute(("crm_resource", "--clear", "--resource", vm))
        world.advance(120)
        assert world.guest(vm).host == node
        assert {g.id: g.boots for g in world.state.guests.values()} == boots


def test_a_copy_that_does_not_converge_runs_into_its_timeout_and_reboots_the_guest() -> None:
    world = World.of()
    guest = world.guest("web1")
    guest.dirty_rate_bytes_per_s = 2e9
    guest.working_set_bytes = guest.memory_bytes
    guest.migrate_to_timeout_s = 30.0
    move(world, "web1", "bravo")
    world.advance(20)
    migration = world.picture().migration("web1")
    assert migration is not None
    assert migration.eta_s is None
    assert migration.deadline_s is not None and 5 < migration.deadline_s < 15
    world.advance(30)
    picture = world.picture()
    assert guest.boots == 2
    assert [(f.resource, f.task, f.node) for f in picture.failures] == [
        ("web1", "migrate_to", "alpha")
    ]


def test_two_migrations_share_the_link_of_their_node() -> None:
    world = World.of()
    move(world, "web1", "bravo")
    world.advance(4)
    alone = world.picture().migration("web1")
    move(world, "dns1", "bravo")
    world.advance(2.5)
    shared = world.picture().migration("web1")
    assert alone is not None and alone.rate_bytes_per_s is not None
    assert shared is not None and shared.rate_bytes_per_s is not None
    assert shared.rate_bytes_per_s * 2 == alone.rate_bytes_per_s


def test_libvirt_says_nothing_in_the_first_second_of_a_job() -> None:
    world = World.of()
    move(world, "web1", "bravo")
    world.advance(1.0)
    migration = world.picture().migration("web1")
    assert migration is not None
    assert (migration.total_bytes, migration.percent) == (None, None)
    assert migration.deadline_s is not None
    world.advance(2.0)
    migration = world.picture().migration("web1")
    assert migration is not None and migration.percent is not None and migration.percent > 0


def test_a_decision_stays_as_it_was_and_shares_with_others_what_did_not_change() -> None:
    world = World.of()
    world.execute(["crm_resource", "--move", "--resource", "web1", "--node", "bravo"])
    then: dict[Recorded, dict[str, Guest]] = {}
    for _ in range(80):
        world.advance(0.25)
        for file, state in world.decisions.kept.items():
            then.setdefault(file, deepcopy(state.guests))
    kept = {file: state.guests for file, state in world.decisions.kept.items()}
    assert len(kept) > 3
    assert kept == {file: then[file] for file in kept}
    for before, after in pairwise(kept.values()):
        assert {vm for vm in after if after[vm] is not before[vm]} <= {"web1"}
    assert len({id(guests["web1"]) for guests in kept.values()}) > 3
