"""A node that was emptied is taken back, and its VMs may come home."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Collection, Sequence
from contextlib import aclosing

from backends.acts.evacuation import BACK, last_evacuees
from backends.acts.foreseen import ready
from backends.acts.journal import Act, Intent, Journal
from backends.acts.settling import settled
from backends.acts.transaction import Report, Stage, quiet, send, ticking, writer_of
from backends.clusters.base import Backend
from backends.data import commands
from backends.data import examination as doctor
from backends.data.errors import ActFailed, Refused, Unknown
from backends.data.picture import Cluster
from backends.data.plan import Action
from backends.doctor.advice import advise
from backends.judgement.leaving import interrupted
from backends.judgement.moves import Move

KIND = BACK


async def foresee_back(backend: Backend, node: str) -> tuple[Action, ...]:
    """What Pacemaker would do by itself once the node is no longer in standby."""
    return await backend.foresee([commands.standby(node, on=False)])


async def bring_back(
    backend: Backend, node: str, journal: Journal, *, confirmed: Collection[str] = ()
) -> AsyncGenerator[Report]:
    """End the standby of a node. `confirmed`: the VMs of which the operator accepts a restart.

    Raises `Unknown`, and `Refused` before anything was sent.
    """
    writer_of(backend)
    picture = backend.picture
    known = picture.node(node)
    if known is None:
        raise Unknown(f"no node {node!r} in this cluster")
    if not known.standby:
        raise Refused("it is not in standby", where=node)
    if flying := [migration.vm for migration in picture.migrations]:
        raise Refused(f"{', '.join(flying)} is being migrated: wait for its end", where=node)
    if stopped := _surprised(picture, await foresee_back(backend, node), confirmed):
        raise Refused(f"Pacemaker would at once stop and start {stopped}", where=node)
    reboot = bool(confirmed)
    act = journal.begin(Intent(KIND, picture.name, "", node, None, reboot, time.time()))
    try:
        async with aclosing(finish_bring_back(backend, act, confirmed)) as reports:
            async for report in reports:
                yield report
    finally:
        act.leave()


def _surprised(picture: Cluster, foreseen: Sequence[Action], confirmed: Collection[str]) -> str:
    """The VMs whose guests the end of the standby would stop, though nobody confirmed it."""
    return ", ".join(sorted(set(interrupted(picture, foreseen)) - set(confirmed)))


async def finish_bring_back(
    backend: Backend, act: Act, confirmed: Collection[str] = ()
) -> AsyncGenerator[Report]:
    """End the standby where it has not ended yet, and follow what goes back by itself.

    A restart that was confirmed is not begun by a later run: who confirmed it may be gone.
    Raises `ActFailed` where the standby would have to end with one, or where what goes back by
    itself cannot be prepared for that.
    """
    node = act.intent.source or ""
    command = commands.standby(node, on=False)
    await quiet(backend)
    known = backend.picture.node(node)
    if known is not None and known.standby:
        foreseen: list[Sequence[Action]] = []
        try:
            preparing = ready(backend, act, command, confirmed, foresaw=foreseen.append)
            async with aclosing(preparing) as reports:
                async for report in reports:
                    yield report
        except Refused as error:
            act.close("not taken back")
            raise ActFailed(
                f"it stays in standby: {error.what}",
                where=node,
                cure="take it back again, and read what would happen",
            ) from error
        yield Report("", Stage.MOVING, command.purpose)
        await send(backend, act, Stage.MOVING, command)
        await _ended(backend, node)
        await settled(backend, {action.resource for action in foreseen[-1]})
        await quiet(backend)
    act.close("taken back")
    yield Report("", Stage.DONE, f"{node} may run VMs again")


async def _ended(backend: Backend, node: str) -> None:
    async with aclosing(ticking(backend)) as pictures:
        async for picture in pictures:
            known = picture.node(node)
            if known is None or not known.standby:
                return


async def homeward(
    backend: Backend, node: str, journal: Journal, report: doctor.Report | None = None
) -> tuple[Move, ...]:
    """The moves that bring home who was there before, as far as they would go live now.

    With the doctor's report nobody whose migration is expected to fail. To be offered once
    `bring_back` is done: in standby the node takes nobody.
    """
    picture = backend.picture
    moves = []
    for name in (evacuee.vm for evacuee in last_evacuees(journal, picture.name, node)):
        vm = picture.vm(name)
        if vm is None or vm.node in (None, node):
            continue
        verdict = (await backend.preview([name], [node]))[node]
        live = verdict.kind.is_live
        fails = report is not None and advise(picture, verdict, report) != verdict
        if live and not verdict.reboots and not fails:
            moves.append(Move(name, node, verdict.kind))
    return tuple(moves)
