"""What happens to nodes: why, as vmferry tells it afterwards, is what was done to them."""

from __future__ import annotations

import pytest

from incidents.scene import Scene
from incidents.truth import Link, Truth

pytestmark = [pytest.mark.lab, pytest.mark.incident]
AT_HOME = {"alpha": "web1", "bravo": "db1", "charlie": "app1"}
COROSYNC_PORT = "5405"


def taken_over(node: str) -> tuple[Link, ...]:
    """The VM of a node that was lost is started elsewhere."""
    ends = (Link("node-lost", node=node), Link("node-fenced", node=node))
    return (*ends, Link("started", AT_HOME[node]))


def test_the_dc_was_killed(scene: Scene) -> None:
    scene.begin()
    dc = scene.dc()
    vm = AT_HOME[dc]
    boots = scene.lab.guest(vm).boots
    scene.lab.kill(dc)
    scene.rebooted(vm, boots)
    scene.rest()
    scene.judge(Truth(vm, taken_over(dc)))


def test_the_token_was_lost(scene: Scene) -> None:
    scene.begin()
    boots = scene.lab.guest("app1").boots
    with scene.rule("charlie", "INPUT", "-p", "udp", "--dport", COROSYNC_PORT, "-j", "DROP"):
        scene.rebooted("app1", boots)
    scene.rest()
    scene.judge(Truth("app1", taken_over("charlie")))


def test_fencing_fails(scene: Scene) -> None:
    scene.begin()
    scene.lab.break_fencing()
    scene.lab.kill("charlie")
    failed = "./fence_history/fence_event[@status='failed']"
    scene.until(lambda: scene.lab.crm_mon().find(failed) is not None, "fencing has failed")
    lost, failing = Link("node-lost", node="charlie"), Link("fencing-failed", node="charlie")
    scene.judge(Truth("app1", (lost, failing, Link("vm-down", "app1", "charlie"))))


def test_a_ban_was_left_behind_and_then_the_home_node_lost(scene: Scene) -> None:
    scene.begin()
    for node in ("alpha", "bravo"):
        banning = ("crm_resource", "--ban", "--resource", "app1", "--node", node)
        scene.lab.run("bravo", *banning)
        scene.rest()
    scene.lab.kill("charlie")
    scene.until(lambda: scene.is_lost("charlie"), "charlie is fenced")
    scene.rest()
    bans = (Link("ban", "app1", "alpha"), Link("ban", "app1", "bravo"))
    lost = (Link("node-lost", node="charlie"), Link("vm-down", "app1", "charlie"))
    scene.judge(Truth("app1", (*bans, *lost), "root", "bravo"))


def test_an_operators_own_standby(scene: Scene) -> None:
    scene.begin()
    scene.lab.run("bravo", "crm_standby", "--node", "charlie", "--update", "on")
    scene.until(lambda: scene.lab.where("app1") in ("alpha", "bravo"), "app1 has left")
    scene.rest()
    standby, moved = Link("standby", node="charlie"), Link("migrated", "app1", "charlie")
    scene.judge(Truth("app1", (standby, moved), "root", "bravo"))
