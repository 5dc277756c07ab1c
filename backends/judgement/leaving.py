"""What becomes of each VM when its node is emptied. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from statistics import median

from backends.data import commands
from backends.data.picture import VM, CibVersion, Cluster
from backends.data.plan import Action, ActionKind, Command, VerdictKind
from backends.judgement.hosts import INTERRUPTING, ends_a_guest, led_astray
from backends.judgement.judge import free_memory_bytes, guarded, risks
from backends.judgement.moves import Move
from backends.judgement.policy import clearing
from backends.judgement.proof import was_there
from backends.judgement.waves import at_once, goes_alone, waves


class EvacuationWay(StrEnum):
    VM_BY_VM = "VM by VM"
    """Live moves in a queue, then standby for the rest, then the constraints go."""
    STANDBY = "by standby"
    """All at once, as Pacemaker sees fit."""


class Fate(StrEnum):
    LIVE = "moves live"
    REBOOT = "is restarted elsewhere"
    STOP = "is stopped"
    STAY = "stays"


@dataclass(frozen=True, slots=True)
class Leaving:
    """One VM. What a move can do live, a standby sometimes cannot: it stops what the VM needs."""

    vm: str
    by_standby: Fate
    standby_target: str | None = None
    target: str | None = None
    """Where a move would bring it live; `None` where none would."""
    why: str | None = None
    """Why it does not simply move live."""
    alone: bool = True
    """Whether nobody goes beside it."""
    stayed_on: tuple[str, ...] = ()
    """Where it was before, as far as Pacemaker remembers."""
    memory_bytes: int | None = None
    clear: Command | None = None
    """What removes the constraint of its move."""

    def fate(self, way: EvacuationWay) -> Fate:
        moved = way is EvacuationWay.VM_BY_VM and self.target is not None
        return Fate.LIVE if moved else self.by_standby

    def goes_to(self, way: EvacuationWay) -> str | None:
        moved = way is EvacuationWay.VM_BY_VM and self.target is not None
        return self.target if moved else self.standby_target


@dataclass(frozen=True, slots=True)
class Load:
    """What a target is asked to take; `free_bytes` is `None` where its libvirt does not say."""

    node: str
    needed_bytes: int
    free_bytes: int | None

    @property
    def fits(self) -> bool | None:
        return None if self.free_bytes is None else self.needed_bytes <= self.free_bytes


@dataclass(frozen=True, slots=True)
class EvacuationPlan:
    """How a node would be emptied, for the operator to choose the way and to confirm."""

    node: str
    vms: tuple[Leaving, ...]
    also: tuple[Action, ...] = ()
    """What the standby does to resources that are no VMs."""
    free_bytes: tuple[tuple[str, int | None], ...] = ()
    """What each other node has left."""
    warnings: tuple[str, ...] = ()
    """What holds in either way."""
    move_risks: tuple[str, ...] = ()
    """What may go wrong VM by VM …"""
    standby_risks: tuple[str, ...] = ()
    """… and by standby."""
    eta_s: float | None = None
    """Of the live moves, from what was measured before; `None` where nothing was."""
    version: CibVersion | None = None
    at_once: int = 1
    protections: tuple[Command, ...] = ()
    """What is sent first, so that no failure restarts a guest."""

    def mind(self, way: EvacuationWay) -> tuple[str, ...]:
        """All that is to be minded in this way, and not what only holds in the other."""
        risks = self.move_risks if way is EvacuationWay.VM_BY_VM else self.standby_risks
        return (*risks, *self.warnings)

    def having(self, way: EvacuationWay, *fates: Fate) -> tuple[str, ...]:
        """The VMs that come to one of these ends."""
        return tuple(leaving.vm for leaving in self.vms if leaving.fate(way) in fates)

    def interrupted(self, way: EvacuationWay) -> tuple[str, ...]:
        """The VMs whose guests would be stopped: they need more than Enter."""
        return self.having(way, Fate.REBOOT, Fate.STOP)

    def loads(self, way: EvacuationWay) -> tuple[Load, ...]:
        """What each target would have to take, as far as the sizes are known."""
        needed: dict[str, int] = defaultdict(int)
        for leaving in self.vms:
            target = leaving.goes_to(way)
            if target is not None:
                needed[target] += leaving.memory_bytes or 0
        free = dict(self.free_bytes)
        return tuple(Load(node, needed[node], free.get(node)) for node in sorted(needed))

    @property
    def moves(self) -> tuple[Move, ...]:
        """The live moves. What goes along live, and its room, was confirmed with the whole; their
        constraints go when the node is in standby."""
        return tuple(
            Move(leaving.vm, leaving.target, VerdictKind.NO_ROOM, keep=True)
            for leaving in self.vms
            if leaving.target is not None
        )

    def commands(self, way: EvacuationWay, *, allow_reboot: bool = False) -> tuple[Command, ...]:
        """Exactly what will be sent; without the reboots confirmed, a standby may be left out."""
        standby = commands.standby(self.node, on=True)
        if way is EvacuationWay.STANDBY:
            return (*self.protections, *_forgets(self.vms, way), standby)
        back = tuple(leaving.clear for leaving in self.vms if leaving.target and leaving.clear)
        ends = allow_reboot or not self.interrupted(way)
        rest = [leaving for leaving in self.vms if leaving.target is None]
        end = (*_forgets(rest, way), standby) if ends else ()
        return (*self.protections, *self._there(), *end, *back)

    def _there(self) -> Iterator[Command]:
        """The moves, as many at once as the queue begins."""
        live = {leaving.vm: leaving for leaving in self.vms if leaving.target is not None}
        trips = {vm: (self.node, leaving.target or "") for vm, leaving in live.items()}
        alone = [leaving.vm for leaving in self.vms if leaving.alone]
        for wave in waves(trips, alone, self.at_once):
            yield from _forgets([live[vm] for vm in wave], EvacuationWay.VM_BY_VM)
            yield commands.moves({vm: live[vm].target or "" for vm in wave})


def _forgets(leaving: Sequence[Leaving], way: EvacuationWay) -> Iterator[Command]:
    for each in leaving:
        target = each.goes_to(way)
        if target in each.stayed_on and each.fate(way) is Fate.LIVE:
            yield commands.forget_stay(each.vm, target or "")


def on_node(picture: Cluster, node: str) -> tuple[VM, ...]:
    """The VMs that are there, or that Pacemaker holds for active there."""
    return tuple(vm for vm in picture.vms if vm.node == node or node in vm.nodes)


def interrupted(picture: Cluster, actions: Sequence[Action]) -> tuple[str, ...]:
    """The VMs whose guests these actions stop."""
    return tuple(action.resource for action in actions if ends_a_guest(picture, action))


def make_evacuation_plan(
    picture: Cluster, node: str, standby: Sequence[Action], targets: Mapping[str, str]
) -> EvacuationPlan:
    """The plan, from what the scheduler would do in standby and where moves would go live."""
    planned = {action.resource: action for action in standby}
    here = [vm.id for vm in on_node(picture, node)]
    names = dict.fromkeys((*here, *interrupted(picture, standby)))
    vms = [vm for vm in map(picture.vm, names) if vm is not None]
    plan = EvacuationPlan(
        node=node,
        vms=tuple(_leaving(picture, vm, planned.get(vm.id), targets.get(vm.id)) for vm in vms),
        also=tuple(action for action in standby if picture.vm(action.resource) is None),
        free_bytes=tuple((n.name, free_memory_bytes(n)) for n in picture.nodes if n.name != node),
        eta_s=_eta_s(picture, [vm for vm in vms if vm.id in targets]),
        version=picture.version,
        at_once=at_once(picture),
    )
    return with_risks(picture, plan)


def with_risks(picture: Cluster, plan: EvacuationPlan) -> EvacuationPlan:
    """What may go wrong with those that go live in it."""
    vms = [vm for vm in (picture.vm(leaving.vm) for leaving in plan.vms) if vm is not None]

    def live(way: EvacuationWay) -> list[VM]:
        return [vm for vm in vms if vm.id in plan.having(way, Fate.LIVE)]

    moved = {move.vm for move in plan.moves}
    by_move = risks(live(EvacuationWay.VM_BY_VM))
    guards = guarded([vm for vm in vms if vm.id in moved])
    sent = live(EvacuationWay.STANDBY)
    by_standby = (*risks(sent), *guarded(sent, moved=False))
    return replace(plan, move_risks=(*by_move, *guards), standby_risks=by_standby)


def _leaving(picture: Cluster, vm: VM, action: Action | None, target: str | None) -> Leaving:
    fate, why = Fate.STAY, "Pacemaker would leave it there"
    astray = led_astray(picture, action) if action is not None else None
    if astray is not None:
        fate, why = Fate.REBOOT, f"Pacemaker would send it astray: {astray}"
    elif action is not None:
        fate = _fate(action)
        why = vm.live_migration.reason or action.reason or "the scheduler gives no reason"
    elif not vm.managed:
        why = "it is unmanaged"
    elif vm.maintenance:
        why = "it is in maintenance"
    elif vm.failed:
        why = f"it is {vm.state.value}"
    return Leaving(
        vm=vm.id,
        by_standby=fate,
        standby_target=(
            action.target if action is not None and not astray and fate is not Fate.STOP else None
        ),
        target=target,
        why=None if fate is Fate.LIVE else why,
        memory_bytes=vm.memory_bytes,
        clear=clearing(vm, target) if target is not None else None,
        alone=goes_alone(vm),
        stayed_on=tuple(sorted({op.node for op in vm.history if was_there(vm, op.node)})),
    )


def _fate(action: Action) -> Fate:
    if action.kind is ActionKind.MIGRATE:
        return Fate.LIVE
    if action.kind is ActionKind.STOP:
        return Fate.STOP
    return Fate.REBOOT if action.kind in INTERRUPTING else Fate.STAY


def _eta_s(picture: Cluster, vms: Sequence[VM]) -> float | None:
    """Each at its own speed limit, else as fast as migrations went that Pacemaker remembers."""
    measured = [
        1000 * vm.memory_bytes / operation.exec_ms
        for vm in picture.vms
        for operation in vm.history
        if operation.task == "migrate_to" and operation.succeeded
        if vm.memory_bytes and operation.exec_ms
    ]
    usual = median(measured) if measured else None
    times = []
    for vm in vms:
        rate = vm.migration_speed_bytes_per_s or usual
        if not vm.memory_bytes or not rate:
            return None
        times.append(vm.memory_bytes / rate)
    return float(round(sum(times)))
