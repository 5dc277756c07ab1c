"""One thing that happens is told once: by the act that brought it about, else by the pictures."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.acts.transaction import Report, Stage
from backends.clusters.simulated import SimulatedBackend
from backends.data.errors import ActFailed
from tui.chronicle import Chronicle
from tui.messages import Doing, Ended

VM = "web1"
ARRIVED = f"{VM} is on charlie"


@pytest.fixture
def chronicle(tmp_path: Path) -> Chronicle:
    return Chronicle(Journal(tmp_path / "journal"), lambda: 0.0)


async def pass_by(chronicle: Chronicle, backend: SimulatedBackend, seconds: int) -> None:
    for _ in range(seconds):
        await backend.advance(1)
        chronicle.take(backend.picture)


async def moving(chronicle: Chronicle) -> SimulatedBackend:
    """Until it is copied: what is told then is known to have been under way."""
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    await backend.open()
    chronicle.take(backend.picture)
    argv = ("crm_resource", "--resource", VM, "--move", "--node", "charlie")
    assert backend.world.execute(argv, "alpha").exit_status == 0
    await pass_by(chronicle, backend, 3)
    assert backend.picture.migration(VM) is not None
    return backend


def told(chronicle: Chronicle) -> list[str]:
    return [event.text for event in chronicle.log.events if event.text.startswith(ARRIVED)]


DONE = Report(VM, Stage.DONE, f"{ARRIVED} (live, nothing was restarted)")
DOING = Doing((VM,), "moving web1", "not moved")


async def test_somebody_elses_move_is_told_by_the_pictures(chronicle: Chronicle) -> None:
    await pass_by(chronicle, await moving(chronicle), 60)
    assert told(chronicle) == [ARRIVED]


async def test_a_move_of_ours_is_told_by_its_act(chronicle: Chronicle) -> None:
    backend = await moving(chronicle)
    chronicle.reported(Report(VM, Stage.MOVING, "tell Pacemaker to run web1 on charlie"))
    await pass_by(chronicle, backend, 60)
    chronicle.reported(Report(VM, Stage.PROVING, f"{ARRIVED}: moved live"))
    assert told(chronicle) == []
    chronicle.reported(DONE)
    chronicle.ended(Ended(DOING, DONE.text), wanted=False)
    assert told(chronicle) == [DONE.text]


async def test_also_when_its_act_was_faster_than_the_picture(chronicle: Chronicle) -> None:
    backend = await moving(chronicle)
    chronicle.reported(Report(VM, Stage.FOLLOWING, "copying"))
    chronicle.reported(DONE)
    chronicle.ended(Ended(DOING, DONE.text), wanted=False)
    await pass_by(chronicle, backend, 60)
    assert told(chronicle) == [DONE.text]


async def test_what_is_done_to_a_vm_beside_its_move_does_not_hide_where_it_went(
    chronicle: Chronicle,
) -> None:
    backend = await moving(chronicle)
    chronicle.reported(Report(VM, Stage.CURING, "set on-fail"))
    chronicle.reported(Report(VM, Stage.DONE, f"{VM} is cured"))
    await pass_by(chronicle, backend, 60)
    assert told(chronicle) == [ARRIVED]


async def test_an_act_that_fails_after_all_leaves_nothing_untold(chronicle: Chronicle) -> None:
    backend = await moving(chronicle)
    chronicle.reported(Report(VM, Stage.MOVING, "tell Pacemaker to run web1 on charlie"))
    await pass_by(chronicle, backend, 60)
    error = ActFailed("the constraint is still there", cure="remove it")
    chronicle.ended(Ended(DOING, error=error), wanted=False)
    assert told(chronicle) == [ARRIVED]


async def test_what_an_abort_of_ours_brings_about_is_no_alarm(chronicle: Chronicle) -> None:
    backend = await moving(chronicle)
    chronicle.reported(Report(VM, Stage.ABORTING, f"stop copying {VM}"))
    assert backend.world.execute(("virsh", "domjobabort", VM), "alpha").exit_status == 0
    await pass_by(chronicle, backend, 60)
    assert any(event.kind == "migration-failed" for event in chronicle.log.events)
    assert not chronicle.alarms


async def test_an_abort_by_somebody_else_is_one(chronicle: Chronicle) -> None:
    backend = await moving(chronicle)
    assert backend.world.execute(("virsh", "domjobabort", VM), "alpha").exit_status == 0
    await pass_by(chronicle, backend, 60)
    assert chronicle.alarms
