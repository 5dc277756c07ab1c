"""Which moves go side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from backends.judgement.waves import Trip, waves

NODES = ("alpha", "bravo", "charlie", "delta")
names = st.sampled_from("abcdefgh")
trips = st.permutations(NODES).map(lambda nodes: (nodes[0], nodes[1]))


def load(vms: Sequence[str], trips: Mapping[str, Trip]) -> int:
    """The most that any node has to do with at once."""
    return max(Counter(node for vm in vms for node in trips[vm]).values(), default=0)


@given(st.dictionaries(names, trips), st.sets(names), st.integers(1, 3))
def test_they_keep_the_order_the_limit_of_each_node_and_who_goes_alone(
    trips: dict[str, Trip], alone: set[str], limit: int
) -> None:
    found = list(waves(trips, alone, limit))
    assert [vm for wave in found for vm in wave] == list(trips)
    assert all(len(wave) == 1 for wave in found if alone & set(wave))
    assert all(load(wave, trips) <= limit for wave in found)
    for before, after in pairwise(found):
        more = (*before, after[0])
        assert load(more, trips) > limit or alone & {before[-1], after[0]}, "nobody waits in vain"
