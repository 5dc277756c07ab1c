"""Moving VMs to a node: the plan as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

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


def of_plan(
    plan: Plan,
    protections: tuple[Command, ...],
    then: Callable[[Plan, bool], None],
    *,
    protected: bool,
) -> Proposal:
    """`protections`: what would keep a failure from rebooting; with `protected` they come along."""
    can, reboots = bool(plan.commands), plan.reboots
    offered = bool(protections) and can and _tried_live(plan)
    protected = protected and offered
    sent = (*protections, *plan.commands) if protected else plan.commands
    lines = [*_verdict(plan)]
    if can:
        lines += _steps(plan, protected=protected)
        if offered and not protected:
            lines.append(point(_OFFER, Tone.MUTED, "^o" if reboots else "o"))
        lines += commands_lines(sent)
    label = "Move with reboot" if reboots else "Move"
    answer = Answer(label, lambda: then(plan, protected)) if can else None
    option = f"on-fail=block: {'on' if protected else 'off'}"
    return Proposal(
        lines=tuple(lines),
        enter=None if reboots else answer,
        typed=answer if reboots else None,
        words=(*plan.vms, WORD) if len(plan.vms) == 1 else (WORD,),
        option=option if offered else None,
        bad=reboots or not can,
        version=plan.verdict.version,
    )


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
        yield plain(_QUEUED)
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
    "constraint is set, the move followed to its proven end, and the constraint removed. A failure "
    "stops the rest."
)
_PROTECT = "set on-fail=block on migrate_to of {0}: nothing is restarted by that"
