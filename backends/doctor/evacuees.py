"""What a report means for the VMs that leave a node. Pure."""

from __future__ import annotations

from dataclasses import replace

from backends.data.examination import Report
from backends.data.picture import Cluster
from backends.data.plan import Action, ActionKind, Verdict, VerdictKind
from backends.doctor.advice import advise, age_in_words
from backends.judgement.leaving import EvacuationPlan, Fate, Leaving, with_risks


def advise_evacuation(
    picture: Cluster, plan: EvacuationPlan, report: Report, now: float
) -> EvacuationPlan:
    """The plan, in which nobody goes live whose migration is expected to fail.

    Who would be blocked stays, and who would be stopped and started is restarted: that has to be
    confirmed like any reboot.
    """
    vms = tuple(_advised(picture, plan.node, leaving, report) for leaving in plan.vms)
    age = age_in_words(report, now) if vms != plan.vms else None
    plan = replace(plan, vms=vms, warnings=(*plan.warnings, *([age] if age else [])))
    return with_risks(picture, plan)


def _advised(picture: Cluster, node: str, leaving: Leaving, report: Report) -> Leaving:
    if leaving.target is not None and _verdict(picture, leaving, node, leaving.target, report):
        leaving = replace(leaving, target=None)
    if leaving.by_standby is not Fate.LIVE or leaving.standby_target is None:
        return leaving
    verdict = _verdict(picture, leaving, node, leaving.standby_target, report)
    if verdict is None:
        return leaving
    rebooted = verdict.kind is VerdictKind.REBOOT
    return replace(
        leaving,
        by_standby=Fate.REBOOT if rebooted else Fate.STAY,
        standby_target=leaving.standby_target if rebooted else None,
        why=verdict.reasons[0],
    )


def _verdict(
    picture: Cluster, leaving: Leaving, source: str, target: str, report: Report
) -> Verdict | None:
    """Of a migration that is expected to fail; `None` of any other."""
    action = Action(ActionKind.MIGRATE, leaving.vm, source, target)
    live = Verdict((leaving.vm,), target, VerdictKind.LIVE, actions=(action,))
    advised = advise(picture, live, report)
    return advised if advised != live else None
