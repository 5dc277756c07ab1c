"""The examination: collect, judge, put in order."""

from __future__ import annotations

import asyncio
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial

from backends.aio.heavy import give_back
from backends.clusters.base import Backend
from backends.data.errors import VmferryError
from backends.data.examination import Finding, Probe, Report, State, Topic
from backends.data.plan import Prediction
from backends.doctor import (
    agent,
    blockers,
    certificates,
    cluster,
    config_file,
    cpu,
    defined,
    dependencies,
    devices,
    fencing,
    listening,
    locking,
    memory,
    names,
    placement,
    resource,
    shared,
    storage,
    timeouts,
    transport,
)
from backends.doctor.case import Case
from backends.doctor.configuration import parse_configuration
from backends.doctor.effort import Effort
from backends.doctor.reach import within_reach
from backends.doctor.uris import LOCAL_QEMU, hypervisor_of

Asks = Callable[[Case, str], Iterable[Probe]]
"""What a topic wants to know of a node, given what is known so far."""
Judges = Callable[[Case], Iterator[Finding]]

FIRST: tuple[Asks, ...] = (
    shared.probes,
    listening.probes,
    certificates.probes,
    transport.probes,
    names.probes,
    agent.probes,
    config_file.probes,
    defined.probes,
    timeouts.probes,
    memory.probes,
    storage.probes,
    locking.probes,
)
SECOND: tuple[Asks, ...] = (
    names.further_probes,
    transport.further_probes,
    cpu.further_probes,
    devices.further_probes,
    storage.further_probes,
    locking.further_probes,
)
"""What can only be asked when the first round is in."""
OF_ANY_NODE = (shared.probes, names.probes)
"""What is asked where no VM may run, too: who asks there, and what its clock says."""
TOPICS: tuple[Judges, ...] = (
    listening.judge,
    certificates.judge,
    transport.judge,
    names.judge,
    cluster.judge,
    fencing.judge,
    resource.judge,
    placement.judge,
    agent.judge,
    config_file.judge,
    defined.judge,
    timeouts.judge,
    dependencies.judge,
    cpu.judge,
    devices.judge,
    blockers.judge,
    memory.judge,
    storage.judge,
    locking.judge,
)
PREDICTIONS_S = 5.0
"""How long the scheduler alone is waited for, once all nodes have answered: of a large cluster, or
of a busy one, it takes its time. What it has not said by then is unknown."""


async def examine(backend: Backend) -> Report:
    """Examine an open cluster. Nothing on it is changed. Raises what `configuration` raises.

    To judge hundreds of VMs takes a while: a thread of its own does it, and the board goes on.
    """
    report = await _examine(backend)
    await give_back()  # all that the nodes have answered
    return report


async def _examine(backend: Backend) -> Report:
    effort = Effort()
    cib = await backend.configuration()
    case = Case(backend.picture, await effort.of(lambda: parse_configuration(cib, backend.agents)))
    predictions: dict[str, Mapping[str, Prediction]] = {}
    predicting = asyncio.create_task(_predict(backend, case, predictions))
    try:
        for asks in (FIRST, SECOND):
            asked = await effort.of(partial(questions, case, asks))
            case = case.with_facts(await backend.examine(asked))
        missing = await _missing(predicting)
        case = replace(case, predictions=predictions, not_predicted=missing)
        report = await effort.of(partial(judge, case))
        return replace(report, worked_s=effort.worked_s)
    finally:
        predicting.cancel()


async def _predict(
    backend: Backend, case: Case, predictions: dict[str, Mapping[str, Prediction]]
) -> None:
    """Add what the scheduler says.

    One VM after the other: a voice that simulates for long answers nobody else.
    """
    for vm, targets in dependencies.to_ask(case).items():
        predictions[vm] = await backend.predict([vm], targets) if targets else {}


async def _missing(predicting: asyncio.Task[None]) -> str:
    """Wait for the scheduler; why it does not say more."""
    try:
        async with asyncio.timeout(PREDICTIONS_S):
            await predicting
    except TimeoutError:
        return f"the scheduler did not say within {PREDICTIONS_S:g} s after the nodes"
    except VmferryError as error:
        return f"the scheduler did not say: {error.what}"
    return ""


def questions(case: Case, asks: Sequence[Asks]) -> Mapping[str, tuple[Probe, ...]]:
    """The probes for each node, each once, and no node that there is nothing to ask."""
    hosting = {node for vm, _ in case.vms for node in case.hosts(vm.id)}
    of_any_node = [ask for ask in asks if ask in OF_ANY_NODE]
    asked = {
        node: tuple(
            {
                probe.name: _of_its_own(case, probe)
                for ask in (asks if node in hosting or not case.vms else of_any_node)
                for probe in ask(case, node)
            }.values()
        )
        for node in case.nodes
        if not case.facts or case.answered(node)
    }
    return {node: probes for node, probes in asked.items() if probes}


def _of_its_own(case: Case, probe: Probe) -> Probe:
    """Topics ask QEMU's libvirt; where the VMs are of another, that one is asked instead."""
    own = hypervisor_of(case)
    if own == LOCAL_QEMU or LOCAL_QEMU not in probe.script:
        return probe
    return replace(probe, script=probe.script.replace(LOCAL_QEMU, shlex.quote(own)))


def judge(case: Case) -> Report:
    """Every topic's findings, the worst first, otherwise in the order of topics. Pure."""
    found = (finding for topic in TOPICS for finding in topic(case))
    findings = [*_absent(case), *within_reach(case, found)]
    findings.sort(key=lambda finding: (finding.state.rank, finding.topic.rank))
    families = {node: family for node in case.nodes if (family := case.family(node))}
    answered = [facts.answered_at for facts in case.facts.values() if facts.error is None]
    return Report(tuple(findings), families, max(answered, default=None))


def _absent(case: Case) -> Iterator[Finding]:
    """The nodes of which nothing is known."""
    for node in case.picture.nodes:
        facts = case.facts.get(node.name)
        if node.name not in case.nodes:
            seen = f"it is {node.state.value}: not examined"
            yield Finding(Topic.NODE, "answers", State.UNKNOWN, seen, node=node.name)
        elif facts is None or facts.error is not None:
            seen = f"it could not be asked: {facts.error if facts else 'no answer'}"
            yield Finding(Topic.NODE, "answers", State.UNKNOWN, seen, node=node.name)
        elif (user := case.output(node.name, shared.USER.name).stdout.strip()) not in ("0", ""):
            seen = f"it was asked as user {user}"
            why = "some of what is to be seen only root may see: log in as root, or use --sudo"
            yield Finding(Topic.NODE, "login", State.UNKNOWN, seen, why, node.name)
