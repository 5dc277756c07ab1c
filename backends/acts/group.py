"""A VM that was sent away with its whole group: the constraint is not its own."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from backends.acts.journal import Act
from backends.acts.transaction import CLEARED_WITHIN_S, Report, Stage, send, wait_for
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.picture import VM
from backends.data.plan import Command
from backends.judgement.leaving import interrupted


async def sent_by_its_group(backend: Backend, vm: VM, release: Command) -> bool:
    """Whether only a constraint of its group would move it again."""
    if vm.group is None or not vm.group_constraints:
        return False
    foreseen = await backend.foresee([commands.clear(vm.group), release])
    calm = all(action.resource != vm.id for action in foreseen)
    return calm and not interrupted(backend.picture, foreseen)


async def clear_group(backend: Backend, act: Act, group: str) -> AsyncGenerator[Report]:
    """Remove what moves of the whole group left. Raises `ActFailed`."""
    vm, command = act.intent.vm, commands.clear(group)
    yield Report(vm, Stage.CLEARING, command.purpose)
    await send(backend, act, Stage.CLEARING, command)
    await wait_for(
        backend,
        vm,
        lambda vm: not vm.group_constraints,
        f"the constraints of {group} to go",
        within_s=CLEARED_WITHIN_S,
    )
