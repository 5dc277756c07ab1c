"""Which inputs tell of the cluster, and which of a part that was cut off from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backends.data.picture import NodeState
from backends.past.inputs import Input

GONE = frozenset({NodeState.OFFLINE, NodeState.UNCLEAN})
NEAR_S = 60.0
"""So much later at most the others have noticed that a node is not among them."""


def of_the_cluster(inputs: Sequence[Input]) -> list[Input]:
    """Without those of a node that was cut off: it is the DC of itself, and to it the others are
    lost. Those who went on with quorum knew it to be gone."""
    return [each for each in inputs if each.quorum is not False or not is_cut_off(each, inputs)]


def went_on_alone(node: str, at: float, inputs: Sequence[Input]) -> bool:
    """Whether a node that was lost to the others decided something by itself about then: it was
    alive, and cut off. Where none of its own is left, nobody can tell."""
    return any(
        each.dc == node and each.quorum is False and abs(each.at - at) <= NEAR_S for each in inputs
    )


def is_cut_off(each: Input, inputs: Sequence[Input]) -> bool:
    """Whether its DC was gone for those of these who went on with quorum."""
    return any(other.nodes.get(each.dc or "") in GONE for other in _others(each, inputs))


def _others(each: Input, inputs: Sequence[Input]) -> Iterator[Input]:
    """What another DC, with quorum, decided last before it, and soon after it."""
    with_quorum = [i for i in inputs if i.quorum and i.dc != each.dc]
    yield from [other for other in with_quorum if other.at <= each.at][-1:]
    yield from [other for other in with_quorum if each.at < other.at <= each.at + NEAR_S][:1]
