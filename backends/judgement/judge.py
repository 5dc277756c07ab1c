"""Judgement: from what the scheduler predicts to a verdict, and from a verdict to a plan. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from backends.data import commands
from backends.data.picture import VM, Cluster, ConstraintKind, Node, NodeState, VMState
from backends.data.plan import (
    Action,
    ActionKind,
    Plan,
    Prediction,
    Verdict,
    VerdictKind,
)
from backends.judgement.abilities import blind
from backends.judgement.hosts import ends_a_guest, led_astray, unfit
from backends.judgement.policy import barring, going, told, why_on_purpose
from backends.judgement.proof import in_words_where, places, was_there
from backends.judgement.waves import sequence

DEFAULT_TIMEOUT_S = 20.0
"""Pacemaker's own default for an operation without a timeout (`PCMK_DEFAULT_ACTION_TIMEOUT_MS`)."""

GiB = 1 << 30

_CANNOT_HOST = {
    NodeState.STANDBY: "it is in standby",
    NodeState.MAINTENANCE: "it is in maintenance",
    NodeState.PENDING: "it is still joining the cluster",
    NodeState.UNCLEAN: "it is unclean",
    NodeState.OFFLINE: "it is offline",
}


def refusal(picture: Cluster, vms: tuple[str, ...], node: str) -> Verdict | None:
    """Why a move need not even be put to the scheduler; `None` where nothing stands against it."""
    reason = next(_objections(picture, vms, node), None)
    if reason is None:
        return None
    return Verdict(vms, node, VerdictKind.REFUSED, (reason,), version=picture.version)


def _objections(picture: Cluster, vms: tuple[str, ...], name: str) -> Iterator[str]:
    stale = picture.stale_pacemaker()
    if stale is not None:
        yield f"the picture of the cluster is old: {stale.reason}"
    if picture.quorum is False:
        yield "the cluster has no quorum"
    if picture.maintenance:
        yield "the cluster is in maintenance"
    known = [vm for vm in map(picture.vm, vms) if vm is not None]
    for vm in known:
        yield from _objections_anywhere(picture, vm)
    node = picture.node(name)
    if node is None:
        yield f"there is no node {name}"
    elif (never := unfit(picture, name)) is not None:
        yield f"{never}: no VM can run there"
    elif not node.can_host:
        yield f"{name} cannot take it: {_CANNOT_HOST[node.state]}"
    for vm in known:
        yield from _objections_there(vm, name)
    if (reason := blind(picture)) is not None:
        yield reason  # the last: what stands against it on any release says more


def _objections_anywhere(picture: Cluster, vm: VM) -> Iterator[str]:
    """Why it can be moved to no node at all."""
    if vm.orphan:
        yield f"{vm.id} is no longer in the configuration: Pacemaker would stop it, not move it"
    elif picture.migration(vm.id) is not None:
        yield f"{vm.id} is being migrated already"
    elif vm.node is None:
        yield f"{vm.id} runs nowhere ({vm.state.value})"
    elif len(places(vm)) > 1 or (len(vm.nodes) > 1 and vm.state is not VMState.BLOCKED):
        yield f"{vm.id} is active on {in_words_where(vm)}"
    elif vm.state in (VMState.BLOCKED, VMState.FAILED, VMState.STARTING, VMState.STOPPING):
        yield f"{vm.id} is {vm.state.value} on {in_words_where(vm)}"
    elif vm.maintenance:
        yield f"{vm.id} is in maintenance"
    elif not vm.managed:
        yield f"{vm.id} is unmanaged: Pacemaker would not move it"
    elif (source := picture.node(vm.node)) is not None and source.state in (
        NodeState.MAINTENANCE,
        NodeState.UNCLEAN,
        NodeState.OFFLINE,
    ):
        yield f"{vm.id} is on {source.name}: {_CANNOT_HOST[source.state]}"


def _objections_there(vm: VM, node: str) -> Iterator[str]:
    if vm.node == node:
        yield f"{vm.id} is on {node} already"
    elif (ban := barring(vm).get(node)) is not None:
        purpose = f"on purpose as it seems ({why_on_purpose(vm, ban)})"
        lift = commands.clear_move(vm.id, node)
        yield f"{ban.id} keeps {vm.id} from {node}, {purpose}: lift it first, by {lift}"


