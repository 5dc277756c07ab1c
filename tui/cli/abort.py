"""`vmferry abort`: end a migration without restarting the guest."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import click

from backends.acts.journal import Journal
from backends.acts.rescue import objection, rescue, steps, way_now
from backends.acts.safe_order import Way
from backends.clusters.base import Backend
from backends.data import plan
from backends.data.errors import ActFailed, Refused, VmferryError
from backends.data.picture import VM, Migration, VMState
from backends.judgement.proof import endangered
from tui.cli.acts import named_vm, need_writing, state_of, state_words
from tui.cli.consent import consent
from tui.cli.documents import command_document
from tui.cli.follow import Follower
from tui.cli.left_open import finish_left_open
from tui.cli.moving import progress_words
from tui.cli.options import Command
from tui.cli.output import Tone, say
from tui.cli.session import Session, run, takes_hosts


@click.command(cls=Command)
@click.argument("vm")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--allow-reboot", is_flag=True, help="With --yes: accept what it may do to others.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@takes_hosts
def abort(session: Session, vm: str, yes: bool, allow_reboot: bool, as_json: bool) -> int:
    """End the migration of VM; its guest goes on running where it is, and is not restarted.

    Whoever began it. A VM whose migration has failed and which Pacemaker leaves alone (blocked) is
    given back to it the same way. Shows the steps and asks first: on its own where another guest in
    flight might be restarted by it.
    """
    target = session.prepare()
    need_writing(target, "abort")
    backend = session.connect(target)
    run(_abort(backend, vm, Follower(as_json=as_json), yes=yes, allow_reboot=allow_reboot))
    return 0


async def _abort(
    backend: Backend, vm_id: str, follower: Follower, *, yes: bool, allow_reboot: bool
) -> None:
    async with backend:
        named_vm(backend, vm_id)
        journal = Journal.default()
        spared = await finish_left_open(backend, journal, follower, yes=yes, except_moves_of=vm_id)
        try:
            vm = named_vm(backend, vm_id)
            way = Way.RECOVER if vm.state is VMState.BLOCKED else Way.ABORT
            way = way_now(journal, backend.picture.name, vm, way)
            if reason := objection(backend, vm, way):
                raise Refused(reason, where=vm_id, cure="nothing was changed")
            migration = backend.picture.migration(vm_id)
            others = endangered(backend.picture, vm_id)
            planned = steps(backend.picture, vm, way)
            _show(vm, migration, planned, others)
            follower.tell(
                "plan",
                {
                    "vm": vm_id,
                    "way": way.value,
                    "source": migration.source if migration else vm.node,
                    "target": migration.target if migration else None,
                    "endangered": list(others),
                    "commands": list(map(command_document, planned)),
                },
            )
            question = f"{_WHAT[way]} {vm_id}?"
            await consent(vm_id, others, yes=yes, allow_reboot=allow_reboot, question=question)
            await _carry_out(backend, vm_id, way, journal, follower)
            for act in spared:
                act.close("aborted")
        finally:
            for act in spared:
                act.leave()


_WHAT = {
    Way.ABORT: "Abort the migration of",
    Way.CUT: "Abort the migration of",
    Way.RECOVER: "Recover",
}


def _show(
    vm: VM, migration: Migration | None, planned: Sequence[plan.Command], others: tuple[str, ...]
) -> None:
    if migration is not None:
        where = f"{migration.source} → {migration.target or '?'}"
        say(f"{vm.id} {where}: {progress_words(migration)}", Tone.STRONG, err=True)
    else:
        where = " and ".join(vm.nodes)
        say(f"{vm.id}: {vm.state.value} on {where or 'no node'}", Tone.STRONG, err=True)
    for number, step in enumerate(planned, start=1):
        say(f"  {number}. {step.purpose}", err=True)
        place = f" (on {step.node})" if step.node else ""
        say(f"     $ {step}{place}", Tone.QUIET, err=True)
    for other in others:
        words = "is in flight to where it had been before: its guest may be restarted by this"
        say(f"  warning: {other} {words}", Tone.WARNING, err=True)


async def _carry_out(
    backend: Backend, vm: str, way: Way, journal: Journal, follower: Follower
) -> None:
    try:
        await follower.follow(rescue(backend, vm, way, journal))
    except VmferryError as error:
        follower.tell("failed", {"vm": vm, "reason": str(error), **state_of(backend, vm)})
        if not isinstance(error, ActFailed):
            follower.words(state_words(backend, vm))
        raise
    except asyncio.CancelledError:
        follower.tell("interrupted", {"vm": vm, **state_of(backend, vm)})
        follower.words(
            f"let go in the middle: {vm} may still be in maintenance, where Pacemaker keeps its "
            "hands off it. The next act of vmferry on this cluster finishes it"
        )
        raise
    follower.tell("done", {"vm": vm, **state_of(backend, vm)})
