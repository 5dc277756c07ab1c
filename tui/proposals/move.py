"""Moving VMs to a node: the plan as it is read."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from backends.plan import Command, Plan
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
    limit: int,
    then: Callable[[Plan, bool], None],
    *,
    protected: bool,
) -> Proposal:
    """`protections`: what would keep a failure from rebooting; with `protected` they come along.

    `limit` is how many at once each node sends or takes when they are several.
    """
    can, reboots = bool(plan.commands), plan.reboots
    offered = bool(protections) and can and not reboots
    protected = protected and offered
    sent = (*protections, *plan.commands) if protected else plan.commands
    lines = [*_verdict(plan)]
    if can:
        lines += _steps(plan, limit, protected=protected)
        if offered and not protected:
            lines.append(point(_OFFER, Tone.MUTED, "o"))
        lines += commands_lines(sent)
    label = "Move with reboot" if reboots else "Move"
    answer = Answer(label, lambda: then(plan, protected)) if can else None
    option = "o no on-fail=block" if protected else "o on-fail=block"
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
    "o sets on-fail=block first: a failure then leaves the guest where it is, untouched. It "
    "restarts nothing, and stays set."
)
_BLOCKED = (
    "With on-fail=block a failure restarts nothing: the guest stays where it is, and a offers to "
    "recover it."
)


def _verdict(plan: Plan) -> Iterator[Line]:
    verdict = plan.verdict
    _, tone, meaning = MEANINGS[verdict.kind]
    yield verdict_line(verdict.kind)
    yield plain(meaning)
    for reason in verdict.reasons:
        yield point(reason, tone)


def _steps(plan: Plan, limit: int, *, protected: bool) -> Iterator[Line]:
    yield heading("What will happen")
    several = len(plan.vms) > 1
    steps = (*((_PROTECT,) if protected else ()), *plan.steps)
    yield from numbered(steps)
    if several:
        yield plain(f"     They wait in a queue: at most {limit} at once on each node.", Tone.MUTED)
    if plan.deadline_s is not None:
        text = f"     Pacemaker gives the live migration {plan.deadline_s:.0f} s."
        yield plain(text, Tone.MUTED)
    if plan.warnings or protected:
        yield heading("Mind")
    for text in plan.warnings:
        yield warning(text)
    if protected:
        yield point(_BLOCKED, Tone.OK, "✔")


_PROTECT = "set on-fail=block on its migrate_to: nothing is restarted by that"
