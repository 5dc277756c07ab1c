"""Each act by itself, over a cluster in memory, without any screen."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from acts.scene import boots, calm, found, place
from backends.acts.journal import Journal
from backends.acts.safe_order import Way
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import NodeState
from plain_glass import Table
from tui.acts.balancing import Balancing
from tui.acts.checking import Checking
from tui.acts.clearing import Clearing
from tui.acts.evacuating import Evacuating
from tui.acts.helping import Helping
from tui.acts.rescuing import Rescuing
from tui.acts.returning import Returning
from tui.copies import Copies
from tui.proposal import Proposal
from tui.proposals.helping import of_downtime
from tui.proposals.rescue import way_out
from waiting import until
from widgets.selection import Selection

VM = Selection(vm="web1")


@pytest.fixture
async def backend() -> AsyncIterator[SimulatedBackend]:
    async with calm() as backend:
        yield backend


@pytest.fixture
async def table(backend: SimulatedBackend, journal: Journal) -> AsyncIterator[Table]:
    table = Table(backend, journal)
    yield table
    await table.glass.close()


def typed(backend: SimulatedBackend, *words: str) -> None:
    """Somebody else's command."""
    assert backend.world.execute(words).exit_status == 0


def text(proposal: Proposal) -> str:
    return "\n".join(line.text.plain for line in proposal.lines)


def elsewhere(backend: SimulatedBackend, vm: str) -> str:
    home = place(backend, vm)
    return next(n.name for n in backend.picture.nodes if n.can_host and n.name != home)


async def test_a_vm_that_is_picked_up_and_dropped_arrives(
    table: Table, backend: SimulatedBackend
) -> None:
    before, target = boots(backend), elsewhere(backend, "web1")
    table.moving.begin(VM)
    assert table.hand.vms == ("web1",)
    table.moving.picked_up(("web1",))
    nodes = {node.name for node in backend.picture.nodes}
    await until(lambda: table.hand.verdicts.keys() == nodes, "a verdict of each node")
    assert table.hand.best in nodes
    table.moving.dropped(("web1",), target)
    assert "crm_resource --move" in text(await table.confirm())
    assert place(backend, "web1") == target and not found(backend, "web1").constraints
    assert boots(backend) == before
    assert not table.glass.alarms


async def test_what_is_put_back_gets_no_verdicts_any_more(table: Table) -> None:
    table.moving.picked_up(("web1",))
    table.moving.put_back()
    table.moving.show_verdicts()
    assert not table.hand.verdicts


async def test_a_node_is_emptied_and_taken_back(table: Table, backend: SimulatedBackend) -> None:
    evacuating = Evacuating(table.desk, doctor=table.doctor, queue=table.queue)
    returning = Returning(table.desk, doctor=table.doctor, queue=table.queue)
    node = Selection(node=elsewhere(backend, "web1"))
    picture = backend.picture
    assert evacuating.suits(picture, node) and not returning.suits(picture, node)
    assert evacuating.objection(node) is None
    assert "is not in standby" in (returning.objection(node) or "")
    evacuating.begin(node)
    heading, _ = table.glass.asked[-1]
    assert heading == f"Evacuate {node.node}"
    proposal = await table.proposal()
    answer = proposal.typed or proposal.enter
    assert answer is not None
    answer.then()
    assert "wait for its end" in (table.queue.objection() or ""), "nothing else may begin"
    await until(lambda: not table.desk.under_way, "emptied")

    def state() -> NodeState | None:
        known = backend.picture.node(node.node or "")
        return known.state if known is not None else None

    assert state() is NodeState.STANDBY and not table.glass.alarms
    assert returning.suits(backend.picture, node) and returning.objection(node) is None
    assert "standby already" in (evacuating.objection(node) or "")
    returning.begin(node)
    await table.confirm()
    assert state() is NodeState.ONLINE


