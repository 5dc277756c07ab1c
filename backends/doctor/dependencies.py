"""Topic 4: does something that a VM depends on turn its migration into a restart?

Only the scheduler knows, so it is asked, for those VMs that depend on anything at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from backends.data.examination import Effect, Finding, State, Topic, Way
from backends.data.picture import VM, VMState
from backends.data.plan import Action, ActionKind, Prediction
from backends.doctor.case import Case

_CHECK = "dependencies"


def to_ask(case: Case) -> dict[str, tuple[str, ...]]:
    """The VMs whose move is to be predicted, each with its targets."""
    hosts = [node.name for node in case.picture.nodes if node.can_host]
    return {
        vm.id: tuple(node for node in hosts if node != vm.node)
        for vm, resource in case.vms
        if resource.allow_migrate is not False
        and vm.id in case.configuration.dependent
        and vm.state is VMState.RUNNING
        and case.picture.migration(vm.id) is None
    }


def judge(case: Case) -> Iterator[Finding]:
    for vm, targets in to_ask(case).items():
        known = case.picture.vm(vm)
        predictions = case.predictions.get(vm)
        if predictions is None:
            seen = f"what its dependencies make of a move: {case.not_predicted}"
            yield Finding(Topic.RESOURCE, _CHECK, State.UNKNOWN, seen, vm=vm)
        elif known is not None and targets:
            yield _judge_vm(known, predictions)


def _judge_vm(vm: VM, predictions: Mapping[str, Prediction]) -> Finding:
    bad = {
        node: action
        for node, prediction in predictions.items()
        if (action := _own(vm.id, prediction)) is not None and action.kind is not ActionKind.MIGRATE
    }
    unable = [node for node, each in predictions.items() if _own(vm.id, each) is None]
    if not bad:
        seen = f"migrates live to {', '.join(n for n in predictions if n not in unable) or 'none'}"
        return Finding(Topic.RESOURCE, _CHECK, State.OK, seen, vm=vm.id)
    reasons = {action.reason for action in bad.values() if action.reason}
    others = {
        other.resource
        for node in bad
        for other in predictions[node].moved
        if other.resource != vm.id
    }
    because = f" ({'; '.join(sorted(reasons))})" if reasons else ""
    beside = f", together with {', '.join(sorted(others))}" if others else ""
    return Finding(
        Topic.RESOURCE,
        _CHECK,
        State.WARNING,
        f"a move to {', '.join(bad)} is a stop and a start{beside}{because}",
        "it depends on something that must itself stop, or is not there: the guest is rebooted",
        vm=vm.id,
        effect=Effect.RESTARTS,
        ways=() if len(bad) + len(unable) == len(predictions) else _to(bad),
    )


def _to(targets: Iterable[str]) -> tuple[Way, ...]:
    return tuple(Way(target=target) for target in targets)


def _own(vm: str, prediction: Prediction) -> Action | None:
    return next((action for action in prediction.moved if action.resource == vm), None)
