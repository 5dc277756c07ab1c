"""Each thing that is offered as what would have saved a guest is carried out, and saves it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from incidents.scene import Scene
from lab.pace import slowed

pytestmark = [pytest.mark.lab, pytest.mark.incident]

TIMEOUT_S = 6
Strike = Callable[[Scene, str], None]


def meta(scene: Scene, vm: str, name: str, value: str) -> None:
    words = ("--meta", "--set-parameter", name, "--parameter-value", value)
    scene.lab.run("bravo", "crm_resource", "--resource", vm, *words)


def before(scene: Scene, vm: str, what: str) -> None:
    """What is set before anything happens."""
    if "on-fail=block" in what:
        change = f'<op id="{vm}-migrate_to" on-fail="block"/>'
        scene.lab.cluster.ask("cibadmin", "--modify", "--xml-text", change)
    if "allow-migrate" in what:
        meta(scene, vm, "allow-migrate", "true")
    if longer := re.search(r"timeout longer than (\d+) s", what):
        change = f'<op id="{vm}-migrate_to" timeout="{int(longer[1]) + 120}s"/>'
        scene.lab.cluster.ask("cibadmin", "--modify", "--xml-text", change)
    scene.rest()


def meanwhile(scene: Scene, vm: str, what: str) -> None:
    """What is set while the copy goes on: a VM in maintenance would not have been moved at all."""
    if "maintenance" in what:
        meta(scene, vm, "maintenance", "true")


@contextmanager
def copy_of_web2(scene: Scene, what: str) -> Iterator[None]:
    before(scene, "web2", what)
    with slowed(scene.lab, "web2"):
        scene.move("web2", "bravo", by="charlie")
        scene.copying("web2", "alpha")
        meanwhile(scene, "web2", what)
        yield


def broken_off(scene: Scene, what: str) -> None:
    with copy_of_web2(scene, what):
        scene.lab.run("alpha", "virsh", "domjobabort", "web2")


def timed_out(scene: Scene, what: str) -> None:
    """After a copy that took its time and arrived, on a node that is no target later: for one that
    has an earlier stay in its history the scheduler plans a restart, however long a copy takes."""
    if not what:
        scene.lab.run("alpha", "crm_resource", "--move", "-r", "web2", "--node", "charlie")
        with slowed(scene.lab, "web2"):
            scene.until(lambda: scene.lab.where("web2") == "charlie", "web2 is on charlie")
        scene.move("web2", "alpha", by="charlie")
        scene.until(lambda: scene.lab.where("web2") == "alpha", "web2 is on alpha")
        scene.lab.run("alpha", "crm_resource", "--clear", "-r", "web2")
        scene.rest()
    change = f'<op id="web2-migrate_to" timeout="{TIMEOUT_S}s"/>'
    scene.lab.cluster.ask("cibadmin", "--modify", "--xml-text", change)
    with copy_of_web2(scene, what):
        scene.until(lambda: not copies(scene), "its copy has ended for Pacemaker")


def copies(scene: Scene) -> bool:
    return ("alpha", "web2", "migrate_to") in scene.lab.cluster.pending()


def cleared(scene: Scene, what: str) -> None:
    with copy_of_web2(scene, what):
        if "left alone" not in what:
            scene.lab.run("bravo", "crm_resource", "--clear", "--resource", "web2")
    scene.until(lambda: not copies(scene), "its copy has ended")


def home_lost(scene: Scene, what: str) -> None:
    if "leftover" not in what:
        for node in ("alpha", "bravo"):
            scene.lab.run("bravo", "crm_resource", "--ban", "-r", "app1", "--node", node)
        scene.rest()
    scene.lab.kill("charlie")
    scene.until(lambda: scene.is_lost("charlie"), "charlie is fenced")


def evacuated(scene: Scene, what: str) -> None:
    before(scene, "db1", what)
    meanwhile(scene, "db1", what)
    scene.lab.run("alpha", "crm_standby", "--node", "bravo", "--update", "on")


@pytest.mark.parametrize(
    ("strike", "vm", "offered"),
    [
        (broken_off, "web2", 2),
        (timed_out, "web2", 3),
        (cleared, "web2", 2),
        (home_lost, "app1", 1),
        (evacuated, "db1", 2),
    ],
)
def test_what_would_have_saved_the_guest_saves_it(
    scene: Scene, strike: Strike, vm: str, offered: int
) -> None:
    scene.begin()
    boots = scene.lab.guest(vm).boots
    strike(scene, "")
    scene.rest()
    if strike is not home_lost:
        scene.rebooted(vm, boots)
    answer = scene.why(vm)
    savings = answer["would_have_saved_it"]
    assert isinstance(savings, list)
    assert len(savings) == offered, answer
    failed = [what for each in savings if not carried_out(scene, strike, vm, what := each["what"])]
    assert not failed


def carried_out(scene: Scene, strike: Strike, vm: str, what: str) -> bool:
    """Whether the guest was saved."""
    scene.lab.reset()
    scene.rest()
    guest = scene.lab.guest(vm)
    strike(scene, what)
    scene.rest()
    if strike is home_lost:
        scene.rebooted(vm, guest.boots)
        return scene.lab.where(vm) in ("alpha", "bravo")
    return scene.lab.wait_guest(vm, after_ticks=guest.ticks).boots == guest.boots
