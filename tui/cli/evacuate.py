"""`vmferry evacuate`: empty a node."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import partial

import click

from backends.acts.evacuation import Evacuation
from backends.acts.evacuation_plan import objection, plan_evacuation
from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, Refused, VmferryError
from backends.data.picture import Cluster, NodeState
from backends.judgement.leaving import EvacuationPlan, EvacuationWay, Fate, Leaving, on_node
from tui.cli.acts import need_writing
from tui.cli.consent import ask, can_ask, consent
from tui.cli.documents import action_document, command_document
from tui.cli.follow import Follower
from tui.cli.left_open import finish_left_open
from tui.cli.options import Command
from tui.cli.output import Tone, say
from tui.cli.preview import examined, in_vain
from tui.cli.quantities import seconds, size
from tui.cli.session import Session, run, takes_hosts

_TONE = {Fate.LIVE: Tone.GOOD, Fate.REBOOT: Tone.BAD, Fate.STOP: Tone.BAD, Fate.STAY: Tone.WARNING}


@click.command(cls=Command)
@click.argument("node")
@click.option("--yes", is_flag=True, help="Do not ask; who cannot move live stays and is named.")
@click.option("--allow-reboot", is_flag=True, help="With --yes: accept that guests are rebooted.")
@click.option("--standby", is_flag=True, help="All at once by standby, not VM by VM.")
@click.option(
    "--protect", is_flag=True, help="Set on-fail=block first: no failure reboots a guest."
)
@click.option(
    "--at-once",
    type=click.IntRange(min=1),
    metavar="N",
    help="How many protected VMs leave at once; by default the cluster's migration-limit, else 2.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line on stdout.")
@takes_hosts
def evacuate(
    session: Session,
    node: str,
    yes: bool,
    allow_reboot: bool,
    standby: bool,
    protect: bool,
    at_once: int | None,
    as_json: bool,
) -> int:
    """Move every VM away from NODE, live where that can be, and leave it in standby.

    Shows who goes where and who would be rebooted, and asks first. A guest that would be rebooted
    stays where it is unless that is confirmed on its own; then the node is not put into standby,
    and the exit code is 1.
    Only VMs with on-fail=block on migrate_to leave side by side, since they share the link.
    Ctrl-C lets go; a migration that runs goes on.
    """
    target = session.prepare()
    need_writing(target, "evacuate")
    backend = session.connect(target)
    way = EvacuationWay.STANDBY if standby else EvacuationWay.VM_BY_VM
    follower = Follower(as_json=as_json)
    wish = partial(_plan, backend, node, protect=protect, at_once=at_once)
    run(_evacuate(backend, node, way, wish, follower, yes=yes, allow_reboot=allow_reboot))
    return 0


async def _evacuate(
    backend: Backend,
    node: str,
    way: EvacuationWay,
    wish: Callable[[], Awaitable[EvacuationPlan]],
    follower: Follower,
    *,
    yes: bool,
    allow_reboot: bool,
) -> None:
    async with backend:
        journal = Journal.default()
        objection(backend.picture, node)  # raises for a node that is not there
        await finish_left_open(backend, journal, follower, yes=yes)
        if _is_empty(backend.picture, node):
            follower.tell("done", {"node": node, "state": NodeState.STANDBY.value, "vms": []})
            follower.words(f"{node} is in standby and empty: nothing to do")
            return
        plan = await wish()
        _show(plan, way, allow_reboot=allow_reboot)
        document = _document(plan, way, allow_reboot=allow_reboot)
        follower.tell("plan", document)
        stopped = plan.interrupted(way)
        if stopped and yes and not allow_reboot and way is EvacuationWay.STANDBY:
            raise Refused(
                f"--yes does not cover the reboot of {', '.join(stopped)}",
                where=node,
                cure="add --allow-reboot, or leave out --standby; nothing was changed",
            )
        question = f"Evacuate {node} {way.value}?"
        await consent(node, (), yes=yes, allow_reboot=allow_reboot, question=question)
        confirmed = allow_reboot or (not yes and await _confirmed(node, way, stopped))
        evacuation = Evacuation(backend, plan, way, journal, allow_reboot=confirmed)
        await _carry_out(backend, evacuation, plan, follower)


async def _plan(
    backend: Backend, node: str, *, protect: bool, at_once: int | None
) -> EvacuationPlan:
    """With the doctor's word, as far as it is to be had."""
    report, _ = await asyncio.gather(examined(backend), backend.settled())
    if isinstance(report, VmferryError):
        plan = await plan_evacuation(backend, node, protect=protect)
        plan = replace(plan, warnings=(*plan.warnings, in_vain(report)))
    else:
        plan = await plan_evacuation(backend, node, report, protect=protect)
    return plan if at_once is None else replace(plan, at_once=at_once)


async def _confirmed(node: str, way: EvacuationWay, stopped: tuple[str, ...]) -> bool:
    """Asked on its own: no guest is stopped on a plain yes."""
    if not stopped or not can_ask():
        return False
    leave = "" if way is EvacuationWay.STANDBY else ", or Enter to leave it there"
    names = ", ".join(stopped)
    given = await ask(f"{names} would be stopped. Type {node} to accept that{leave}: ") == node
    if not given and way is EvacuationWay.STANDBY:
        raise Refused("not confirmed", where=node, cure="nothing was changed")
    return given


