"""What is foretold comes to pass: a preview, the same move carried out, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

import pytest

from backends.plan import ActionKind, Verdict, VerdictKind
from engine.acting import foreign_move
from engine.aftermath import Aftermath, Cause
from engine.conftest import Connect
from lab import VMS, Lab

Command = tuple[str, ...]


class Fate(StrEnum):
    LIVE = "moves live"
    REBOOTED = "is rebooted there"
    STAYED = "stays"
    CAME_BACK = "moves live, and back when the constraint goes"


@dataclass(frozen=True, slots=True)
class Situation:
    """What is set up, then which VM is told to go where; `fate` keeps both from being idle."""

    name: str
    fate: Fate
    setup: tuple[Command, ...] = ()
    undo: tuple[Command, ...] = ()
    vm: str = "app1"
    node: str = "alpha"


def meta(name: str, value: str) -> Command:
    return ("crm_resource", "-r", "app1", "--meta", "-p", name, "-v", value)


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


def banned(resource: str) -> Command:
    return create(
        "constraints",
        f'<rsc_location id="t-ban" rsc="{resource}" node="alpha" score="-INFINITY"/>',
    )


COUNT = ("attrd_updater", "-n", "fail-count-app1#monitor_10000", "-N", "alpha")

SITUATIONS = (
    Situation("plain", Fate.LIVE),
    Situation("ban", Fate.STAYED, (banned("app1"),)),
    Situation(
        "a ban that the move lifts",
        Fate.LIVE,
        (("crm_resource", "--ban", "-r", "app1", "-N", "alpha"),),
    ),
    Situation("standby target", Fate.STAYED, (("crm_standby", "-N", "alpha", "-v", "on"),)),
    Situation("unmanaged", Fate.STAYED, (meta("is-managed", "false"),)),
    Situation("maintenance", Fate.STAYED, (meta("maintenance", "true"),)),
    Situation(
        "utilization",
        Fate.STAYED,
        (
            *(capacity(node, ram) for node, ram in (("bravo", "9"), ("charlie", "9"))),
            capacity("alpha", "1"),
            ("crm_resource", "-r", "app1", "--utilization", "-p", "ram", "-v", "2"),
            ("crm_attribute", "-n", "placement-strategy", "-v", "utilization"),
        ),
    ),
    Situation(
        "migration-threshold reached there",
        Fate.STAYED,
        (meta("migration-threshold", "1"), (*COUNT, "-U", "1")),
        undo=((*COUNT, "-D"),),
    ),
    Situation("colocation, it takes another along", Fate.LIVE, (FOLLOWER, TOGETHER, AFTER)),
    Situation("colocation with what it depends on", Fate.REBOOTED, (FOLLOWER, TOGETHER, BEFORE)),
    Situation("order on a clone that is not there", Fate.LIVE, (banned("storage-clone"),)),
    Situation("stickiness 0, it fails back", Fate.CAME_BACK, (meta("resource-stickiness", "0"),)),
    Situation("no allow-migrate", Fate.REBOOTED, vm="db1"),
    Situation("group behind an address", Fate.REBOOTED, vm="mail1", node="charlie"),
)


@pytest.fixture(params=SITUATIONS, ids=lambda situation: situation.name)
def situation(
    request: pytest.FixtureRequest, lab: Lab, aftermath: Aftermath
) -> Iterator[Situation]:
    chosen: Situation = request.param
    try:
        for command in chosen.setup:
            lab.run("bravo", *command)
        lab.wait(lab.cluster.is_idle, 30, "rest")
        yield chosen
    finally:
        for command in chosen.undo:
            lab.run("bravo", *command)


async def test_a_prediction_comes_true(
    situation: Situation, connect: Connect, aftermath: Aftermath, lab: Lab
) -> None:
    vm, node = situation.vm, situation.node
    async with connect() as backend:
        await backend.refresh()
        verdict = (await backend.preview([vm], [node]))[node]
    aftermath.begin()
    for rebooted in verdict.reboots:
        aftermath.expect_reboot(rebooted, Cause.CONFIRMED)
    happened = carry_out(lab, vm, node)
    assert (foretold(verdict), happened) == (situation.fate, situation.fate), verdict
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


def carry_out(lab: Lab, vm: str, node: str) -> Fate:
    """Move it without vmferry, clear, and see; what it finds is what an operator would find."""
    source, boot_id = lab.where(vm), lab.guest(vm).boot_id
    foreign_move(lab, vm, node)
    lab.wait(lab.cluster.is_idle, 60, "rest")
    reached = lab.where(vm)
    # A ban of the operator's own goes with this, too, as it would go with vmferry's.
    lab.run("bravo", "crm_resource", "--clear", "--resource", vm)
    lab.wait(lab.cluster.is_idle, 60, "rest")
    if reached == source:
        return Fate.STAYED
    assert reached == node
    if lab.where(vm) == source:
        return Fate.CAME_BACK
    return Fate.LIVE if lab.wait_guest(vm).boot_id == boot_id else Fate.REBOOTED


def test_every_vm_is_known_here() -> None:
    assert {situation.vm for situation in SITUATIONS} <= {vm.name for vm in VMS}