async def test_what_is_not_migrating_is_neither_rescued_nor_helped(
    table: Table, backend: SimulatedBackend
) -> None:
    guard = Rescuing(table.desk, lambda _vm: Way.GUARD)
    help_it = Helping(table.desk, "Help {0}", of_downtime, copies=Copies(table.desk))
    for act in (Rescuing(table.desk, way_out), guard, help_it):
        assert not act.suits(backend.picture, VM)
        reason = act.objection(VM)
        assert reason == "web1 is not being migrated"
        act.begin(VM)
        proposal = await table.proposal()
        assert reason in text(proposal)
        assert proposal.enter is None and proposal.typed is None, "nothing can be confirmed"


async def test_a_migration_is_aborted_and_the_guest_not_restarted(
    table: Table, backend: SimulatedBackend
) -> None:
    before, home = boots(backend), place(backend, "web1")
    backend.world.guest("web1").memory_bytes *= 64  # it is not over before anybody looks
    typed(backend, "crm_resource", "--move", "-r", "web1", "-N", elsewhere(backend, "web1"))
    rescuing = Rescuing(table.desk, way_out)
    await until(lambda: rescuing.objection(VM) is None, "it copied")
    assert rescuing.suits(backend.picture, VM)
    rescuing.begin(VM)
    await table.confirm()
    assert place(backend, "web1") == home and boots(backend) == before
    assert not table.glass.alarms


async def test_constraints_are_cleared_where_there_are_any(
    table: Table, backend: SimulatedBackend
) -> None:
    clearing = Clearing(table.desk)
    assert not clearing.suits(backend.picture, VM)
    clearing.begin(VM)
    assert table.glass.said == ["No move has left a constraint on web1."]
    assert not table.glass.asked
    typed(backend, "crm_resource", "--ban", "-r", "web1", "-N", elsewhere(backend, "web1"))
    await backend.refresh()
    assert clearing.suits(backend.picture, VM) and clearing.objection(VM) is None
    clearing.begin(VM)
    await table.confirm()
    assert not found(backend, "web1").constraints


async def test_who_asks_while_the_cluster_is_examined_is_answered_by_one_more(table: Table) -> None:
    for _ in range(3):
        table.doctor.examine()
    assert table.doctor.examination.running_since is not None
    known = table.doctor
    await until(lambda: known.examination.before is not None, "examined twice")
    await until(lambda: known.examination.running_since is None, "at rest")
    assert known.report is not None and not known.examination.failed


async def test_only_what_vmferry_can_cure_itself_is_offered(journal: Journal) -> None:
    async with SimulatedBackend(3, 12, 1, 0, "unfit") as backend:
        table = Table(backend, journal)
        table.doctor.examine()
        await until(lambda: table.doctor.report is not None, "examined")
        assert table.doctor.report is not None
        table.curing.propose(table.doctor.report)
        heading, _ = table.glass.asked[-1]
        assert heading.startswith("Cure ")
        proposal = await table.proposal()
        assert proposal.enter is not None
        await table.glass.close()


async def test_without_anything_highlighted_each_says_what_to_select(
    table: Table, backend: SimulatedBackend
) -> None:
    shown: list[str] = []
    checking = Checking(table.desk, shown.append)
    for act in (checking, Clearing(table.desk), Rescuing(table.desk, way_out), table.moving):
        assert act.objection(Selection()) == "Select a VM first."
        act.begin(Selection())
    evacuating = Evacuating(table.desk, doctor=table.doctor, queue=table.queue)
    assert evacuating.objection(Selection()) == "Select a node first."
    evacuating.begin(Selection())
    assert table.glass.said == [*["Select a VM first."] * 4, "Select a node first."]
    assert not table.glass.asked and not table.hand.vms and not shown
    checking.begin(VM)
    assert shown == ["web1"]


async def test_the_nodes_are_evened_by_moves_that_restart_nothing(
    table: Table, backend: SimulatedBackend
) -> None:
    before = boots(backend)
    balancing = Balancing(table.desk, doctor=table.doctor, queue=table.queue)
    assert balancing.objection(Selection()) is None
    balancing.begin(Selection())
    proposed = text(await table.confirm())
    moved = [
        vm.id for vm in backend.picture.vms if f"--resource {vm.id} --node {vm.node}" in proposed
    ]
    assert moved and boots(backend) == before
    assert not table.glass.alarms
