"""A copy that goes on though Pacemaker no longer waits for its end is noticed."""

from __future__ import annotations

from dataclasses import replace

from backends.acts.copies import Copies
from backends.data.picture import VM, Cluster, Migration, NodeState, Operation, Phase, VMState
from core.pictures import NODES, cluster, vm

PENDING = Operation("alpha", "migrate_to", -1, 193, -1, 5.0, source="alpha", target="bravo")
STARTED = Operation("alpha", "start", 3, 0, 0, 1.0)


def copying(
    dc: str = "charlie", phase: Phase = Phase.COPYING, **changes: object
) -> tuple[Cluster, VM]:
    known = vm("web1", state=VMState.MIGRATING, history=(STARTED, PENDING))
    flight = Migration("web1", "alpha", "bravo", phase)
    return at(replace(known, **changes), dc, flight)  # type: ignore[arg-type]


def at(known: VM, dc: str = "charlie", *flying: Migration) -> tuple[Cluster, VM]:
    return replace(cluster(known), dc=dc, migrations=flying), known


def test_a_copy_that_goes_on_is_not_lost() -> None:
    copies = Copies()
    assert not copies.is_lost(*copying())
    assert not copies.is_lost(*copying())
    assert not copies.is_lost(*copying(phase=Phase.SWITCHING))


def test_it_is_lost_when_its_operation_vanishes_without_a_result() -> None:
    copies = Copies()
    copies.is_lost(*copying())
    assert copies.is_lost(*at(vm("web1", history=(STARTED,))))


def test_it_is_lost_when_another_dc_asks_for_it_again() -> None:
    copies = Copies()
    copies.is_lost(*copying("charlie"))
    assert not copies.is_lost(*copying(None))  # type: ignore[arg-type]
    assert copies.is_lost(*copying("bravo"))


def test_it_is_lost_when_the_same_dc_asks_for_it_again() -> None:
    """Its node was out of the cluster for a moment, though no picture may show that."""
    copies = Copies()
    copies.is_lost(*copying())
    assert copies.is_lost(*copying(history=(STARTED, replace(PENDING, at=9.0))))


def test_it_is_not_lost_when_it_has_ended_well_or_badly() -> None:
    for rc in (0, 1):
        copies = Copies()
        copies.is_lost(*copying())
        ended = replace(PENDING, call_id=4, rc=rc, status=0)
        assert not copies.is_lost(*at(vm("web1", history=(STARTED, ended)), "bravo"))
        assert not copies.is_lost(*at(vm("web1", history=(STARTED,)), "bravo"))


def test_it_is_not_lost_while_somebody_keeps_pacemakers_hands_off_it() -> None:
    copies = Copies()
    copies.is_lost(*copying())
    assert not copies.is_lost(*copying("bravo", maintenance=True))
    assert not copies.is_lost(*at(vm("web1", history=(STARTED,)), "bravo"))


def test_it_is_not_known_to_be_lost_while_its_source_is_out_of_reach() -> None:
    copies = Copies()
    copies.is_lost(*copying())
    assert not copies.is_lost(*without_source(NodeState.UNCLEAN))


def test_it_is_lost_when_its_source_is_back_and_nobody_knows_of_it() -> None:
    """The network was cut for a moment: the token was lost, but nobody was fenced."""
    copies = Copies()
    copies.is_lost(*copying())
    assert not copies.is_lost(*without_source(NodeState.PENDING))
    assert copies.is_lost(*at(vm("web1", history=(STARTED,))))


def test_it_has_ended_when_its_source_is_back_and_it_was_started_elsewhere() -> None:
    copies = Copies()
    copies.is_lost(*copying())
    assert not copies.is_lost(*without_source(NodeState.OFFLINE))
    again = Operation("bravo", "start", 7, 0, 0, 20.0)
    assert not copies.is_lost(*at(vm("web1", history=(again,))))


def without_source(state: NodeState) -> tuple[Cluster, VM]:
    picture, known = at(vm("web1", history=()), "charlie")
    nodes = tuple(replace(n, state=state) if n.name == "alpha" else n for n in NODES)
    return replace(picture, nodes=nodes), known
