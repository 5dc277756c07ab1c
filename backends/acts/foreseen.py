"""What is told to the cluster is foreseen right before: nobody is stopped who was not confirmed."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from functools import partial

from backends.acts.journal import Act
from backends.acts.planning import foresee_beside
from backends.acts.transaction import Report, Stage, at_rest, is_quiet, send, vm_in, wait_for
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import Refused
from backends.data.plan import Action, Command
from backends.judgement.leaving import interrupted
from backends.judgement.proof import is_probed, was_there
from backends.judgement.waves import earlier_stays

PROBED_WITHIN_S = 30.0


async def ready(
    backend: Backend,
    act: Act,
    command: Command,
    confirmed: Collection[str] = (),
    stage: Stage = Stage.PREPARING,
    foresaw: Callable[[Sequence[Action]], None] = lambda _: None,
) -> AsyncGenerator[Report]:
    """Until nothing is in flight, and the command can be sent.

    Whom it brings live to a node where it had been before, that stay is forgotten first, which
    takes a while: then all is looked at again. `foresaw` is told each time what the command would
    do, the last time right before it may be sent. Raises `Refused` where a guest would be stopped
    that is not among the `confirmed`.
    """
    while True:
        async for report in at_rest(backend, act.intent.vm, stage):
            yield report
        await backend.refresh()
        picture = backend.picture
        if picture.migrations:
            continue
        foreseen = await foresee_beside(backend, [command])
        foresaw(foreseen)
        surprised = [vm for vm in interrupted(picture, foreseen) if vm not in confirmed]
        if surprised:
            names = ", ".join(surprised)
            raise Refused(f"Pacemaker would at once stop {names}, which was not confirmed")
        stays = list(earlier_stays(picture, foreseen))
        if not stays and is_quiet(backend.picture):
            return
        for vm, node in stays:
            async with aclosing(forget_stay(backend, act, vm, node)) as reports:
                async for report in reports:
                    yield report


async def forget_stay(backend: Backend, act: Act, vm_id: str, node: str) -> AsyncGenerator[Report]:
    """Where the VM was on that node before, make Pacemaker forget it; see `commands.forget_stay`.

    That takes a while, in which others may begin something. Raises `Refused` where it would do
    more.
    """
    if not was_there(vm_in(backend.picture, vm_id), node):
        return
    command, judged = commands.forget_stay(vm_id, node), False
    while not (judged and is_quiet(backend.picture)):
        async for report in at_rest(backend, vm_id):
            yield report
        await backend.refresh()
        if foreseen := await foresee_beside(backend, [command]):
            raise Refused(
                f"to forget the earlier stay of {vm_id} on {node} would do more: "
                + " and ".join(map(str, foreseen))
            )
        judged = True
    yield Report(vm_id, Stage.PREPARING, command.purpose)
    await send(backend, act, Stage.PREPARING, command)
    probed = partial(is_probed, node=node)
    what = f"Pacemaker to look at {node}"
    await wait_for(backend, vm_id, probed, what, within_s=PROBED_WITHIN_S)
