"""Guarding what a standby has set in motion, when Pacemaker loses sight of it."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from backends.acts.journal import Act, Intent, Journal
from backends.acts.safe_order import Way, finish_rescue
from backends.acts.transaction import Report, Stage, send
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import VmferryError
from backends.data.picture import VM
from backends.judgement.proof import calls


async def guard(
    backend: Backend, act: Act, vms: Sequence[VM], source: str
) -> AsyncGenerator[Report]:
    """Keep Pacemaker's hands off all of them at once; then bring one after the other to its end.

    Each is an act of its own in the journal of `act`. What fails is told, and stays open there.
    """
    journal, targets = Journal(act.path.parent), {e.vm: e.target for e in act.intent.evacuees}
    guards = [
        journal.begin(
            Intent(
                kind=Way.GUARD.value,
                cluster=act.intent.cluster,
                vm=vm.id,
                source=source,
                target=targets.get(vm.id),
                reboot=False,
                at=time.time(),
                calls=calls(vm),
                maintenance=vm.own_maintenance,
                way=act.intent.way,
            )
        )
        for vm in vms
    ]
    try:
        for each in guards:
            command = commands.hands_off(each.intent.vm)
            yield Report(each.intent.vm, Stage.GUARDING, command.purpose)
            await send(backend, each, Stage.GUARDING, command)
        for each in guards:
            try:
                async with aclosing(finish_rescue(backend, each)) as reports:
                    async for report in reports:
                        yield report
            except VmferryError as error:
                yield Report(each.intent.vm, Stage.FOLLOWING, str(error))
    finally:
        for each in guards:
            each.leave()
