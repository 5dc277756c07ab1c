"""What emptying a node would do, in either way, before anybody confirms it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace

from backends.acts.planning import foresee_beside
from backends.acts.tuning import protected, protections
from backends.clusters.base import Backend
from backends.data import commands
from backends.data import examination as doctor
from backends.data.errors import Refused, Unknown
from backends.data.picture import Cluster, NodeState
from backends.data.plan import Action, ActionKind
from backends.doctor.advice import advise, failures
from backends.doctor.evacuees import advise_evacuation
from backends.judgement.abilities import blind
from backends.judgement.balance import best_target
from backends.judgement.hosts import unfit
from backends.judgement.judge import judge, refusal
from backends.judgement.leaving import EvacuationPlan, make_evacuation_plan, on_node

_NOT_NOW = {
    NodeState.STANDBY: "it is in standby already",
    NodeState.MAINTENANCE: "it is in maintenance: Pacemaker moves nothing from there",
    NodeState.PENDING: "it is still joining the cluster",
    NodeState.UNCLEAN: "it is unclean: it will be fenced",
    NodeState.OFFLINE: "it is offline",
}


async def plan_evacuation(
    backend: Backend, node: str, report: doctor.Report | None = None, *, protect: bool = False
) -> EvacuationPlan:
    """What emptying this node would do, in either way. Sends nothing.

    `protect`: with `on-fail=block` set first, so that no failure restarts a guest, and several go
    side by side. With the doctor's report nobody goes live whose migration is expected to fail.
    Raises `Unknown`, `Refused` with the reason why it cannot be done now, and what
    `Backend.foresee` raises.
    """
    picture = await backend.fresh()
    if reason := objection(picture, node):
        raise Refused(reason, where=node)
    sent = protections(on_node(picture, node)) if protect else ()
    if protect:
        picture = protected(picture, [vm.id for vm in on_node(picture, node)])
    standby = await foresee_beside(backend, [commands.standby(node, on=True)])
    report = report or doctor.Report(())
    targets = await _live_targets(backend, picture, node, standby, report)
    plan = replace(make_evacuation_plan(picture, node, standby, targets), protections=sent)
    return advise_evacuation(picture, plan, report, time.time())


def objection(picture: Cluster, name: str) -> str | None:
    """Why the node cannot be emptied now; `None` where it can. Raises `Unknown`."""
    node = picture.node(name)
    if node is None:
        known = ", ".join(node.name for node in picture.nodes)
        raise Unknown(f"no node {name!r} in this cluster", cure=f"the nodes are: {known}")
    if (reason := blind(picture)) is not None:
        return reason
    if picture.stale_pacemaker() is not None:
        return "no node of the cluster answers"
    if picture.quorum is False:
        return "the cluster has no quorum"
    if picture.maintenance:
        return "the cluster is in maintenance"
    if (never := unfit(picture, name)) is not None:
        return f"{never}: there is no VM to be moved from there"
    if node.state is not NodeState.ONLINE:
        return _NOT_NOW[node.state]
    for migration in picture.migrations:
        if name in (migration.source, migration.target):
            return f"{migration.vm} is being migrated from or to it: wait until that has ended"
    return None


async def _live_targets(
    backend: Backend,
    picture: Cluster,
    node: str,
    standby: Sequence[Action],
    report: doctor.Report,
) -> dict[str, str]:
    """Where a move brings each VM live: where the scheduler would place it, or somewhere else."""
    planned = {action.resource: action.target for action in standby}
    able = [vm.id for vm in on_node(picture, node) if vm.live_migration.possible is not False]
    places = {vm: planned.get(vm) for vm in able}
    targets: dict[str, str] = {}
    for place in sorted({place for place in places.values() if place is not None}):
        group = [vm for vm in able if places[vm] == place]
        group = [vm for vm in group if refusal(picture, (vm,), place) is None]
        if not group:
            continue
        prediction = (await backend.predict(group, [place])).get(place)
        for action in prediction.moved if prediction else ():
            migrates = action.kind is ActionKind.MIGRATE and action.target == place
            if migrates and action.resource in group and not failures(report, action):
                targets[action.resource] = place
    for vm in able:
        if vm not in targets and places[vm] is not None:
            elsewhere = await _elsewhere(backend, picture, vm, report)
            if elsewhere is not None:
                targets[vm] = elsewhere
    return {vm: targets[vm] for vm in able if vm in targets}


async def _elsewhere(
    backend: Backend, picture: Cluster, vm: str, report: doctor.Report
) -> str | None:
    nodes = [n.name for n in picture.nodes if refusal(picture, (vm,), n.name) is None]
    predictions = await backend.predict([vm], nodes) if nodes else {}
    verdicts = {node: judge(picture, (vm,), node, p) for node, p in predictions.items()}
    verdicts = {node: advise(picture, verdict, report) for node, verdict in verdicts.items()}
    return best_target(picture, verdicts)
