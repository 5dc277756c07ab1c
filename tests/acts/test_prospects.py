"""How each VM could leave its node: the same word wherever it is asked."""

from __future__ import annotations

import pytest

from agreement import contradictions
from backends.acts.prospects import prospects
from backends.clusters.simulated import SCENARIOS, SimulatedBackend
from backends.data.errors import VmferryError
from backends.doctor.examine import examine
from backends.judgement.prospect import Passage


@pytest.mark.parametrize("scenario", SCENARIOS)
@pytest.mark.parametrize("after_s", [0, 20])
async def test_whatever_tells_of_a_vm_tells_the_same(scenario: str, after_s: int) -> None:
    async with SimulatedBackend(speed=0, scenario=scenario) as backend:
        await backend.advance(after_s)
        report = await examine(backend)
        if backend.picture.stale_pacemaker() is not None:
            with pytest.raises(VmferryError):
                await prospects(backend, report)
            return
        assert [each async for each in contradictions(backend, report)] == []


async def test_who_depends_on_what_must_stop_is_no_live_migration_whatever_its_attribute() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        told = await prospects(backend, await examine(backend))
        mail = backend.picture.vm("mail")
        assert mail is not None
        assert mail.live_migration.possible
        assert told["mail"].passage is Passage.REBOOT
        assert told["mail"].why
