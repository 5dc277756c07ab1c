"""What happens to resources: why, as vmferry tells it afterwards, is what was done to them."""

from __future__ import annotations

import pytest

from incidents.scene import Scene
from incidents.truth import Link, Truth

pytestmark = [pytest.mark.lab, pytest.mark.incident]


def test_migration_threshold_was_reached(scene: Scene) -> None:
    threshold = ("--meta", "--set-parameter", "migration-threshold", "--parameter-value", "1")
    scene.lab.run("alpha", "crm_resource", "--resource", "web2", *threshold)
    often = '<op id="web2-monitor" interval="5s"/>'
    scene.lab.cluster.ask("cibadmin", "--modify", "--xml-text", often)
    scene.begin()
    boots = scene.lab.guest("web2").boots
    scene.lab.run("alpha", "virsh", "destroy", "web2")
    scene.rebooted("web2", boots)
    scene.rest()
    failed, barred = Link("monitor-failed", "web2", "alpha"), Link("barred", "web2", "alpha")
    scene.judge(Truth("web2", (failed, barred, Link("started", "web2"))))


def test_a_stop_fails_and_the_node_is_fenced(scene: Scene) -> None:
    scene.begin(db1_stop=5)
    dc = scene.dc()
    boots = scene.lab.guest("mail1").boots
    scene.lab.run("bravo", "sh", "-c", "kill -STOP $(cat /run/libvirtd.pid)")
    scene.move("db1", "alpha", by="charlie")
    scene.rebooted("mail1", boots)
    scene.rest()
    if dc == "bravo":
        what_it_decided_is_dark(scene)
        scene.back("bravo")
    moved, failed = Link("prefer", "db1", "alpha"), Link("stop-timed-out", "db1", "bravo")
    fenced, started = Link("node-fenced", node="bravo"), Link("started", "mail1")
    scene.judge(Truth("mail1", (moved, failed, fenced, started), "root", "charlie"))


def what_it_decided_is_dark(scene: Scene) -> None:
    """The fenced node was the DC: what led to it lies on its own disk, and nothing is invented."""
    answer = scene.why("mail1")
    dark = answer["dark"]
    assert isinstance(dark, list)
    assert [each["node"] for each in dark] == ["bravo"]
    assert answer["who"] is None
