"""The scheduler and the doctor, asked how each VM could leave its node. Sends nothing."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping

from backends.clusters.base import Backend
from backends.data import commands
from backends.data.examination import Report
from backends.data.picture import Cluster
from backends.data.plan import Action, ActionKind, Verdict
from backends.doctor.advice import advise, failures
from backends.judgement.prospect import (
    UNKNOWN,
    Passage,
    Prospect,
    best,
    by_standby,
    of_verdict,
    untold,
)

SECOND_LOOKS_S = 5.0
"""For so long those are asked after singly whom a standby of their node would not move live."""


async def prospects(backend: Backend, report: Report) -> Mapping[str, Prospect]:
    """A prospect for each VM: one question a node, and one more for each that is in doubt.

    What all of a node's VMs cannot do together one alone may. Raises what `Backend.foresee` raises.
    """
    picture = backend.picture
    anyway = {action.what for action in await backend.foresee(())}
    found = {vm.id: untold(vm) for vm in picture.vms}
    for node in picture.nodes:
        if node.can_host and any(vm.node == node.name for vm in picture.vms):
            foreseen = await backend.foresee([commands.standby(node.name, on=True)])
            actions = [action for action in foreseen if action.what not in anyway]
            for vm, verdict in by_standby(picture, node.name, actions).items():
                found[vm] = prospect(picture, verdict, report)
    return {**found, **await _second_looks(backend, picture, found, report)}


def prospect(picture: Cluster, verdict: Verdict, report: Report) -> Prospect:
    """What a verdict comes to once the doctor was heard."""
    fails = any(failures(report, action) for action in _migrations(verdict))
    return of_verdict(advise(picture, verdict, report), fails=fails)


def by_verdicts(picture: Cluster, verdicts: Iterable[Verdict], report: Report) -> Prospect:
    """What the verdicts of all nodes on one VM come to; that it is where it is says nothing."""
    elsewhere = (each for each in verdicts if each.node not in _nodes_of(picture, each))
    return best(prospect(picture, verdict, report) for verdict in elsewhere)


def _nodes_of(picture: Cluster, verdict: Verdict) -> set[str | None]:
    return {vm.node for vm in map(picture.vm, verdict.vms) if vm is not None}


async def _second_looks(
    backend: Backend, picture: Cluster, found: Mapping[str, Prospect], report: Report
) -> dict[str, Prospect]:
    looked: dict[str, Prospect] = {}
    until = time.monotonic() + SECOND_LOOKS_S
    for vm in picture.vms:
        in_doubt = found[vm.id].passage is not Passage.LIVE
        if vm.node is None or vm.live_migration.possible is False or not in_doubt:
            continue
        if time.monotonic() > until:
            looked[vm.id] = UNKNOWN
        else:
            verdicts = await backend.preview([vm.id])
            looked[vm.id] = by_verdicts(picture, verdicts.values(), report)
    return looked


def _migrations(verdict: Verdict) -> Iterable[Action]:
    return (action for action in verdict.actions if action.kind is ActionKind.MIGRATE)