def judge(picture: Cluster, vms: tuple[str, ...], node: str, prediction: Prediction) -> Verdict:
    """The verdict on moving these VMs to this node, from what the scheduler predicts."""
    own = {action.resource: action for action in prediction.moved if action.resource in vms}
    others = tuple(action for action in prediction.moved if action.resource not in vms)
    back = tuple(prediction.cleared or ())
    actions = (*own.values(), *others, *back)

    unmoved = [vm for vm in vms if vm not in own or own[vm].target != node]
    if unmoved:
        reasons = tuple(_why_not_there(picture, vm, node, own.get(vm)) for vm in unmoved)
        return Verdict(vms, node, VerdictKind.REFUSED, reasons, actions, version=prediction.version)

    reboots = tuple(vm for vm in vms if own[vm].kind is not ActionKind.MIGRATE)
    shortages = tuple(_shortages(picture, vms, node))
    reasons = (
        *(_why_reboot(picture, own[vm]) for vm in reboots),
        *(f"also: {_in_words(picture, action)}" for action in others),
        *(f"afterwards: {_afterwards(picture, action)}" for action in back),
        *shortages,
    )
    # What would lead it astray once the constraint is gone does not come to pass: it is foreseen
    # again right before, and the constraint stays.
    would_be = (*others, *(action for action in back if led_astray(picture, action) is None))
    also_rebooted = tuple(each.resource for each in would_be if ends_a_guest(picture, each))
    if reboots:
        kind = VerdictKind.REBOOT
    elif shortages:
        kind = VerdictKind.NO_ROOM
    elif reasons:
        kind = VerdictKind.SIDE_EFFECTS
    else:
        kind = VerdictKind.LIVE
    return Verdict(
        vms,
        node,
        kind,
        reasons,
        actions,
        reboots=tuple(dict.fromkeys((*reboots, *also_rebooted))),
        version=prediction.version,
    )


def _why_not_there(picture: Cluster, vm: str, node: str, instead: Action | None) -> str:
    vm_there = picture.vm(vm)
    known = vm_there.obstacles if vm_there is not None else ()
    keeps = "; ".join(dict.fromkeys(each.reason for each in known if each.node == node))
    keeps = keeps or f"something that it depends on keeps it from {node}"
    if instead is not None:
        return f"Pacemaker would do this instead: {_in_words(picture, instead)}; {keeps}"
    place = (vm_there.node if vm_there else None) or "its node"
    return f"Pacemaker would leave {vm} on {place}: {keeps}"


def _why_reboot(picture: Cluster, action: Action) -> str:
    vm = picture.vm(action.resource)
    why = vm.live_migration.reason if vm and vm.live_migration.possible is False else None
    why = why or action.reason or "it depends on something that must itself stop or is not there"
    return f"{why}: {action.resource} would be stopped and started again"


def _afterwards(picture: Cluster, action: Action) -> str:
    stays = led_astray(picture, action) is not None
    return f"{_in_words(picture, action)}{': the constraint of the move stays' if stays else ''}"


def _in_words(picture: Cluster, action: Action) -> str:
    if (why := led_astray(picture, action)) is not None:
        return f"{action}: {why}, so that it fails"
    return f"{action}{' (its guest is stopped)' if ends_a_guest(picture, action) else ''}"


def _shortages(picture: Cluster, vms: tuple[str, ...], name: str) -> Iterator[str]:
    node = picture.node(name)
    free = free_memory_bytes(node) if node else None
    sizes = [vm.memory_bytes for vm in map(picture.vm, vms) if vm and vm.memory_bytes]
    if free is not None and sum(sizes) > free:
        yield f"{sum(sizes) / GiB:.1f} GiB needed, {name} has {free / GiB:.1f} GiB free"


def free_memory_bytes(node: Node) -> int | None:
    """What the node has left."""
    if node.memory_bytes is None or node.memory_used_bytes is None:
        return None
    return node.memory_bytes - node.memory_used_bytes


