"""Moving VMs to a node: the plan as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from backends.data.plan import Command, Plan, VerdictKind
from tui.proposal import (
    MEANINGS,
    Answer,
    Line,
    Proposal,
    commands_lines,
    heading,
    numbered,
    plain,
    point,
    verdict_line,
    warning,
)
from widgets.glyphs import Tone

WORD = "REBOOT"


@dataclass(frozen=True, slots=True)
class Way:
    """What an operator may have with a move."""

    protect: bool = False
    """That what keeps a failure from rebooting is set first."""
    keep: bool = False
    """That the constraint of the move stays."""


def ways(plan: Plan, *, protectable: bool, keepable: bool) -> tuple[Way, ...]:
    """Those among which the operator may choose."""
    can = bool(plan.commands)
    protect = (False, True) if protectable and can and _tried_live(plan) else (False,)
    keep = (False, True) if keepable and can else (False,)
    return tuple(Way(each, stays) for stays in keep for each in protect)


def of_plan(
    plan: Plan,
    protections: tuple[Command, ...],
    way: Way,
    offered: Sequence[Way],
    then: Callable[[Plan, Way], None],
) -> Proposal:
    """The plan in one way of those offered. `protections`: what keeps a failure from rebooting."""
    can, reboots, protected = bool(plan.commands), plan.reboots, way.protect
    sent = (*protections, *plan.commands) if protected else plan.commands
    lines = [*_verdict(plan)]
    if can:
        lines += _steps(plan, protected=protected)
        if Way(True, way.keep) in offered and not protected:
            lines.append(point(_OFFER, Tone.MUTED, "^o" if reboots else "o"))
        lines += commands_lines(sent)
    label = "Move with reboot" if reboots else "Move"
    answer = Answer(label, lambda: then(plan, way)) if can else None
    return Proposal(
        lines=tuple(lines),
        enter=None if reboots else answer,
        typed=answer if reboots else None,
        words=(*plan.vms, WORD) if len(plan.vms) == 1 else (WORD,),
        option=", ".join(_named(way, offered)) or None,
        variants=len(offered),
        bad=reboots or not can,
        version=plan.verdict.version,
    )


def _named(way: Way, offered: Sequence[Way]) -> Iterator[str]:
    """What may be had, and whether it is on."""
    if any(each.protect for each in offered):
        yield f"on-fail=block: {'on' if way.protect else 'off'}"
    if any(each.keep for each in offered):
        yield f"keep the constraint: {'on' if way.keep else 'off'}"


_OFFER = (
    "sets on-fail=block first: a migration that fails then leaves the guest where it is, "
    "untouched. It restarts nothing, and stays set."
)
_BLOCKED = (
    "With on-fail=block a failure restarts nothing: the guest stays where it is, and the key a "
    "offers to recover it."
)


_VAIN = "Pacemaker would migrate live, and that is not expected to come off: a guest is shut down."


def _tried_live(plan: Plan) -> bool:
    """Whether Pacemaker would migrate live what is to move, come of it what may."""
    return not any(map(plan.verdict.restarts, plan.vms))


def _verdict(plan: Plan) -> Iterator[Line]:
    verdict = plan.verdict
    _, tone, meaning = MEANINGS[verdict.kind]
    if verdict.kind is VerdictKind.REBOOT and _tried_live(plan):
        meaning = _VAIN
    yield verdict_line(verdict.kind)
    yield plain(meaning)
    for reason in verdict.reasons:
        yield point(reason, tone)


def _steps(plan: Plan, *, protected: bool) -> Iterator[Line]:
    yield heading("What will happen")
    steps = plan.steps if len(plan.vms) == 1 else _in_turn(plan)
    yield from numbered((*((_PROTECT.format(", ".join(plan.vms)),) if protected else ()), *steps))
    if len(plan.vms) > 1:
        yield plain(_QUEUED.format("left" if plan.keep else "removed"))
    if plan.deadline_s is not None:
        text = f"     Pacemaker gives the live migration {plan.deadline_s:.0f} s."
        yield plain(text, Tone.MUTED)
    if plan.warnings or protected:
        yield heading("Risks")
    for text in plan.warnings:
        yield warning(text)
    if protected:
        yield point(_BLOCKED, Tone.OK, "✔")


def _in_turn(plan: Plan) -> Iterator[str]:
    """A step a VM; what is done with each is told once, below."""
    for vm in plan.vms:
        how = "shut down and started again" if plan.verdict.restarts(vm) else "live"
        yield f"{vm} moves to {plan.node}, {how}"


_QUEUED = (
    "They wait in a queue, and go side by side as far as no failure would restart them: for each a "
    "constraint is set, the move followed to its proven end, and the constraint {}. A failure "
    "stops the rest."
)
_PROTECT = "set on-fail=block on migrate_to of {0}: nothing is restarted by that"
