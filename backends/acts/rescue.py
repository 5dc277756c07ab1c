"""Keeping a guest alive when its migration must end, or has ended badly.

Pacemaker's answer to a migration that fails or times out is to stop the guest on both nodes and to
start it again. The order that prevents this, found on real clusters: take Pacemaker's hands off the
VM (maintenance), let the migration end, remove the constraint, have Pacemaker forget all it knows
of the VM and look anew, ask its scheduler what it would do next, and only when that is nothing,
give the VM back.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

from backends.acts.finding import PROBED_WITHIN_S, looks
from backends.acts.journal import Intent, Journal
from backends.acts.safe_order import (
    RELEASED_WITHIN_S,
    Way,
    finish_rescue,
    rests,
)
from backends.acts.transaction import (
    Report,
    Stage,
    vm_in,
    wait_for,
    writer_of,
)
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import CommandFailed, Refused
from backends.data.picture import (
    VM,
    Cluster,
    NodeState,
    Phase,
    VMState,
)
from backends.data.plan import Command
from backends.judgement.abilities import blind
from backends.judgement.policy import clearing
from backends.judgement.proof import calls, newest, source_of


def objection(backend: Backend, vm: VM, way: Way) -> str | None:
    """Why it cannot be done, in words; `None` where it can."""
    picture = backend.picture
    migration = picture.migration(vm.id)
    if (reason := blind(picture)) is not None:
        return reason
    if picture.stale_pacemaker() is not None:
        return "no node of the cluster answers"
    if way is Way.RECOVER:
        failed = vm.state in (VMState.BLOCKED, VMState.FAILED)
        return None if failed and source_of(vm) else f"{vm.id} is {vm.state.value}"
    if migration is None:
        return f"{vm.id} is not being migrated"
    if migration.phase in (Phase.REQUESTED, Phase.WAITING):
        return f"the migration of {vm.id} has not begun: remove its constraint instead"
    if migration.phase is not Phase.COPYING:
        return f"the guest has switched over already ({migration.phase.value}): let it finish"
    source = picture.node(migration.source)
    ends = way in (Way.ABORT, Way.CUT)
    if ends and source is not None and source.state is NodeState.STANDBY:
        return (
            f"{source.name} is in standby: Pacemaker would migrate {vm.id} again at once; "
            f"end the standby first"
        )
    return None


def under_guard(journal: Journal, cluster: str | None, vm: VM) -> bool:
    """Whether an act that is still open put the VM in maintenance, and will give it back."""
    return vm.own_maintenance is not None and any(
        (intent.cluster, intent.vm) == (cluster, vm.id)
        and intent.kind in (*Way, "move")
        and intent.maintenance != vm.own_maintenance
        for _, intent in journal.open()
    )


def way_now(journal: Journal, cluster: str | None, vm: VM, way: Way) -> Way:
    """An abort of a VM that is guarded only ends its copy: two that restore would be at odds."""
    return Way.CUT if way is Way.ABORT and under_guard(journal, cluster, vm) else way


def steps(picture: Cluster, vm: VM, way: Way) -> tuple[Command, ...]:
    """Exactly what will be sent, in order, for the operator to read."""
    migration = picture.migration(vm.id)
    source = migration.source if migration is not None else source_of(vm) or ""
    target = migration.target if migration is not None else _target_of(vm)
    if way is Way.CUT:
        return (commands.abort_job(vm.domain or vm.id, source),)
    abort = (commands.abort_job(vm.domain or vm.id, source),) if way is Way.ABORT else ()
    return (
        commands.hands_off(vm.id),
        *abort,
        clearing(vm, target),
        *looks(picture, vm),
        *((commands.clear(vm.group),) if vm.group and vm.group_constraints else ()),
        commands.hands_on(vm.id, vm.own_maintenance),
    )


async def rescue(
    backend: Backend, vm_id: str, way: Way, journal: Journal
) -> AsyncGenerator[Report]:
    """Abort, guard or recover one VM; it ends on its source (or its target), never restarted.

    Raises `Refused` before anything was sent; `ActFailed`, saying how the VM stands, after.
    """
    writer_of(backend)
    vm = vm_in(await backend.fresh(), vm_id)
    way = way_now(journal, backend.picture.name, vm, way)
    if reason := objection(backend, vm, way):
        raise Refused(reason)
    migration = backend.picture.migration(vm_id)
    if way is Way.CUT and migration is not None:
        async for report in _cut(backend, vm, migration.source):
            yield report
        return
    if under_guard(journal, backend.picture.name, vm):
        raise Refused(f"{vm_id} is guarded already: Pacemaker keeps its hands off it")
    act = journal.begin(
        Intent(
            kind=way.value,
            cluster=backend.picture.name,
            vm=vm_id,
            source=migration.source if migration is not None else source_of(vm),
            target=migration.target if migration is not None else _target_of(vm),
            reboot=False,
            at=time.time(),
            calls=calls(vm),
            maintenance=vm.own_maintenance,
        )
    )
    try:
        async for report in finish_rescue(backend, act):
            yield report
    finally:
        act.leave()


async def _cut(backend: Backend, vm: VM, source: str) -> AsyncGenerator[Report]:
    """One command that is complete in itself; what follows it is in the journal already."""
    command = commands.abort_job(vm.domain or vm.id, source)
    yield Report(vm.id, Stage.ABORTING, command.purpose)
    try:
        await writer_of(backend).send(command)
    except CommandFailed as error:
        yield Report(vm.id, Stage.ABORTING, f"there was no job to stop: {error.what}")
    yield Report(vm.id, Stage.FOLLOWING, f"waiting until {vm.id} is given back")
    now = await wait_for(
        backend,
        vm.id,
        lambda now: now.own_maintenance != vm.own_maintenance and rests(now),
        "its guard to give it back",
        within_s=PROBED_WITHIN_S + RELEASED_WITHIN_S,
    )
    yield Report(vm.id, Stage.DONE, f"{vm.id} is on {now.node}; its guest was not restarted")


def _target_of(vm: VM) -> str | None:
    """Where the migration went that has failed."""
    last = newest(vm, source_of(vm) or "")
    return last.target if last is not None else None
