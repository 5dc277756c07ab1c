"""When people migrate most: nodes are upgraded one after the other, and all guests live on.

An emulator takes a guest over from an older one. It cannot send one back whose machine type the
older one lacks, and such a guest got its type from the node that started it.
"""

from __future__ import annotations

import pytest

from backends.acts.evacuation import evacuate
from backends.acts.evacuation_plan import plan_evacuation
from backends.acts.journal import Journal
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.acts.transaction import Stage
from backends.data.examination import State
from backends.data.plan import VerdictKind
from backends.doctor.examine import examine
from backends.judgement.leaving import EvacuationWay
from engine.acting import all_of, copied, failure_of, move, moving
from engine.aftermath import Aftermath
from lab import Lab
from lab.pace import held
from tui.cli.preview import plan_with_advice
from upgrade.conftest import Connect

pytestmark = [pytest.mark.lab, pytest.mark.upgrade]
OLD, NEW = "alpha", "charlie"
FROM_OLD, FROM_NEW = "web1", "app1"
entered_by_either = pytest.mark.parametrize("host", [OLD, NEW])


@entered_by_either
async def test_a_guest_goes_to_the_new_release_and_back(
    upgrading: Lab, connect: Connect, journal: Journal, aftermath: Aftermath, host: str
) -> None:
    async with connect(host) as backend:
        for node in (NEW, OLD):
            reports = await move(backend, FROM_OLD, node, journal)
            assert reports[-1].stage is Stage.DONE
            assert upgrading.where(FROM_OLD) == node
    aftermath.check()


@entered_by_either
async def test_a_copy_to_the_new_release_and_one_back_are_aborted(
    upgrading: Lab, connect: Connect, journal: Journal, aftermath: Aftermath, host: str
) -> None:
    async with connect(host) as backend:
        for source, target in ((OLD, NEW), (NEW, OLD)):
            async with moving(backend, FROM_OLD, target, journal) as task:
                with held(upgrading, FROM_OLD):
                    await copied(backend, FROM_OLD)
                    await all_of(rescue(backend, FROM_OLD, Way.ABORT, journal))
                assert "called off" in str(await failure_of(task))
            assert upgrading.where(FROM_OLD) == source
            if source == OLD:
                await move(backend, FROM_OLD, NEW, journal)
    aftermath.check()


async def test_what_the_old_release_cannot_take_is_said_beforehand(
    upgrading: Lab, connect: Connect, aftermath: Aftermath
) -> None:
    described = upgrading.run(NEW, "virsh", "dumpxml", "app1-guest")
    machine = described.partition("machine='")[2].partition("'")[0]
    async with connect(NEW) as backend:
        report = await examine(backend)
        plan, advised = await plan_with_advice(backend, FROM_NEW, OLD)
    told = [
        each
        for each in report.of_vm(FROM_NEW)
        if each.state is State.WRONG and each.node == OLD and machine in each.seen
    ]
    assert told and all(each.why for each in told)
    assert advised.verdict.kind is VerdictKind.REBOOT
    assert advised.verdict.reboots == (FROM_NEW,)
    assert any(machine in reason for reason in advised.verdict.reasons), plan
    aftermath.check()


async def test_the_old_node_is_emptied_live(
    upgrading: Lab, connect: Connect, journal: Journal, aftermath: Aftermath
) -> None:
    async with connect(NEW) as backend:
        await backend.settled()
        plan = await plan_evacuation(backend, OLD)
        assert not plan.interrupted(EvacuationWay.VM_BY_VM)
        reports = await all_of(evacuate(backend, plan, EvacuationWay.VM_BY_VM, journal))
    assert reports[-1].stage is Stage.DONE
    assert OLD not in upgrading.cluster.placement().values()
    upgrading.run(NEW, "crm_attribute", "-t", "nodes", "-N", OLD, "-n", "standby", "--delete")
    aftermath.check()
