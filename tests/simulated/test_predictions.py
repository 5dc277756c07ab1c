"""What is said of a move before it is made."""

from __future__ import annotations

import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import Unknown
from backends.data.plan import VerdictKind


@pytest.mark.parametrize(
    ("vm", "node", "kind", "reason"),
    [
        ("web1", "bravo", VerdictKind.LIVE, ""),
        ("web1", "alpha", VerdictKind.REFUSED, "web1 is on alpha already"),
        ("legacy-erp", "alpha", VerdictKind.REBOOT, "allow-migrate is not set"),
        ("mail", "bravo", VerdictKind.REBOOT, "mail-ip, on which it depends, must itself stop"),
        ("files", "delta", VerdictKind.REBOOT, "shared-storage, on which it depends"),
        ("files", "alpha", VerdictKind.LIVE, ""),
        ("api", "alpha", VerdictKind.SIDE_EFFECTS, "also: migrate cache"),
        ("db-primary", "delta", VerdictKind.SIDE_EFFECTS, "also: migrate db-replica"),
        ("db-replica", "charlie", VerdictKind.REFUSED, "would leave db-replica on delta"),
        ("vpn", "bravo", VerdictKind.SIDE_EFFECTS, "afterwards: "),
        ("staging", "bravo", VerdictKind.REFUSED, "staging runs nowhere"),
    ],
)
async def test_the_verdicts_of_the_demo(vm: str, node: str, kind: VerdictKind, reason: str) -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        verdict = (await backend.preview([vm], [node]))[node]
        assert verdict.kind is kind
        assert reason in (verdict.reasons or ("",))[0]


async def test_a_vm_that_others_wait_for_restarts_them_when_it_reboots() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        backend.world.guest("web2").after = ("legacy-erp",)
        plan = await backend.plan(["legacy-erp"], "alpha")
        assert plan.verdict.reboots == ("legacy-erp", "web2")
        for command in plan.commands[:1]:
            backend.world.execute(command.argv)
        await backend.advance(60)
        assert backend.world.guest("web2").boots == 2
        assert backend.world.guest("web2").host == "bravo"


async def test_a_vm_that_waits_for_a_rebooting_one_reboots_when_it_moves_itself() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        backend.world.guest("web2").after = ("legacy-erp",)
        verdict = (await backend.preview(["legacy-erp", "web2"], ["alpha"]))["alpha"]
        assert verdict.reboots == ("legacy-erp", "web2")


async def test_stickiness_outweighs_a_small_preference() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        backend.world.guest("web1").preferences = {"alpha": 50}
        verdict = (await backend.preview(["web1"], ["bravo"]))["bravo"]
        assert verdict.kind is VerdictKind.LIVE


async def test_several_vms_are_judged_in_one_move() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        verdicts = await backend.preview(["web1", "legacy-erp"])
        assert set(verdicts) == {"alpha", "bravo", "charlie", "delta"}
        assert verdicts["delta"].kind is VerdictKind.REBOOT
        assert verdicts["delta"].reboots == ("legacy-erp",)


async def test_a_preview_changes_nothing() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        before = backend.picture
        await backend.preview(["web1"])
        await backend.refresh()
        assert backend.picture == before


async def test_what_is_not_there_is_unknown() -> None:
    async with SimulatedBackend(speed=0, scenario="calm") as backend:
        with pytest.raises(Unknown, match="nothing"):
            await backend.preview(["nothing"])
        with pytest.raises(Unknown, match="nowhere"):
            await backend.preview(["web1"], ["nowhere"])