def make_plan(picture: Cluster, verdict: Verdict, *, keep: bool = False) -> Plan:
    """A verdict as steps, warnings and exact commands. `keep`: the constraint of the move stays."""
    vms = [vm for vm in map(picture.vm, verdict.vms) if vm is not None]
    places = dict.fromkeys(verdict.vms, verdict.node)
    live = [vm for vm in vms if vm.id not in verdict.reboots]
    beside = [vm for vm in map(picture.vm, _migrating_beside(verdict)) if vm is not None]
    constraints = (text for vm in vms for text in told(vm, verdict.node, keep=keep))
    refused = verdict.kind is VerdictKind.REFUSED
    return Plan(
        verdict=verdict,
        steps=tuple(step for vm in vms for step in _steps(vm, verdict, keep=keep)),
        warnings=() if refused else (*constraints, *risks([*live, *beside]), *guarded(live)),
        commands=(() if refused else sequence(picture, places, alone=verdict.reboots, keep=keep)),
        deadline_s=_deadline_s(live),
        keep=keep,
    )


def _migrating_beside(verdict: Verdict) -> tuple[str, ...]:
    """The VMs that migrate live because of the move, and may fail as those that are moved."""
    migrating = (each.resource for each in verdict.actions if each.kind is ActionKind.MIGRATE)
    gone = (*verdict.vms, *verdict.reboots)
    return tuple(dict.fromkeys(name for name in migrating if name not in gone))


def _steps(vm: VM, verdict: Verdict, *, keep: bool) -> Iterator[str]:
    if verdict.kind is VerdictKind.REFUSED:
        return
    for lifted in vm.constraints:
        goes = lifted in going(vm, verdict.node) and not (keep and lifted.node != verdict.node)
        if lifted.kind is ConstraintKind.BAN and goes:
            yield f"lift {lifted.id}: {vm.id} may run on {lifted.node} again"
    if was_there(vm, verdict.node):
        yield commands.forget_stay(vm.id, verdict.node).purpose
    yield f"set a constraint: {vm.id} prefers {verdict.node}"
    if vm.id in verdict.reboots:
        yield f"Pacemaker shuts {vm.id} down on {vm.node} and starts it on {verdict.node}"
        yield f"wait until it runs on {verdict.node}"
    else:
        yield f"Pacemaker migrates {vm.id} live from {vm.node} to {verdict.node}"
        yield f"wait until {verdict.node} runs it, {vm.node} has let go, and nothing was restarted"
    yield "leave the constraint, as was asked" if keep else "remove the constraint"


def warnings(vms: Sequence[VM]) -> Iterator[str]:
    """What may go wrong when these are moved, and what vmferry would do then by itself."""
    yield from risks(vms)
    yield from guarded(vms)


def risks(vms: Sequence[VM]) -> Iterator[str]:
    """What may go wrong when these migrate live, whoever makes them."""
    by_timeout: dict[float | None, list[str]] = defaultdict(list)
    for vm in vms:
        if vm.migrate_to_on_fail != "block":
            by_timeout[vm.migrate_to_timeout_s].append(vm.id)
    for timeout_s, names in by_timeout.items():
        span = f"{timeout_s:.0f} s" if timeout_s is not None else "its timeout, which is not known"
        yield (
            f"should the migration of {_any_of(names)} fail or take longer than "
            f"{span}, Pacemaker stops the guest and starts it again"
        )
    for vm in vms:
        if vm.memory_bytes and vm.migration_speed_bytes_per_s:
            needed_s, timeout_s = (
                vm.memory_bytes / vm.migration_speed_bytes_per_s,
                vm.migrate_to_timeout_s,
            )
            if timeout_s is not None and needed_s > timeout_s:
                yield (
                    f"{vm.id} needs {needed_s:.0f} s at its migration speed, "
                    f"and the timeout of migrate_to is {timeout_s:.0f} s"
                )


def guarded(vms: Sequence[VM], *, moved: bool = True) -> Iterator[str]:
    """What vmferry does by itself for these while they are copied; a standby sets no constraint."""
    if vms:
        names, likewise = [vm.id for vm in vms], ", and likewise for the others"
        change = "somebody change a constraint of {} or its target" if moved else "the target of {}"
        yield (
            f"should {change.format(_any_of(names))}{' change' * (not moved)}, or the DC change or "
            "lose sight of it, during the copy, vmferry keeps Pacemaker's hands off it until that "
            f"has ended: {commands.hands_off(names[0])}{likewise if len(vms) > 1 else ''}"
        )


def _any_of(names: Sequence[str]) -> str:
    return " or ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _deadline_s(vms: Sequence[VM]) -> float | None:
    """The shortest of their timeouts; `None` where one is not known, or where none goes live."""
    known = [vm.migrate_to_timeout_s for vm in vms]
    return None if None in known else min(filter(None, known), default=None)
