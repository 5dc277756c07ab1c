"""What happens to copies: why, as vmferry tells it afterwards, is what was done to them."""

from __future__ import annotations

import pytest

from incidents.scene import Scene
from incidents.truth import Link, Truth
from lab.pace import slowed

pytestmark = [pytest.mark.lab, pytest.mark.incident]
LIBVIRT_PORT = "16509"


def test_migrate_to_timed_out(scene: Scene) -> None:
    scene.begin(web2_migrate_to=3)
    boots = scene.lab.guest("web2").boots
    with slowed(scene.lab, "web2"):
        scene.move("web2", "bravo", by="charlie")
        scene.rebooted("web2", boots)
    scene.rest()
    moved, failed = Link("prefer", "web2", "bravo"), Link("migrate_to-timed-out", "web2", "alpha")
    scene.judge(Truth("web2", (moved, failed), "root", "charlie"))


def test_the_transport_was_refused(scene: Scene) -> None:
    scene.begin()
    boots = scene.lab.guest("web1").boots
    refusing = ("INPUT", "-p", "tcp", "--dport", LIBVIRT_PORT, "-j", "REJECT")
    with scene.rule("bravo", *refusing, "--reject-with", "tcp-reset"):
        scene.move("web1", "bravo", by="bravo")
        scene.rebooted("web1", boots)
        scene.rest()
    moved, failed = Link("prefer", "web1", "bravo"), Link("migrate_to-failed", "web1", "alpha")
    scene.judge(Truth("web1", (moved, failed), "root", "bravo"))


def test_the_target_was_killed_while_copying(scene: Scene) -> None:
    scene.begin()
    boots = scene.lab.guest("web2").boots
    with slowed(scene.lab, "web2"):
        scene.move("web2", "bravo", by="charlie")
        scene.copying("web2", "alpha")
    scene.lab.kill("bravo")
    scene.until(lambda: scene.is_lost("bravo"), "bravo is fenced")
    scene.rebooted("web2", boots)
    scene.rest()
    lost, failed = Link("node-lost", node="bravo"), Link("migrate_to-failed", "web2", "alpha")
    scene.judge(Truth("web2", (lost, failed)))


def test_the_source_was_killed_while_copying(scene: Scene) -> None:
    scene.begin()
    boots = scene.lab.guest("web2").boots
    with slowed(scene.lab, "web2"):
        scene.move("web2", "bravo", by="charlie")
        scene.copying("web2", "alpha")
    scene.lab.kill("alpha")
    scene.rebooted("web2", boots)
    scene.rest()
    lost, fenced = Link("node-lost", node="alpha"), Link("node-fenced", node="alpha")
    scene.judge(Truth("web2", (lost, fenced, Link("started", "web2"))))


def test_somebody_else_cleared_the_constraint_during_the_copy(scene: Scene) -> None:
    scene.begin()
    boots = scene.lab.guest("web2").boots
    with slowed(scene.lab, "web2"):
        scene.move("web2", "bravo", by="charlie")
        scene.copying("web2", "alpha")
        clearing = ("crm_resource", "--clear", "--resource", "web2")
        scene.lab.run("bravo", "runuser", "-u", "hacluster", "--", *clearing)
    scene.lab.hurry()
    scene.rebooted("web2", boots)
    scene.rest()
    cleared = Link("cleared", "web2")
    scene.judge(Truth("web2", (cleared, Link("stopped", "web2")), "hacluster", "bravo"))
