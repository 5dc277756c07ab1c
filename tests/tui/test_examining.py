"""When the cluster is examined, and what is seen of that on the board."""

from __future__ import annotations

import asyncio

from app_operator import at_the_app
from app_scene import at_the_doctor, tell
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import Unreachable


class Silent(SimulatedBackend):
    """Its configuration cannot be read until it is forgiven."""

    forgiven = False

    async def configuration(self) -> bytes:
        if not self.forgiven:
            raise Unreachable("no answer to [cibadmin]", where="alpha", cure="look at alpha")
        return await super().configuration()


class Slow(SimulatedBackend):
    """Examined only when it is let, and counts."""

    def __init__(self) -> None:
        super().__init__(3, 12, 1, 0, "calm")
        self.let = asyncio.Event()
        self.begun = 0

    async def configuration(self) -> bytes:
        self.begun += 1
        await self.let.wait()
        return await super().configuration()


class Buggy(SimulatedBackend):
    async def configuration(self) -> bytes:
        raise ZeroDivisionError("nobody thought of [this]")


async def test_a_report_of_another_configuration_says_so_and_is_renewed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await at_the_doctor(operator)
        tell(operator, "crm_resource", "--ban", "--resource", "web1", "--node", "charlie")
        await operator.until_sees("⚠ the configuration has changed at")
        assert not operator.sees("leftover constraints")
        await operator.press("r")
        await operator.until_sees("leftover constraints")
        assert operator.sees(": 1 new")
        assert not operator.sees("has changed at")
        await operator.press("1")
        tell(operator, "crm_resource", "--clear", "--resource", "web1")
        await operator.until(
            lambda: operator.house.doctor.examination.stale_since is not None,
            "noticed on the board",
        )
        seen_at = operator.house.doctor.clock()
        operator.house.doctor.clock = lambda: seen_at + 3600  # the doctor has rested
        await operator.press("5")
        await operator.until(
            lambda: operator.sees("examined") and not operator.sees("leftover"), "renewed"
        )


async def test_one_examination_at_a_time_and_one_more_when_asked_meanwhile(
    journal: Journal,
) -> None:
    backend = Slow()
    async with at_the_app(backend, journal) as operator:
        await operator.until(lambda: backend.begun == 1, "begun by itself")
        await operator.press("5", "r", "r", "r")
        await operator.until_sees("examining …")
        assert backend.begun == 1
        backend.let.set()
        await operator.until_sees("examined")
        await operator.until(lambda: backend.begun == 2, "once more")
        await operator.pilot.pause()
        assert backend.begun == 2


async def test_who_relies_on_an_old_report_has_the_cluster_examined_again(journal: Journal) -> None:
    backend = Slow()
    backend.let.set()
    async with at_the_app(backend, journal) as operator:
        await operator.until(lambda: operator.house.doctor.report is not None, "examined")
        await operator.pick_up("web1")
        await operator.press("escape", "5", "1")
        assert backend.begun == 1, "what is fresh is relied on"
        started_at = operator.house.doctor.clock()
        operator.house.doctor.clock = lambda: started_at + 3600
        await operator.pick_up("web1")
        await operator.until(lambda: backend.begun == 2, "again, for the VM in hand")
        await operator.press("escape")
        doctor = operator.house.doctor
        await operator.until(lambda: doctor.examination.running_since is None, "examined")
        operator.house.doctor.clock = lambda: started_at + 7200
        backend.let.clear()
        await operator.press("5")
        await operator.until(lambda: backend.begun == 3, "again, for the view")
        await operator.press("1", "5")
        backend.let.set()
        await operator.until_sees("examined")
        assert backend.begun == 3, "who comes meanwhile waits for that one"


async def test_an_examination_that_failed_says_why_and_can_be_tried_again(
    journal: Journal,
) -> None:
    backend = Silent(3, 12, 1, 0, "unfit")
    async with at_the_app(backend, journal) as operator:
        await operator.press("5")
        await operator.until_sees("✖ not examined: alpha: no answer to [cibadmin]")
        assert operator.sees("look at alpha")
        backend.forgiven = True
        await operator.press("r")
        await operator.until_sees("4 wrong, 4 warnings")
        assert not operator.sees("not examined")


async def test_a_bug_in_an_examination_does_not_look_like_one_that_goes_on(
    journal: Journal,
) -> None:
    async with at_the_app(Buggy(3, 12, 1, 0, "calm"), journal) as operator:
        await operator.until_sees("nobody thought of [this]")
        await operator.press("5")
        await operator.until_sees("✖ not examined: a bug in vmferry")
