"""Emptying a node: who goes where, who would be rebooted and why, who cannot go."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from backends.judgement.leaving import EvacuationPlan, EvacuationWay, Fate, Leaving, Load
from tui.proposal import (
    Answer,
    Line,
    Proposal,
    commands_lines,
    heading,
    numbered,
    plain,
    point,
    warning,
)
from widgets.bars import bytes_text, duration_text
from widgets.glyphs import WOULD_REBOOT, Tone

WORD = "REBOOT"
Then = Callable[[EvacuationPlan, EvacuationWay, bool], None]

_FATES = {
    Fate.LIVE: ("✔", Tone.OK),
    Fate.REBOOT: (WOULD_REBOOT.glyph, Tone.BAD),
    Fate.STOP: (WOULD_REBOOT.glyph, Tone.BAD),
    Fate.STAY: ("‖", Tone.WARN),
}
_PROTECTED = (
    "With on-fail=block a failure restarts nothing: the guest stays where it is, and the key a "
    "offers to recover it."
)
Variant = tuple[EvacuationWay, bool]
"""In which way, and whether what protects the guests is set first."""


def variants(*, protectable: bool) -> tuple[Variant, ...]:
    """Those among which the operator may choose."""
    protected = (False, True) if protectable else (False,)
    return tuple((way, protect) for way in EvacuationWay for protect in protected)


def of_evacuation(
    plan: EvacuationPlan, way: EvacuationWay, ways: Sequence[Variant], then: Then
) -> Proposal:
    """The plan in one way; `o` goes round the others."""
    stopped = plan.interrupted(way)
    step_by_step = way is EvacuationWay.VM_BY_VM
    whole, part = (tuple(_carried_out(plan, way, reboot=each)) for each in (True, False))
    reboot = Answer("Evacuate with reboot", lambda: then(plan, way, True), whole)
    live = Answer(
        "Move the others" if stopped else "Evacuate", lambda: then(plan, way, False), part
    )
    can_enter = not stopped or (step_by_step and bool(plan.moves))
    return Proposal(
        lines=tuple(_lines(plan, way)),
        enter=live if can_enter else None,
        typed=reboot if stopped else None,
        words=(WORD,),
        option=_named(way, protect=bool(plan.protections)),
        variants=len(ways),
        bad=bool(stopped),
        version=plan.version,
    )


def _lines(plan: EvacuationPlan, way: EvacuationWay) -> Iterator[Line]:
    yield plain(f"{way.value[:1].upper()}{way.value[1:]}", Tone.STRONG)
    yield plain(_meaning(plan, way))
    count = f"{len(plan.vms)} VM{'s' * (len(plan.vms) > 1)}"
    yield heading(f"{count} on {plan.node}" if plan.vms else f"No VM runs on {plan.node}")
    for leaving in plan.vms:
        yield _leaving(leaving, way)
    for action in plan.also:
        yield point(f"also, by standby: {action}", Tone.MUTED)
    stopped = plan.interrupted(way)
    if stopped:
        yield plain("")
        yield warning(_interrupted(stopped, way))
    if loads := plan.loads(way):
        yield heading("Does the memory fit?")
        for load in loads:
            yield _load(load)
    mind = plan.mind(way)
    if mind or plan.eta_s is not None:
        yield heading("Risks")
    if plan.eta_s is not None:
        yield point(f"the live moves take about {duration_text(plan.eta_s)} in all", Tone.MUTED)
    for text in mind:
        yield warning(text)
    if plan.protections:
        yield point(_PROTECTED, Tone.OK, "✔")


def _named(way: EvacuationWay, *, protect: bool) -> str:
    """The way that is on."""
    return f"way: {way.value}{', on-fail=block' if protect else ''}"


def _carried_out(plan: EvacuationPlan, way: EvacuationWay, *, reboot: bool) -> Iterator[Line]:
    """What is done, and sent, if that is confirmed."""
    yield heading("What will happen")
    yield from numbered(_steps(plan, way, standby=reboot or not plan.interrupted(way)))
    yield from commands_lines(plan.commands(way, allow_reboot=reboot))


def _meaning(plan: EvacuationPlan, way: EvacuationWay) -> str:
    if way is EvacuationWay.STANDBY:
        return "The node goes into standby: Pacemaker moves all at once."
    together = sum(not leaving.alone for leaving in plan.vms) > 1 and plan.at_once > 1
    how = f"up to {plan.at_once} at once" if together else "one after the other"
    then = "" if plan.interrupted(way) else "; then the node goes into standby"
    return f"Live moves, {how}{then}."


def _leaving(leaving: Leaving, way: EvacuationWay) -> Line:
    fate, target = leaving.fate(way), leaving.goes_to(way)
    glyph, tone = _FATES[fate]
    where = f" → {target}" if target else ""
    size = f" ({bytes_text(leaving.memory_bytes)})" if leaving.memory_bytes else ""
    why = f": {leaving.why}" if leaving.why and fate is not Fate.LIVE else ""
    return point(f"{leaving.vm}{size} {fate.value}{where}{why}", tone, glyph)


def _interrupted(stopped: tuple[str, ...], way: EvacuationWay) -> str:
    names = ", ".join(stopped)
    if way is EvacuationWay.STANDBY:
        return f"{names}: shut down and started elsewhere. Type {WORD} to accept that."
    return (
        f"{names}: shut down and started elsewhere, if you type {WORD}. Otherwise only the others "
        "move, and the node does not go into standby: crm_standby is not sent then."
    )


def _load(load: Load) -> Line:
    needed = bytes_text(load.needed_bytes)
    if load.free_bytes is None:
        return point(f"{load.node}: {needed} needed, how much is free is not known", Tone.WARN, "?")
    text = f"{load.node}: {needed} needed, {bytes_text(load.free_bytes)} free"
    return point(text, Tone.OK, "✔") if load.fits else point(text, Tone.BAD, "✖")


def _steps(plan: EvacuationPlan, way: EvacuationWay, *, standby: bool) -> Iterator[str]:
    if plan.protections:
        yield "set on-fail=block, so that no failure restarts a guest; it restarts nothing"
    if way is EvacuationWay.STANDBY:
        yield f"{plan.node} goes into standby, and Pacemaker moves what can move"
        yield "follow until nothing runs there any more"
        return
    yield "move them live, each to its proven end; the first failure stops the rest"
    if standby:
        yield f"{plan.node} goes into standby, unless that would stop a guest not confirmed"
    yield "remove the constraints of the moves"
