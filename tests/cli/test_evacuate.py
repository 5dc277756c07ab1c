"""`vmferry evacuate`: who goes where is said first, and who would be rebooted stays."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec
import pytest

from backends.data import commands
from cli.conftest import Vmferry
from cli.scene import calm, on, wrote
from cli.schema import ActionSchema, CommandSchema, ProgressLine, Strict, VMStateSchema
from cli.terminal import on_terminal


class Leaving(Strict):
    vm: str
    fate: Literal["moves live", "is restarted elsewhere", "is stopped", "stays"]
    target: str | None
    why: str | None


class Memory(Strict):
    node: str
    needed_bytes: int
    free_bytes: int | None


class EvacuationPlan(Strict, tag="plan", tag_field="event"):
    schema: Literal[1]
    node: str
    way: Literal["VM by VM", "by standby"]
    vms: list[Leaving]
    also: list[ActionSchema]
    memory: list[Memory]
    warnings: list[str]
    eta_s: float | None
    commands: list[CommandSchema]


class Place(Strict):
    vm: str
    state: VMStateSchema
    node: str | None


class _End(Strict):
    schema: Literal[1]
    node: str
    state: str | None
    vms: list[Place]


class EvacuationEnd(_End, tag="done", tag_field="event"):
    pass


class EvacuationFailed(_End, tag="failed", tag_field="event"):
    reason: str


EvacuateLine = EvacuationPlan | ProgressLine | EvacuationEnd | EvacuationFailed


def test_evacuate_empties_the_node_and_its_json_is_the_contract(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "charlie", "--yes", "--json", on=backend)
    assert ended.code == 0, ended.err
    lines = [msgspec.json.decode(line, type=EvacuateLine) for line in ended.out.splitlines()]
    first, last = lines[0], lines[-1]
    assert isinstance(first, EvacuationPlan) and isinstance(last, EvacuationEnd)
    assert [command.command for command in first.commands] == wrote(backend)
    assert {leaving.fate for leaving in first.vms} == {"moves live"}
    assert last.state == "standby" and on(backend, "charlie") == set()
    assert {place.vm: place.node for place in last.vms} == {
        leaving.vm: leaving.target for leaving in first.vms
    }


def test_protected_they_leave_as_many_at_once_as_was_asked(vmferry: Vmferry) -> None:
    backend = calm()
    for vm in ("build-7", "db-primary", "gitlab", "files"):
        backend.world.guest(vm).dirty_rate_bytes_per_s = 0.0  # three share the link
    flags = ("--yes", "--json", "--protect", "--at-once", "3")
    ended = vmferry("evacuate", "charlie", *flags, on=backend)
    assert ended.code == 0, ended.err
    first = msgspec.json.decode(ended.out.splitlines()[0], type=EvacuateLine)
    assert isinstance(first, EvacuationPlan)
    told = [command.command for command in first.commands]
    assert sorted(told) == sorted(wrote(backend))
    [together, *_] = [command for command in told if "rsc_location" in command]
    assert together.count("cli-prefer-") == 3
    assert sum("on-fail" in command for command in told) == 3, "db-primary has it already"
    assert not any("starts it again" in warning for warning in first.warnings)


def test_yes_leaves_who_would_be_rebooted_and_names_them(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--yes", "--json", on=backend)
    assert ended.code == 1
    last = msgspec.json.decode(ended.out.splitlines()[-1], type=EvacuateLine)
    assert isinstance(last, EvacuationFailed) and "mail stays on bravo" in last.reason
    assert on(backend, "bravo") == {"mail"} and backend.world.guest("mail").boots == 1
    assert "unless that is confirmed, mail stays" in ended.err


def test_allow_reboot_takes_them_along(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--yes", "--allow-reboot", on=backend)
    assert ended.code == 0, ended.err
    assert "bravo is in standby and empty: 2 moved live, stopped as confirmed: mail" in ended.err
    assert on(backend, "bravo") == set()


def test_by_standby_nothing_is_rebooted_unless_allowed(vmferry: Vmferry) -> None:
    backend = calm()
    ended = vmferry("evacuate", "bravo", "--standby", "--yes", on=backend)
    assert (ended.code, wrote(backend)) == (4, [])
    assert "--allow-reboot" in ended.err
    again = calm()
    ended = vmferry("evacuate", "bravo", "--standby", "--yes", "--allow-reboot", on=again)
    assert ended.code == 0, ended.err
    assert wrote(again) == ["crm_standby --node bravo --update on"]


def test_a_node_that_is_empty_in_standby_is_just_what_was_wanted(vmferry: Vmferry) -> None:
    """As after a run that was killed, once what it had left open is finished."""
    backend = calm()
    backend.world.execute(commands.standby("bravo", on=True).argv)
    backend.world.advance(600)
    assert on(backend, "bravo") == set()
    ended = vmferry("evacuate", "bravo", "--yes", "--json", on=backend)
    assert (ended.code, wrote(backend)) == (0, []), ended.err
    assert "bravo is in standby and empty: nothing to do" in ended.err
    last = msgspec.json.decode(ended.out.splitlines()[-1], type=EvacuateLine)
    assert isinstance(last, EvacuationEnd) and last.state == "standby"


@pytest.mark.parametrize(
    ("typed", "code", "says"),
    [("bravo\n", 0, "stopped as confirmed: mail"), ("\n", 1, "mail stays on bravo")],
)
def test_a_reboot_is_confirmed_on_its_own_by_the_name_of_the_node(
    home: Path, typed: str, code: int, says: str
) -> None:
    with on_terminal(home, "evacuate", "bravo") as terminal:
        terminal.until_writes("Evacuate bravo VM by VM? [y/N] ")
        terminal.type("y\n")
        terminal.until_writes("Type bravo to accept that, or Enter to leave it there: ")
        terminal.type(typed)
        assert terminal.end() == code
    assert says in terminal.written


@pytest.mark.parametrize(
    ("args", "code", "says"),
    [
        (["evacuate", "nosuch", "--yes"], 2, "no node 'nosuch'"),
        (["evacuate", "charlie"], 4, "no terminal to confirm on"),
        (["--read-only", "evacuate", "charlie", "--yes"], 4, "read-only"),
    ],
)
def test_what_is_refused_changes_nothing(
    vmferry: Vmferry, args: list[str], code: int, says: str
) -> None:
    backend = calm()
    ended = vmferry(*args, on=backend)
    assert ended.code == code and says in ended.err
    assert wrote(backend) == []
