"""What a report means for a move that the scheduler holds for live. Pure.

Pacemaker predicts what it would do, not whether it comes off: a migration that fails is answered
by stopping the guest and starting it again, unless the operation has `on-fail=block`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from backends.data.examination import Effect, Finding, Report, State
from backends.data.picture import VM, Cluster
from backends.data.plan import Action, ActionKind, Plan, Verdict, VerdictKind

FRESH_S = 180.0
"""After so long it is told when the doctor looked, and who relies on it has it look again."""
_MOST_UNKNOWN = 3

_SAID = frozenset(
    {
        "allow-migrate",
        "dependencies",
        "leftover constraints",
        "on-fail",
        "placement",
        "target-role",
        "timeout of migrate_to",
        "timeout of migrate_from",
        "utilization",
    }
)
"""Checks whose warnings say what verdict and plan say by themselves, from the newer picture."""
_HELPLESS = frozenset({Effect.ARRIVING_FAILS, Effect.HARMS})
"""Against which `on-fail=block` of migrate_to does nothing."""


def advise(picture: Cluster, verdict: Verdict, report: Report) -> Verdict:
    """The verdict, where a migration in it is expected to fail: what that would come to.

    Its actions stay the scheduler's. What the doctor does not know changes nothing.
    """
    reasons: list[str] = []
    stopped: list[str] = []
    for action in _migrations(verdict):
        vm, bad = picture.vm(action.resource), failures(report, action)
        if vm is not None and bad:
            reasons += _reasons(vm, action, bad)
            stopped += _stopped(picture, vm, action, bad)
    if not reasons:
        return verdict
    kind = verdict.kind
    if kind is VerdictKind.LIVE:
        kind = VerdictKind.SIDE_EFFECTS
    if set(stopped) & set(verdict.vms):
        kind = VerdictKind.REBOOT
    return replace(
        verdict,
        kind=kind,
        reasons=(*reasons, *verdict.reasons),
        reboots=tuple(dict.fromkeys((*verdict.reboots, *stopped))),
    )


def advise_plan(picture: Cluster, plan: Plan, report: Report, now: float) -> Plan:
    """The plan with the doctor's word on it: an advised verdict, and remarks as warnings."""
    verdict = advise(picture, plan.verdict, report)
    told = [f"the doctor: {remark}" for remark in remarks(plan.verdict, report)]
    age = age_in_words(report, now)
    if age is not None and (told or verdict != plan.verdict):
        told.append(age)
    return replace(plan, verdict=verdict, warnings=(*plan.warnings, *told))


def age_in_words(report: Report, now: float) -> str | None:
    """How long ago the doctor looked; `None` where that was just now."""
    age_s = now - report.at if report.at is not None else 0.0
    return f"the doctor looked {age_s / 60:.0f} minutes ago" if age_s > FRESH_S else None


def failures(report: Report, action: Action) -> tuple[Finding, ...]:
    """By what this migration is expected to fail or to harm the guest, the weightiest first."""
    return tuple(_met(report.failing, action))


def remarks(verdict: Verdict, report: Report) -> tuple[str, ...]:
    """What else a report says of the migrations in a verdict, and what it could not find out."""
    told: dict[str, None] = {}
    unknown: dict[str, None] = {}
    for action in _migrations(verdict):
        bad = failures(report, action)
        for finding in _met(report, action):
            if finding in bad or finding.check in _SAID or _of_the_cluster(finding):
                continue
            if finding.state is State.UNKNOWN:
                unknown[f"{_subject(finding)} ({finding.seen})"] = None
            elif finding.state is State.WRONG or (finding.state is State.WARNING and finding.vm):
                told[f"{in_words(finding)}; {finding.why}"] = None
    more = len(unknown) - _MOST_UNKNOWN
    listed = [*list(unknown)[:_MOST_UNKNOWN], *([f"{more} more"] if more > 0 else [])]
    return (*told, *([f"not known: {', '.join(listed)}"] if listed else []))


def in_words(finding: Finding) -> str:
    """What was seen, and on what."""
    return f"{_subject(finding)}: {finding.seen}"


def _subject(finding: Finding) -> str:
    return f"{finding.check} on {finding.node}" if finding.node else finding.check


def _migrations(verdict: Verdict) -> Iterator[Action]:
    if verdict.kind is not VerdictKind.REFUSED:
        for action in verdict.actions:
            if action.kind is ActionKind.MIGRATE and action.source and action.target:
                yield action


def _met(report: Report, action: Action) -> Iterator[Finding]:
    vm, source, target = action.resource, action.source or "", action.target or ""
    return (finding for finding in report.about(vm) if finding.meets(vm, source, target))


def _of_the_cluster(finding: Finding) -> bool:
    """Whether it is no more about this migration than about anything else."""
    return finding.vm is None and finding.node is None and not finding.concerns


def _reasons(vm: VM, action: Action, bad: tuple[Finding, ...]) -> Iterator[str]:
    first, *others = bad
    harm = next((finding for finding in bad if finding.effect is Effect.HARMS), None)
    if harm is not None:
        yield f"{vm.id} would not come through unharmed: {in_words(harm)}; {harm.why}"
        others = [finding for finding in bad if finding is not harm]
    else:
        yield f"the migration of {vm.id} would fail: {in_words(first)}; {_answer(vm, action, bad)}"
    for finding in others:
        yield f"and by this: {in_words(finding)}"


def _answer(vm: VM, action: Action, bad: tuple[Finding, ...]) -> str:
    """What Pacemaker does about it (`on-fail` of migrate_to)."""
    name, source = vm.id, action.source
    if any(finding.effect is Effect.ARRIVING_FAILS for finding in bad):
        return (
            f"Pacemaker would then stop {name} on both nodes and start it again, whatever on-fail "
            "of migrate_to says"
        )
    match vm.migrate_to_on_fail:
        case "block":
            return f"it would then be blocked, and {name} goes on running on {source}"
        case "ignore":
            return f"Pacemaker would then stop {name} on {source} all the same"
        case "fence":
            return f"{source} would then be fenced, with all its guests"
        case "standby":
            return f"{source} would then be emptied, and {name} started elsewhere"
        case "stop":
            return f"Pacemaker would then stop {name}"
        case _:
            return f"Pacemaker would then stop {name} and start it again"


def _stopped(picture: Cluster, vm: VM, action: Action, bad: tuple[Finding, ...]) -> tuple[str, ...]:
    """The VMs whose guests that would end."""
    if not any(finding.effect in _HELPLESS for finding in bad):
        if vm.migrate_to_on_fail == "block":
            return ()
        if vm.migrate_to_on_fail == "fence":
            there = (each.id for each in picture.vms if each.node == action.source)
            return tuple(dict.fromkeys((vm.id, *there)))
    return (vm.id,)
