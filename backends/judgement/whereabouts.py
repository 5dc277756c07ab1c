"""Why a VM is where it is, or runs nowhere; and why a node takes what it takes. Pure.

The scores are the scheduler's own; what lies behind one is said as far as the picture knows it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backends.data.picture import VM, Cluster, ConstraintKind, Node, NodeKind, NodeState
from backends.data.why import INFINITY, Place, Whereabouts

_NODE = {
    NodeState.STANDBY: "it is in standby",
    NodeState.MAINTENANCE: "it is in maintenance",
    NodeState.PENDING: "it is still joining",
    NodeState.UNCLEAN: "it was lost, and must be fenced first",
    NodeState.OFFLINE: "it is offline",
}


def of_vm(picture: Cluster, vm: VM, scores: Mapping[str, int] | None) -> Whereabouts:
    """`scores` by node; `None` where the scheduler could not be asked."""
    nodes = [node for node in picture.nodes if node.kind is not NodeKind.GUEST]
    places = tuple(
        sorted((_place(vm, node, scores) for node in nodes), key=lambda place: -_rank(place))
    )
    rules = tuple(_rules(picture, vm))
    if vm.node is None:
        return Whereabouts(vm.id, f"{vm.id} runs nowhere", (*rules, *_nowhere(places)), places)
    return Whereabouts(
        vm.id, f"{vm.id} runs on {vm.node}", (*rules, *_here(vm.node, places)), places
    )


def of_node(picture: Cluster, node: Node) -> Whereabouts:
    """What keeps VMs from a node, or that nothing does."""
    there = sum(vm.node == node.name for vm in picture.vms)
    text = f"{node.name} is {node.state.value}, with {there} VM{'s' * (there != 1)}"
    barred = _NODE.get(node.state)
    reasons = [f"{barred}: nothing is started there"] if barred else []
    if node.health is not None:
        reasons.append(f"its health is {node.health}")
    reasons += [
        f"{vm.id}: {obstacle.reason}"
        for vm in picture.vms
        for obstacle in vm.obstacles
        if obstacle.node == node.name
    ]
    return Whereabouts(node.name, text, tuple(reasons) or ("nothing keeps VMs from it",))


def _rank(place: Place) -> float:
    return float("-inf") if place.score is None else place.score


def _place(vm: VM, node: Node, scores: Mapping[str, int] | None) -> Place:
    score = None if scores is None else scores.get(node.name)
    reasons = [_NODE[node.state]] if node.state in _NODE else []
    reasons += [each.reason for each in vm.obstacles if each.node == node.name]
    for constraint in (*vm.constraints, *vm.group_constraints):
        if constraint.node == node.name:
            verb = "bans it from" if constraint.kind is ConstraintKind.BAN else "wants it on"
            said = f"{constraint.id} {verb} this node"
            if not any(constraint.id in reason for reason in reasons):
                reasons.append(said)
    return Place(node.name, score, tuple(reasons))


def _rules(picture: Cluster, vm: VM) -> Iterator[str]:
    """What decides before any score does."""
    if picture.quorum is False:
        yield "the cluster has no quorum: nothing is started or moved"
    if picture.maintenance:
        yield "the whole cluster is in maintenance: nothing is started, stopped or moved"
    elif vm.maintenance:
        yield "it is in maintenance: Pacemaker leaves it alone"
    if not vm.managed and not vm.maintenance:
        yield "it is not managed: Pacemaker leaves it where it is"
    if (vm.target_role or "").casefold() == "stopped":
        yield "its target role is Stopped: somebody has stopped it"
    for failure in picture.failures:
        if failure.resource == vm.id:
            why = f": {failure.reason}" if failure.reason else ""
            yield f"its {failure.task} failed on {failure.node}{why}"


def _nowhere(places: tuple[Place, ...]) -> Iterator[str]:
    able = [place for place in places if place.score is not None and place.score > -INFINITY]
    if places and not able and any(place.score is not None or place.reasons for place in places):
        yield "no node may run it"


def _here(node: str, places: tuple[Place, ...]) -> Iterator[str]:
    own = next((place for place in places if place.node == node), None)
    if own is None or own.score is None:
        return
    others = [place for place in places if place.node != node and place.score is not None]
    best = others[0] if others else None
    if best is None or best.score is None or own.score > best.score:
        yield f"{node} has the highest score for it, {in_words(own.score)}"
    elif own.score == best.score:
        equal = ", ".join(place.node for place in others if place.score == own.score)
        yield f"{node} is as good as {equal} for it ({in_words(own.score)}), and it is there"
    else:
        yield f"{best.node} has a higher score for it, {in_words(best.score)}"


def in_words(score: int | None) -> str:
    """A score as Pacemaker writes it."""
    if score is None:
        return "not considered"
    return f"{'-' * (score < 0)}INFINITY" if abs(score) >= INFINITY else str(score)
