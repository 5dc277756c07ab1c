"""`vmferry report`: one file for a ticket, and no secret in it."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

from backends.acts.journal import Intent, Journal
from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.configuration import FENCE_PASSWORD
from cli.conftest import Ended
from tui.cli.markdown import plain


def test_it_holds_the_picture_what_happened_and_why_the_doctor_and_what_was_sent(
    vmferry: Callable[..., Ended], tmp_path: Path
) -> None:
    backend = SimulatedBackend(4, 24, 1, 100, "night")
    sent_at = backend.world.state.now - 60
    act = Journal.default().begin(Intent("move", "demo", "web2", "delta", "alpha", False, sent_at))
    act.note("moving", "moving", command="crm_resource --move -r web2 -N alpha", node="alpha")
    act.close("done")
    file = tmp_path / "ticket.md"
    ended = vmferry("report", str(file), "--since", "-7h", on=backend)
    assert ended.code == 0
    text = file.read_text()
    assert "| bravo | online | 1 |" in text
    assert "delta was put in standby (by ann with crm\\_standby on alpha)" in text
    assert "## Why: the migration of web1 alpha → bravo timed out" in text
    assert "- Would have saved it: with on-fail=block on its migrate\\_to" in text
    assert "Not known: nothing older than" in text
    assert "## Doctor" in text and "could not be examined" not in text
    assert "on alpha: crm\\_resource --move -r web2 -N alpha" in text
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_password_of_the_configuration_is_struck_out_wherever_it_is_repeated(
    vmferry: Callable[..., Ended], tmp_path: Path
) -> None:
    backend = SimulatedBackend(3, 12, 1, 100, "calm")
    guest = backend.world.guest("web1")
    backend.world.execute(
        ("crm_resource", "--ban", "-r", "web1", "-N", "alpha"), "alpha", FENCE_PASSWORD
    )
    guest.operation_ids["migrate_to"] = FENCE_PASSWORD
    backend.world.advance(60)
    file = tmp_path / "ticket.md"
    assert vmferry("report", str(file), on=backend).code == 0
    text = file.read_text()
    assert FENCE_PASSWORD not in text and "******" in text


def test_a_file_that_is_there_is_left_alone(vmferry: Callable[..., Ended], tmp_path: Path) -> None:
    file = tmp_path / "ticket.md"
    file.write_text("mine")
    ended = vmferry("report", str(file), on=SimulatedBackend(3, 6, 1, 100, "calm"))
    assert ended.code != 0 and "cannot be written" in ended.err
    assert file.read_text() == "mine"


def test_names_are_shown_as_they_are() -> None:
    assert plain("[x](y) <b>|`\n*") == r"\[x\](y) \<b\>\|\` \*"
