"""What is foretold comes to pass: a preview, the same move carried out, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest

from backends.data.plan import ActionKind, Verdict, VerdictKind
from engine.acting import foreign_move
from engine.aftermath import Aftermath
from engine.conftest import Connect
from engine.tally import Cause
from lab import Lab
from lab.cib import MONITOR_S

Command = tuple[str, ...]


class Fate(StrEnum):
    LIVE = "moves live"
    REBOOTED = "is rebooted there"
    STAYED = "stays"
    CAME_BACK = "moves live, and back when the constraint goes"


@dataclass(frozen=True, slots=True)
class Situation:
    """Which VM is told to go where; `fate` keeps preview and outcome from being idle together."""

    name: str
    vm: str
    node: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Scene:
    """Situations that do not disturb each other, set up and tried together."""

    situations: tuple[Situation, ...]
    setup: tuple[Command, ...] = ()
    undo: tuple[Command, ...] = ()

    def __str__(self) -> str:
        return ", ".join(situation.name for situation in self.situations)


def meta(vm: str, name: str, value: str) -> Command:
    return ("crm_resource", "-r", vm, "--meta", "-p", name, "-v", value)


def create(section: str, xml: str) -> Command:
    return ("cibadmin", "--create", "--scope", section, "--xml-text", xml)


def capacity(node: str, ram: str) -> Command:
    return ("crm_attribute", "-N", node, "--utilization", "-n", "ram", "-v", ram)


FOLLOWER = create(
    "resources",
    '<primitive id="t" class="ocf" provider="pacemaker" type="Dummy"><operations>'
    '<op id="t-monitor" name="monitor" interval="60s" timeout="20s"/></operations></primitive>',
)
TOGETHER = create(
    "constraints", '<rsc_colocation id="t-with" rsc="t" with-rsc="app1" score="INFINITY"/>'
)
AFTER = create("constraints", '<rsc_order id="t-after" first="app1" then="t" kind="Mandatory"/>')
BEFORE = create("constraints", '<rsc_order id="t-before" first="t" then="app1" kind="Mandatory"/>')


def banned(resource: str, node: str) -> Command:
    return create(
        "constraints",
        f'<rsc_location id="t-ban" rsc="{resource}" node="{node}" score="-INFINITY"/>',
    )


COUNT = ("attrd_updater", "-n", f"fail-count-web1#monitor_{1000 * MONITOR_S}", "-N", "bravo")

SCENES = (
    Scene(
        (
            Situation("plain", "app1", "alpha", Fate.LIVE),
            Situation("no allow-migrate", "db1", "alpha", Fate.REBOOTED),
            Situation("group behind an address", "mail1", "charlie", Fate.REBOOTED),
            Situation("ban", "web1", "bravo", Fate.STAYED),
            Situation("unmanaged", "web2", "bravo", Fate.STAYED),
        ),
        (banned("web1", "bravo"), meta("web2", "is-managed", "false")),
    ),
    Scene(
        (
            Situation("stickiness 0, it fails back", "app1", "alpha", Fate.CAME_BACK),
            Situation("migration-threshold reached there", "web1", "bravo", Fate.STAYED),
            Situation("maintenance", "web2", "bravo", Fate.STAYED),
        ),
        (
            meta("app1", "resource-stickiness", "0"),
            meta("web1", "migration-threshold", "1"),
            (*COUNT, "-U", "1"),
            meta("web2", "maintenance", "true"),
        ),
        undo=((*COUNT, "-D"),),
    ),
    Scene(
        (
            Situation("order on a clone that is not there", "app1", "alpha", Fate.LIVE),
            Situation("utilization", "web2", "bravo", Fate.STAYED),
        ),
        (
            banned("storage-clone", "alpha"),
            *(capacity(node, ram) for node, ram in (("alpha", "9"), ("charlie", "9"))),
            capacity("bravo", "1"),
            ("crm_resource", "-r", "web2", "--utilization", "-p", "ram", "-v", "2"),
            ("crm_attribute", "-n", "placement-strategy", "-v", "utilization"),
        ),
    ),
    Scene(
        (Situation("colocation, it takes another along", "app1", "alpha", Fate.LIVE),),
        (FOLLOWER, TOGETHER, AFTER),
    ),
    Scene(
        (
            Situation("colocation with what it depends on", "app1", "alpha", Fate.REBOOTED),
            Situation("a ban that the move lifts", "web2", "bravo", Fate.LIVE),
        ),
        (FOLLOWER, TOGETHER, BEFORE, ("crm_resource", "--ban", "-r", "web2", "-N", "bravo")),
    ),
    Scene(
        (Situation("standby target", "web2", "charlie", Fate.STAYED),),
        (("crm_standby", "-N", "charlie", "-v", "on"),),
    ),
)


@pytest.fixture(params=SCENES, ids=str)
def scene(request: pytest.FixtureRequest, lab: Lab, aftermath: Aftermath) -> Iterator[Scene]:
    chosen: Scene = request.param
    try:
        for command in chosen.setup:
            # What depends on something is restarted when that starts: let it start first.
            lab.run("bravo", *command)
            lab.wait(lab.cluster.is_idle, 30, "rest")
        yield chosen
    finally:
        for command in chosen.undo:
            lab.run("bravo", *command)


async def test_predictions_come_true(
    scene: Scene, connect: Connect, aftermath: Aftermath, lab: Lab
) -> None:
    async with connect() as backend:
        await backend.refresh()
        verdicts = {
            situation: (await backend.preview([situation.vm], [situation.node]))[situation.node]
            for situation in scene.situations
        }
    # Only a ban of crm_resource's own goes with the move, and is meant to.
    aftermath.begin(but="cli-ban-web2-on-bravo")
    for verdict in verdicts.values():
        for rebooted in verdict.reboots:
            aftermath.expect_reboot(rebooted, Cause.CONFIRMED)
    happened = carry_out(lab, scene)
    for situation, verdict in verdicts.items():
        fates = (foretold(verdict), happened[situation])
        assert fates == (situation.fate, situation.fate), (situation.name, verdict)
    aftermath.check()


def foretold(verdict: Verdict) -> Fate:
    """The fate of the one VM of a verdict."""
    (vm,) = verdict.vms
    if verdict.kind is VerdictKind.REFUSED:
        return Fate.STAYED
    if vm in verdict.reboots:
        return Fate.REBOOTED
    moves = [a for a in verdict.actions if a.resource == vm and a.kind is ActionKind.MIGRATE]
    return Fate.CAME_BACK if len(moves) == 2 else Fate.LIVE


def carry_out(lab: Lab, scene: Scene) -> dict[Situation, Fate]:
    """Move them without vmferry, clear, and see."""
    sources = {each: lab.where(each.vm) for each in scene.situations}
    before = {each: lab.guest(each.vm).boot_id for each in scene.situations}
    for each in scene.situations:
        foreign_move(lab, each.vm, each.node)
    lab.wait(lab.cluster.is_idle, 60, "rest")
    reached = {each: lab.where(each.vm) for each in scene.situations}
    for each in scene.situations:
        lab.run("bravo", "crm_resource", "--clear", "--resource", each.vm)
    lab.wait(lab.cluster.is_idle, 60, "rest")
    fates = {}
    for each in scene.situations:
        if reached[each] == sources[each]:
            fates[each] = Fate.STAYED
        elif lab.where(each.vm) == sources[each]:
            fates[each] = Fate.CAME_BACK
        else:
            assert lab.where(each.vm) == each.node
            same = lab.wait_guest(each.vm).boot_id == before[each]
            fates[each] = Fate.LIVE if same else Fate.REBOOTED
    return fates


def test_enough_situations_are_tried() -> None:
    assert sum(len(scene.situations) for scene in SCENES) >= 12