def _show(plan: EvacuationPlan, way: EvacuationWay, *, allow_reboot: bool) -> None:
    say(f"{plan.node}, {way.value}: {len(plan.vms)} VMs", Tone.STRONG, err=True)
    for leaving in plan.vms:
        say(f"  {_in_words(leaving, way)}", _TONE[leaving.fate(way)], err=True)
    stopped = ", ".join(plan.interrupted(way))
    if stopped and not allow_reboot and way is EvacuationWay.VM_BY_VM:
        words = f"unless that is confirmed, {stopped} stays, and {plan.node} gets no standby"
        say(f"  {words}", Tone.WARNING, err=True)
    for action in plan.also:
        say(f"  also: {action}", err=True)
    for load in plan.loads(way):
        words = f"{load.node}: {size(load.needed_bytes)} needed, {size(load.free_bytes)} free"
        say(f"  {words}", Tone.WARNING if load.fits is not True else None, err=True)
    for warning in plan.mind(way):
        say(f"  warning: {warning}", Tone.WARNING, err=True)
    say(f"  takes about {seconds(plan.eta_s)}", err=True)
    for command in plan.commands(way, allow_reboot=allow_reboot):
        say(f"  $ {command}", Tone.QUIET, err=True)


def _in_words(leaving: Leaving, way: EvacuationWay) -> str:
    target = leaving.goes_to(way)
    where = f" to {target}" if target else ""
    fate = leaving.fate(way)
    why = f": {leaving.why}" if leaving.why and fate is not Fate.LIVE else ""
    return f"{leaving.vm} {fate.value}{where}{why}"


def _document(plan: EvacuationPlan, way: EvacuationWay, *, allow_reboot: bool) -> dict[str, object]:
    return {
        "node": plan.node,
        "way": way.value,
        "vms": [
            {
                "vm": leaving.vm,
                "fate": leaving.fate(way).value,
                "target": leaving.goes_to(way),
                "why": leaving.why,
            }
            for leaving in plan.vms
        ],
        "also": [action_document(action) for action in plan.also],
        "memory": [
            {"node": load.node, "needed_bytes": load.needed_bytes, "free_bytes": load.free_bytes}
            for load in plan.loads(way)
        ],
        "warnings": list(plan.mind(way)),
        "eta_s": plan.eta_s,
        "commands": [
            command_document(command) for command in plan.commands(way, allow_reboot=allow_reboot)
        ],
    }


async def _carry_out(
    backend: Backend, evacuation: Evacuation, plan: EvacuationPlan, follower: Follower
) -> None:
    node = plan.node
    try:
        await follower.follow(evacuation.run())
    except VmferryError as error:
        follower.tell("failed", {"node": node, "reason": str(error), **_standing(backend, plan)})
        if not isinstance(error, ActFailed):
            follower.words(_standing_words(backend, node))
        raise
    except asyncio.CancelledError:
        follower.tell("interrupted", {"node": node, **_standing(backend, plan)})
        follower.words(
            f"let go: what is being migrated goes on, no other VM leaves {node}. "
            f"{_standing_words(backend, node)}. The next act of vmferry on this cluster tidies up"
        )
        raise
    if still := _left_behind(backend, node):
        reason = f"{still} stays on {node}, which is not in standby"
        follower.tell("failed", {"node": node, "reason": reason, **_standing(backend, plan)})
        raise ActFailed(reason, where=node, cure="--allow-reboot takes it along, restarted")
    follower.tell("done", {"node": node, **_standing(backend, plan)})


def _is_empty(picture: Cluster, name: str) -> bool:
    node = picture.node(name)
    standby = node is not None and node.state is NodeState.STANDBY
    return standby and not on_node(picture, name)


def _left_behind(backend: Backend, name: str) -> str:
    """Who stays as confirmed. Scripts take 0 for a node that may be switched off."""
    node = backend.picture.node(name)
    if node is None or node.standby:
        return ""
    return ", ".join(vm.id for vm in on_node(backend.picture, name))


def _standing(backend: Backend, plan: EvacuationPlan) -> dict[str, object]:
    """How the node and its VMs stand now, as far as that is known."""
    picture = backend.picture
    known = picture.node(plan.node) if picture.stale_pacemaker() is None else None
    vms = [vm for vm in (picture.vm(leaving.vm) for leaving in plan.vms) if vm is not None]
    return {
        "state": known.state.value if known else None,
        "vms": [{"vm": vm.id, "state": vm.state.value, "node": vm.node} for vm in vms],
    }


def _standing_words(backend: Backend, node: str) -> str:
    picture = backend.picture
    if picture.stale_pacemaker() is not None:
        return f"how {node} stands now is not known"
    still = ", ".join(vm.id for vm in on_node(picture, node))
    return f"still on {node}: {still}" if still else f"nothing is left on {node}"
