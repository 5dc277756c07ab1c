"""`vmferry clear`: remove the constraints that a move left on a VM."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import click

from backends.acts.journal import Journal
from backends.acts.migration import clear as carry_out
from backends.acts.origins import set_at
from backends.acts.planning import foresee_beside
from backends.clusters.base import Backend
from backends.data import commands
from backends.data.errors import ActFailed, Refused, VmferryError
from backends.data.picture import VM, Cluster, Constraint
from backends.data.plan import Action
from backends.judgement.leaving import interrupted
from backends.judgement.waves import prepared
from tui.cli.acts import named_vm, need_writing, state_of, state_words
from tui.cli.consent import consent
from tui.cli.documents import action_document, constraint_document
from tui.cli.follow import Follower
from tui.cli.left_open import finish_left_open
from tui.cli.options import Command
from tui.cli.output import Tone, say
from tui.cli.quantities import seconds
from tui.cli.session import Session, run, takes_hosts


@click.command(cls=Command)
@click.argument("vm")
@click.option("--yes", is_flag=True, help="Do not ask; what reboots a guest is refused.")
@click.option("--allow-reboot", is_flag=True, help="With --yes: accept that guests are rebooted.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@takes_hosts
def clear(session: Session, vm: str, yes: bool, allow_reboot: bool, as_json: bool) -> int:
    """Remove the constraints that moves have left on VM.

    Shows them, and what Pacemaker would do without them, and asks first.
    """
    target = session.prepare()
    need_writing(target, "clear")
    backend = session.connect(target)
    follower = Follower(as_json=as_json)
    run(_clear(backend, vm, follower, yes=yes, allow_reboot=allow_reboot))
    return 0


async def _clear(
    backend: Backend, vm_id: str, follower: Follower, *, yes: bool, allow_reboot: bool
) -> None:
    async with backend:
        named_vm(backend, vm_id)
        journal = Journal.default()
        await finish_left_open(backend, journal, follower, yes=yes)
        vm = named_vm(backend, vm_id)
        if not vm.constraints:
            follower.tell("done", {"vm": vm.id, **state_of(backend, vm.id)})
            follower.words(f"no move has left a constraint on {vm.id}: nothing to do")
            return
        if backend.picture.migration(vm.id) is not None:
            raise Refused(
                "it is being migrated: removing the constraint now could restart its guest",
                where=vm.id,
                cure="wait until it has arrived; nothing was changed",
            )
        actions = await foresee_beside(backend, [commands.clear(vm.id)])
        _show(backend.picture, vm, actions, set_at(journal, backend.picture))
        follower.tell(
            "plan",
            {
                "vm": vm.id,
                "constraints": [constraint_document(constraint) for constraint in vm.constraints],
                "actions": list(map(action_document, actions)),
            },
        )
        reboots = interrupted(backend.picture, actions)
        question = f"Remove what moves have left on {vm.id}?"
        await consent(vm.id, reboots, yes=yes, allow_reboot=allow_reboot, question=question)
        await _carry_out(backend, vm.id, journal, follower, actions)


def _show(
    picture: Cluster, vm: VM, actions: tuple[Action, ...], since: Mapping[str, float]
) -> None:
    for constraint in vm.constraints:
        at = since.get(constraint.id)
        age = f", set {seconds(picture.taken_at - at)} ago" if at is not None else ""
        say(f"{_in_words(constraint)}{age}", err=True)
    for action in actions:
        say(f"  without: {action}", Tone.WARNING, err=True)
    if not actions:
        say("  without: nothing moves", Tone.GOOD, err=True)
    for command in prepared(commands.clear(vm.id), picture, actions):
        say(f"  $ {command}", Tone.QUIET, err=True)


def _in_words(constraint: Constraint) -> str:
    expires = f", until {constraint.expires}" if constraint.expires else ""
    where = f" {constraint.node}" if constraint.node else ""
    return f"{constraint.id}: {constraint.kind.value}{where}{expires}"


async def _carry_out(
    backend: Backend, vm: str, journal: Journal, follower: Follower, shown: tuple[Action, ...]
) -> None:
    try:
        await follower.follow(carry_out(backend, vm, journal, shown=shown))
    except VmferryError as error:
        follower.tell("failed", {"vm": vm, "reason": str(error), **state_of(backend, vm)})
        if not isinstance(error, ActFailed):
            follower.words(state_words(backend, vm))
        raise
    except asyncio.CancelledError:
        follower.words("let go: `vmferry status` shows whether the constraints are still there")
        raise
    follower.tell("done", {"vm": vm, **state_of(backend, vm)})
