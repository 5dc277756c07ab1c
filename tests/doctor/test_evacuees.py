"""Nobody leaves a node by a migration that is expected to fail, unless that is confirmed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.acts.evacuation_plan import plan_evacuation
from backends.data.examination import Effect, Finding, Report, State, Topic, Way
from backends.data.picture import Cluster
from backends.doctor.evacuees import advise_evacuation
from backends.doctor.examine import examine
from backends.judgement.leaving import EvacuationPlan, EvacuationWay, Fate, Leaving
from doctor.cases import vm
from faulty import Faulty

VM_BY_VM, STANDBY = EvacuationWay.VM_BY_VM, EvacuationWay.STANDBY
REFUSED = Finding(
    Topic.TRANSPORT,
    "tcp",
    State.WRONG,
    "refused",
    node="alpha",
    effect=Effect.SENDING_FAILS,
    ways=(Way("alpha", "bravo"),),
)


def advised(leaving: Leaving, on_fail: str | None = None, age_s: float = 0.0) -> EvacuationPlan:
    picture = Cluster(vms=(replace(vm(), migrate_to_on_fail=on_fail),))
    report = Report((REFUSED,), at=1000.0)
    return advise_evacuation(picture, EvacuationPlan("alpha", (leaving,)), report, 1000.0 + age_s)


@pytest.mark.parametrize(
    ("on_fail", "fate", "goes_to", "interrupted"),
    [(None, Fate.REBOOT, "bravo", ("web1",)), ("block", Fate.STAY, None, ())],
)
def test_who_would_fail_is_restarted_or_stays_blocked(
    on_fail: str | None, fate: Fate, goes_to: str | None, interrupted: tuple[str, ...]
) -> None:
    plan = advised(Leaving("web1", Fate.LIVE, "bravo", "bravo"), on_fail)
    (leaving,) = plan.vms
    for way in EvacuationWay:
        assert (leaving.fate(way), leaving.goes_to(way)) == (fate, goes_to)
        assert plan.interrupted(way) == interrupted
    assert "tcp on alpha: refused" in (leaving.why or "")
    assert not plan.moves
    assert not plan.mind(VM_BY_VM), "no live migration, no warning of one"


def test_who_is_moved_elsewhere_goes_live_whatever_a_standby_would_do() -> None:
    plan = advised(Leaving("web1", Fate.LIVE, "bravo", "charlie"))
    assert plan.interrupted(STANDBY) == ("web1",)
    assert plan.having(VM_BY_VM, Fate.LIVE) == ("web1",)


def test_who_goes_a_good_way_or_is_restarted_anyway_is_left_as_he_is() -> None:
    for leaving in (Leaving("web1", Fate.LIVE, "charlie"), Leaving("web1", Fate.REBOOT, "bravo")):
        assert advised(leaving, age_s=900).vms == (leaving,)
        assert advised(leaving, age_s=900).warnings == ()


def test_an_old_word_is_told_with_its_age() -> None:
    plan = advised(Leaving("web1", Fate.LIVE, "bravo"), age_s=900)
    assert plan.warnings == ("the doctor looked 15 minutes ago",)


async def test_a_node_is_emptied_past_a_target_that_cannot_be_reached() -> None:
    async with Faulty() as backend:
        alone = await plan_evacuation(backend, "alpha")
        plan = await plan_evacuation(backend, "alpha", await examine(backend))
    to_bravo = {leaving.vm for leaving in alone.vms if leaving.target == "bravo"}
    now = {leaving.vm: leaving for leaving in plan.vms}
    assert "bravo" not in {leaving.target for leaving in plan.vms}
    elsewhere = {vm for vm in to_bravo if now[vm].target == "charlie"}
    assert elsewhere and elsewhere <= {*plan.having(VM_BY_VM, Fate.LIVE)}
    for vm_id in to_bravo - elsewhere:
        fate = now[vm_id].fate(VM_BY_VM)
        assert (fate is Fate.REBOOT) is (vm_id in plan.interrupted(VM_BY_VM))
        assert "would fail: ssh on alpha" in (now[vm_id].why or "")
    assert set(plan.interrupted(VM_BY_VM)) - set(alone.interrupted(VM_BY_VM)) <= to_bravo
