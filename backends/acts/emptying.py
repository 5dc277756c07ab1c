"""The steps of an evacuation after its moves: standby, follow, clear, tell.

The constraints of the moves stay until the node is in standby: removed before, they would let a VM
fail back. Nothing is touched while something is in flight.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Mapping
from contextlib import aclosing

from backends.acts.arrivals import Arrivals
from backends.acts.copies import Copies
from backends.acts.foreseen import ready
from backends.acts.guarding import guard
from backends.acts.journal import Act, Evacuee
from backends.acts.transaction import (
    CLEARED_WITHIN_S,
    Report,
    Stage,
    quiet,
    send,
    ticking,
    vm_in,
    wait_for,
)
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import ActFailed, Refused, VmferryError
from backends.data.picture import VM, Cluster, ConstraintKind, VMState
from backends.judgement.leaving import interrupted, on_node
from backends.judgement.policy import clearing, going
from backends.judgement.proof import Standing, standing

IDLE_S = 60.0
"""Pacemaker that does nothing for so long will do nothing more."""
SETTLED_S = 5.0
"""Whoever rests for so long elsewhere has arrived, though somebody cleaned its history."""


async def to_standby(backend: Backend, act: Act, node: str) -> AsyncGenerator[Report]:
    """Standby, when it stops no guest but those of which that was confirmed."""
    command = commands.standby(node, on=True)
    confirmed = {evacuee.vm for evacuee in act.intent.evacuees if evacuee.reboot}
    await quiet(backend)
    if _stands_by(backend, node):
        return
    try:
        async with aclosing(ready(backend, act, command, confirmed)) as reports:
            async for report in reports:
                yield report
    except Refused as error:
        async with aclosing(give_up(backend, act, error.what, None)) as reports:
            async for report in reports:
                yield report
    if not _stands_by(backend, node):
        yield Report("", Stage.MOVING, command.purpose)
        await send(backend, act, Stage.MOVING, command)


def _stands_by(backend: Backend, node: str) -> bool:
    known = backend.picture.node(node)
    return known is None or known.standby


async def give_up(
    backend: Backend, act: Act, why: str, failure: VmferryError | None
) -> AsyncGenerator[Report]:
    """Leave nothing behind but what holds a VM away from the node. Always raises."""
    node = act.intent.source or ""
    async with aclosing(clear(backend, act, node)) as reports:
        async for report in reports:
            yield report
    act.close(f"given up: {why}")
    picture = backend.picture
    held = [vm.id for vm in map(picture.vm, _kept(picture, act)) if vm is not None]
    stay = [vm.id for vm in on_node(picture, node)]
    cause = f"{why}: {failure}" if failure is not None else why
    still = f"{_names(stay)} on it" if stay else "nothing on it"
    raise ActFailed(
        f"the evacuation ended early, {node} is not in standby, with {still}: {cause}",
        where=node,
        cure=(
            f"the constraints of {_names(held)} stay, or they would go back: vmferry clear VM"
            if held
            else "no constraint is left"
        ),
    )


async def follow(backend: Backend, act: Act, node: str) -> AsyncGenerator[Report]:
    """Until each VM has come to its end, or Pacemaker does nothing more."""
    said: dict[str, Report] = {}
    seen: object = None
    copies, arrivals = Copies(), Arrivals(backend)
    quiet_since = time.monotonic()
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            vms = [vm for vm in (picture.vm(e.vm) for e in act.intent.evacuees) if vm is not None]
            moving = [m for m in picture.migrations if m.source == node]
            silent = picture.stale_pacemaker() is not None
            now = [(vm.state, vm.nodes, vm.history) for vm in vms]
            if seen != (seen := now) or moving or silent:
                quiet_since = time.monotonic()
            for vm in vms:
                migration = picture.migration(vm.id)
                text = f"{vm.id} is {vm.state.value} on {' and '.join(vm.nodes) or 'no node'}"
                report = Report(vm.id, Stage.FOLLOWING, text, migration)
                if said.get(vm.id) != report:
                    said[vm.id] = report
                    yield report
            if silent:
                continue
            in_vain = await arrivals.in_vain([vm.id for vm in vms])
            newest = backend.picture  # guarding takes a while, and this picture is older then
            here = [vm for vm in map(newest.vm, (vm.id for vm in vms)) if vm is not None]
            unsafe = [vm for vm in here if copies.is_lost(newest, vm) or vm.id in in_vain]
            if unsafe:
                async with aclosing(guard(backend, act, unsafe, node)) as reports:
                    async for report in reports:
                        yield report
                continue
            quiet_s = time.monotonic() - quiet_since
            known = picture.node(node)
            standby = known is None or known.standby
            waiting = [e for e in act.intent.evacuees if not _ended(picture, e, node, quiet_s)]
            if (standby and not waiting) or quiet_s > IDLE_S:
                return


def _ended(picture: Cluster, evacuee: Evacuee, node: str, quiet_s: float) -> bool:
    vm = picture.vm(evacuee.vm)
    if vm is None or _stays(vm):
        return True
    if picture.migration(vm.id) is not None:
        return False
    if not vm.nodes:
        # Stopped on the way to another node, or for good.
        return evacuee.target is None or quiet_s > IDLE_S / 2
    if node in vm.nodes:
        return False
    end = _standing(picture, evacuee, vm, node)
    return end in (Standing.MOVED, Standing.REBOOTED) or quiet_s > SETTLED_S


def _stays(vm: VM) -> bool:
    """Whether Pacemaker keeps its hands off it."""
    return not vm.managed or vm.maintenance or vm.state is VMState.BLOCKED


def _standing(picture: Cluster, evacuee: Evacuee, vm: VM, node: str) -> Standing:
    place = vm.node if vm.node not in (None, node) else evacuee.target
    in_flight = picture.migration(vm.id) is not None
    return standing(evacuee.calls, vm, place or "", in_flight=in_flight)


async def clear(backend: Backend, act: Act, node: str) -> AsyncGenerator[Report]:
    """Remove the constraints of the moves, except where that would bring a guest back or down."""
    await quiet(backend)
    await backend.refresh()
    ends = {e.vm: e.target for e in act.intent.evacuees}
    kept = _kept(backend.picture, act)
    if kept and await _refused(backend, kept, node, ends):
        kept = [vm for vm in kept if not await _refused(backend, [vm], node, ends)]
    for vm in kept:
        command = clearing(vm_in(backend.picture, vm), ends[vm])
        yield Report(vm, Stage.CLEARING, command.purpose)
        await send(backend, act, Stage.CLEARING, command)
    for vm in kept:
        await wait_for(
            backend,
            vm,
            lambda vm: not going(vm, ends[vm.id]),
            "its constraints to go",
            within_s=CLEARED_WITHIN_S,
        )
    await quiet(backend)


async def _refused(
    backend: Backend, vms: Collection[str], node: str, ends: Mapping[str, str | None]
) -> bool:
    """Whether removing these constraints would do what nobody asked for."""
    known = [vm_in(backend.picture, vm) for vm in vms]
    foreseen = await backend.foresee([clearing(vm, ends[vm.id]) for vm in known])
    stopped = interrupted(backend.picture, foreseen)
    back = [action for action in foreseen if action.target == node and action.resource in vms]
    return bool(stopped or back)


def _kept(picture: Cluster, act: Act) -> list[str]:
    """The VMs that still have the constraint of their move, and rest."""
    return [
        evacuee.vm
        for evacuee in act.intent.evacuees
        if (vm := picture.vm(evacuee.vm)) is not None
        and vm.state is not VMState.BLOCKED
        and picture.migration(vm.id) is None
        and holds(vm, evacuee.target)
    ]


def moved_by(picture: Cluster, act: Act) -> bool:
    """Whether any VM has left the node since, or is held elsewhere."""
    node = act.intent.source
    vms = [vm for vm in (picture.vm(evacuee.vm) for evacuee in act.intent.evacuees) if vm]
    return bool(_kept(picture, act)) or any(node not in vm.nodes for vm in vms)


def holds(vm: VM, target: str | None) -> bool:
    """Whether the constraint of a move to that node is there."""
    return any(c.kind is ConstraintKind.PREFER and c.node == target for c in vm.constraints)


def conclude(backend: Backend, act: Act, node: str) -> Report:
    """How it ended; closes the act. Raises `ActFailed` where that is not as was confirmed."""
    picture = backend.picture
    moved: list[str] = []
    restarted: list[str] = []
    wrong: list[str] = []
    for evacuee in act.intent.evacuees:
        vm = picture.vm(evacuee.vm)
        if vm is None:
            continue
        if node in vm.nodes or vm.node == node:
            wrong.append(f"{vm.id} stays on it ({_state(vm)})")
        elif vm.node is None:
            words = f"{vm.id} is {vm.state.value}"
            (restarted if evacuee.reboot else wrong).append(words)
        elif _standing(picture, evacuee, vm, node) is not Standing.REBOOTED:
            moved.append(vm.id)
        elif evacuee.reboot:
            restarted.append(vm.id)
        else:
            wrong.append(f"{vm.id} was restarted on {vm.node}")
    wrong += [
        f"{vm.id} is on it now ({_state(vm)})"
        for vm in on_node(picture, node)
        if vm.id not in {evacuee.vm for evacuee in act.intent.evacuees}
    ]
    wrong += [f"the constraint of {vm} stays" for vm in _kept(picture, act)]
    act.close("; ".join(wrong) or "empty")
    known = picture.node(node)
    place = f"{node} is {'in standby' if known and known.standby else 'not in standby'}"
    if wrong:
        raise ActFailed(f"{place}, but {'; '.join(wrong)}", where=node)
    stopped = f", stopped as confirmed: {_names(restarted)}" if restarted else ""
    return Report("", Stage.DONE, f"{place} and empty: {len(moved)} moved live{stopped}")


def _state(vm: VM) -> str:
    return "unmanaged" if not vm.managed else vm.state.value


def _names(names: Collection[str]) -> str:
    return ", ".join(names)
