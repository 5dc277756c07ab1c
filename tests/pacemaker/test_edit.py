"""What vmferry thinks a command makes of the CIB is what the real command makes of it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from lxml import etree

from backends.data import commands
from backends.data.plan import Command
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.edit import edited
from pacemaker.cibs import cib, history, op, vm

MIGRATE_TO = '<op id="vm1-migrate_to" name="migrate_to" interval="0s" timeout="60s"/>'
NAMED = {"id": "vm1-migrate_to", "name": "migrate_to", "interval": "0s"}
START = cib(
    vm("vm1", {"allow-migrate": "true"}, MIGRATE_TO) + vm("vm2"),
    constraints='<rsc_location id="loves" rsc="vm1" node="alpha" score="50"/>',
    status=history(1, "alpha", vm1=[op("vm1", "start", 5)], vm2=[op("vm2", "start", 6)]),
)


def meaning(text: bytes) -> tuple[object, ...]:
    """What counts in a CIB, without the ids that tools make up and the order they leave."""
    root = etree.fromstring(text)
    parsed = parse_cib(text)
    constraints = sorted(
        sorted((str(k), str(v)) for k, v in element.attrib.items())
        for element in root.iterfind("configuration/constraints/*")
    )
    pairs = sorted(
        (str(pair.getparent().getparent().get("id")), pair.get("name"), pair.get("value"))  # type: ignore[union-attr]
        for section in ("nodes", "resources")
        for pair in root.iterfind(f"configuration/{section}//nvpair")
    )
    return parsed.vms, constraints, pairs


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize(
    "sequence",
    [
        [commands.move("vm1", "bravo")],
        [commands.move("vm1", "bravo"), commands.move("vm1", "charlie")],
        [commands.move("vm1", "bravo"), commands.clear("vm1")],
        [commands.move("vm1", "bravo"), commands.clear_move("vm1", "bravo")],
        [commands.move("vm1", "bravo"), commands.clear_move("vm1", "charlie")],
        [commands.move("vm1", "bravo"), commands.move("vm2", "bravo"), commands.clear("vm1")],
        [commands.move_together({"vm1": "bravo", "vm2": "charlie"})],
        [commands.move("vm1", "charlie"), commands.move_together({"vm1": "bravo"})],
        [commands.move_together({"vm1": "bravo", "vm2": "bravo"}), commands.clear("vm2")],
        [commands.hands_off("vm1")],
        [commands.hands_off("vm2")],
        [commands.hands_off("vm1"), commands.hands_on("vm1", None)],
        [commands.hands_off("vm1"), commands.hands_on("vm1", "false")],
        [commands.block_on_failure("vm1", "vm1-migrate_to")],
        [commands.set_parameter("vm1", "migration_transport", "ssh")],
        [commands.set_parameter("vm2", "config", "/vm/other.xml")],
        [commands.set_operation("vm1", {**NAMED, "timeout": "300s", "on-fail": "block"})],
        [commands.set_operation("vm2", {**NAMED, "id": "vm2-to", "timeout": "300s"})],
        [commands.standby("bravo", on=True)],
        [commands.standby("bravo", on=True), commands.standby("bravo", on=False)],
    ],
    ids=lambda sequence: " ; ".join(map(str, sequence)),
)
def test_it_is_what_the_real_commands_write(tmp_path: Path, sequence: Sequence[Command]) -> None:
    file = tmp_path / "cib.xml"
    file.write_bytes(START)
    for command in sequence:
        subprocess.run(
            command.argv,
            env={**os.environ, "CIB_file": str(file)},
            check=True,
            capture_output=True,
        )
    root = etree.fromstring(START)
    edited(root, sequence)
    assert meaning(etree.tostring(root)) == meaning(file.read_bytes())


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
def test_a_ban_on_the_target_is_lifted_and_one_elsewhere_stays(tmp_path: Path) -> None:
    ban = '<rsc_location id="cli-ban-vm1-on-{0}" rsc="vm1" role="Started" node="{0}" {1}/>'
    minus = 'score="-INFINITY"'
    banned = START.replace(
        b"<rsc_location ",
        f"{ban.format('bravo', minus)}{ban.format('charlie', minus)}<rsc_location ".encode(),
        1,
    )
    file = tmp_path / "cib.xml"
    file.write_bytes(banned)
    move = commands.move("vm1", "bravo")
    environment = {**os.environ, "CIB_file": str(file)}
    subprocess.run(move.argv, env=environment, check=True, capture_output=True)
    root = etree.fromstring(banned)
    edited(root, [move])
    assert meaning(etree.tostring(root)) == meaning(file.read_bytes())


def test_a_command_that_is_not_known_is_not_guessed_at() -> None:
    with pytest.raises(ValueError, match="virsh"):
        edited(etree.fromstring(START), [commands.abort_job("vm1", "alpha")])


def test_an_earlier_stay_is_forgotten_on_that_node_alone() -> None:
    """The real command asks a running controller; what it leaves behind was seen on the lab."""
    root = etree.fromstring(START)
    edited(root, [commands.forget_stay("vm1", "alpha")])
    assert list(parse_cib(etree.tostring(root)).history) == ["vm2"]
    edited(root, [commands.forget_stay("vm2", "bravo")])
    assert list(parse_cib(etree.tostring(root)).history) == ["vm2"]
