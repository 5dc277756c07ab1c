"""A picture that is joined after another: what was joined before is used, and changes nothing."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.hypervisor.stats import Domain, DomainState, View
from backends.clusters.live.join import Joined, join
from backends.data.picture import Cluster, NodeState, Operation, VMState
from core.pictures import NODES, cluster, vm
from core.test_join import DOWN, domain, view

PROBED = tuple(
    Operation(node, "monitor", call_id=3, rc=7, status=0, at=1.0) for node in ("alpha", "bravo")
)
DOMAINS = st.builds(
    lambda state, cpu: replace(domain(state=state), cpu_percent=cpu),
    st.sampled_from(DomainState),
    st.sampled_from([None, 10.0, 20.0]),
)
VIEWS = st.one_of(
    st.none(), st.just(View(DOWN)), st.lists(DOMAINS, max_size=1).map(lambda each: view(*each))
)
HALVES = st.builds(
    lambda state, node, maintenance, probed, lost: cluster(
        replace(
            vm(),
            state=state,
            node=node,
            nodes=(node,) if node else (),
            maintenance=maintenance,
            history=PROBED if probed else (),
        ),
        nodes=tuple(
            replace(each, state=NodeState.OFFLINE) if each.name == lost else each for each in NODES
        ),
    ),
    st.sampled_from([VMState.RUNNING, VMState.STOPPED, VMState.MIGRATING]),
    st.sampled_from([None, "alpha", "bravo"]),
    st.booleans(),
    st.booleans(),
    st.sampled_from([None, "alpha", "bravo"]),
)
NAMES = st.sampled_from([{}, {"web1": "web1"}, {"web1": "another"}])


@given(st.lists(st.tuples(HALVES, st.tuples(VIEWS, VIEWS), NAMES), min_size=2, max_size=6))
def test_whatever_was_joined_before_changes_nothing(
    looks: list[tuple[Cluster, tuple[View | None, View | None], dict[str, str]]],
) -> None:
    so_far, before, half = Joined(), None, None
    for told, (alpha, bravo), names in looks:
        half = told if half != told else half  # what was read again is the same object
        views = {n: v for n, v in (("alpha", alpha), ("bravo", bravo)) if v is not None}
        picture = join(half, views, names, {}, None, before, so_far)
        assert picture == join(half, views, names, {}, None, before)
        before = picture


def test_what_is_as_it_was_in_both_halves_is_the_same_object_and_what_is_not_is_joined_anew() -> (
    None
):
    others = tuple(replace(vm(), id=name, domain=name) for name in ("web2", "web3"))
    pacemaker = cluster(vm(), *others)
    names = {each.id: each.id for each in pacemaker.vms}
    so_far = Joined()

    def after(before: Cluster | None, half: Cluster, *domains: Domain) -> Cluster:
        return join(half, {"alpha": view(*domains)}, names, {}, None, before, so_far)

    all_three = [domain(name) for name in names]
    first = after(None, pacemaker, *all_three)
    busier = [replace(all_three[0], cpu_percent=90.0), *all_three[1:]]
    again = after(first, pacemaker, *busier)
    assert again.vms[0].cpu_percent == 90.0
    assert all(now is known for now, known in zip(again.vms[1:], first.vms[1:], strict=True))
    assert all(now is known for now, known in zip(again.nodes, first.nodes, strict=True))
    read_anew = replace(pacemaker, vms=tuple(replace(each) for each in pacemaker.vms))
    assert after(again, read_anew, *busier).vms[1] is again.vms[1]
    unmanaged = replace(pacemaker, vms=(*pacemaker.vms[:2], replace(others[1], managed=False)))
    assert [each.managed for each in after(again, unmanaged, *busier).vms] == [True, True, False]
    gone = after(again, unmanaged, *busier[:2])
    assert gone.vms[2].state is VMState.UNKNOWN, "libvirt does not know it any more"
    assert after(gone, replace(unmanaged, vms=unmanaged.vms[:1]), *busier).vms == again.vms[:1]
    assert so_far.halves.keys() == {"web1"}
