"""Commands that are complete in themselves: a limit of a copy, what a failure may do.

Each ends what it began, so nothing of it could be left open: it needs no journal.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace

from backends.acts.transaction import Report, Stage, vm_in, wait_for, writer_of
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.picture import VM, Cluster
from backends.data.plan import Command

BLOCK = "block"
NOTICED_WITHIN_S = 15.0


async def tune(backend: Backend, vm: str, command: Command) -> AsyncGenerator[Report]:
    """Send one command that concerns this VM. Raises `Refused` and what `Writer.send` raises."""
    writer = writer_of(backend)
    yield Report(vm, Stage.PREPARING, command.purpose)
    await writer.send(command)
    yield Report(vm, Stage.DONE, f"done: {command.purpose}")


def protections(vms: Sequence[VM]) -> tuple[Command, ...]:
    """What keeps a failed migration of these from stopping their guests, as far as it is not so.

    Only operations of a VM's own are changed: one in a template would change other VMs too.
    """
    return tuple(
        commands.block_on_failure(vm.id, vm.migrate_to_op_id)
        for vm in vms
        if vm.migrate_to_on_fail != BLOCK and vm.migrate_to_op_id is not None
    )


def protected(picture: Cluster, vms: Sequence[str]) -> Cluster:
    """The picture as it will be when these are protected."""
    return replace(
        picture,
        vms=tuple(
            replace(vm, migrate_to_on_fail=BLOCK) if vm.id in vms and protections([vm]) else vm
            for vm in picture.vms
        ),
    )


async def protect(backend: Backend, vms: Sequence[str]) -> AsyncGenerator[Report]:
    """Set `on-fail=block` where it is not set, and wait until that is seen.

    It restarts nothing. Raises `ActFailed` and what `Writer.send` raises.
    """
    for name in vms:
        for command in protections([vm_in(backend.picture, name)]):
            async for report in tune(backend, name, command):
                if report.stage is not Stage.DONE:
                    yield report
            await wait_for(
                backend,
                name,
                lambda vm: vm.migrate_to_on_fail == BLOCK,
                "on-fail=block",
                within_s=NOTICED_WITHIN_S,
            )
