"""The doctor's word in `preview` and `migrate`: a migration that would fail is no live one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import CommandFailed
from backends.data.examination import Facts, Probe
from cli.conftest import Vmferry
from cli.scene import wrote
from cli.schema import PreviewSchema
from faulty import Faulty
from waiting import PATIENCE_S

REASON = (
    "the migration of web1 would fail: ssh on alpha: qemu+ssh://bravo/system cannot be reached: "
    "Cannot recv data: Host key verification failed.: Connection reset by peer; Pacemaker would "
    "then stop web1 and start it again"
)


def test_a_preview_says_reboot_where_the_doctor_expects_a_failure(vmferry: Vmferry) -> None:
    ended = vmferry("preview", "web1", "bravo", on=Faulty())
    assert ended.code == 0
    assert ended.out.startswith(f"web1 → bravo: REBOOT\n  {REASON}\n")
    assert "\n  REBOOTS: web1\n" in ended.out


def test_json_has_the_advised_kind_and_the_doctor_s_words(vmferry: Vmferry) -> None:
    ended = vmferry("preview", "web1", "bravo", "--json", on=Faulty())
    plan = msgspec.json.decode(ended.out, type=PreviewSchema)
    assert (plan.verdict, plan.reasons, plan.reboots) == ("REBOOT", [REASON], ["web1"])
    assert [action.kind for action in plan.actions] == ["migrate"]


def test_on_fail_block_turns_it_into_a_side_effect(vmferry: Vmferry) -> None:
    backend = Faulty()
    backend.world.state.guests["web1"].on_fail = "block"
    ended = vmferry("preview", "web1", "bravo", on=backend)
    assert ended.out.startswith("web1 → bravo: LIVE WITH SIDE EFFECTS\n")
    assert "it would then be blocked, and web1 goes on running on alpha" in ended.out


def test_another_target_is_as_live_as_ever(vmferry: Vmferry) -> None:
    assert vmferry("preview", "web1", "charlie", on=Faulty()).out.startswith(
        "web1 → charlie: LIVE\n"
    )


def test_yes_alone_does_not_start_a_migration_that_would_fail(vmferry: Vmferry) -> None:
    backend = Faulty(speed=100)
    ended = vmferry("migrate", "web1", "bravo", "--yes", on=backend)
    assert ended.code == 4
    assert REASON in ended.err and "--allow-reboot" in ended.err
    assert wrote(backend) == []


def test_a_failure_that_did_not_come_is_a_live_migration(vmferry: Vmferry) -> None:
    backend = Faulty(speed=100)
    ended = vmferry("migrate", "web1", "bravo", "--yes", "--allow-reboot", on=backend)
    assert ended.code == 0
    assert "web1 is on bravo (live, nothing was restarted)" in ended.err


class Mute(SimulatedBackend):
    """Its CIB cannot be had, so nothing can be examined."""

    async def configuration(self) -> bytes:
        raise CommandFailed("cibadmin ended with 76")


@pytest.mark.parametrize("command", ["preview", "migrate"])
def test_a_doctor_that_cannot_look_stops_nothing_and_is_said(
    vmferry: Vmferry, command: str
) -> None:
    yes = ["--yes"] if command == "migrate" else []
    ended = vmferry(command, "web1", "bravo", *yes, on=Mute(3, 12, 1, 100.0, "calm"))
    assert ended.code == 0
    assert "the doctor could not look: cibadmin ended with 76" in ended.out + ended.err


class Busy(SimulatedBackend):
    """Whoever examines a node of it waits for ever."""

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.Event().wait()
        raise AssertionError("somebody set what nobody has")


def test_a_refusal_is_told_without_waiting_for_the_doctor(vmferry: Vmferry) -> None:
    ended = vmferry("preview", "web1", "alpha", on=Busy(3, 12, 1, 0.0, "calm"))
    assert ended.code == 4
