"""How each VM could leave its node: the same word wherever it is asked."""

from __future__ import annotations

import pytest

from backends.acts.evacuation_plan import objection, plan_evacuation
from backends.acts.prospects import by_verdicts, prospects
from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from backends.data.errors import VmferryError
from backends.doctor.examine import examine
from backends.judgement.leaving import EvacuationWay, Fate
from backends.judgement.prospect import Passage


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("after_s", [0, 20])
async def test_badge_verdicts_and_evacuation_plan_never_contradict_each_other(
    scenario: str, after_s: int
) -> None:
    async with SimulatedBackend(speed=0, scenario=scenario) as backend:
        await backend.advance(after_s)
        report = await examine(backend)
        picture = backend.picture
        if picture.stale_pacemaker() is not None:
            with pytest.raises(VmferryError):
                await prospects(backend, report)
            return
        told = await prospects(backend, report)
        for vm in picture.vms:
            verdicts = await backend.preview([vm.id])
            asked = by_verdicts(picture, verdicts.values(), report)
            live = told[vm.id].passage.is_live
            if vm.node is not None and told[vm.id].passage is not Passage.UNKNOWN:
                assert live == asked.passage.is_live, (vm.id, told[vm.id], asked)
        for node in picture.nodes:
            if objection(picture, node.name) is None:
                plan = await plan_evacuation(backend, node.name, report)
                for leaving in plan.vms:
                    moves_live = leaving.fate(EvacuationWay.VM_BY_VM) is Fate.LIVE
                    if told[leaving.vm].passage is not Passage.UNKNOWN:
                        assert moves_live == told[leaving.vm].passage.is_live, leaving


async def test_who_depends_on_what_must_stop_is_no_live_migration_whatever_its_attribute() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        told = await prospects(backend, await examine(backend))
        mail = backend.picture.vm("mail")
        assert mail is not None
        assert mail.live_migration.possible
        assert told["mail"].passage is Passage.REBOOT
        assert told["mail"].why
