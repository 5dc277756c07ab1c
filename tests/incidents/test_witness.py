"""Minutes of a cluster's life with a witness, and the past as a client sees it that comes later."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from backends.past.archive import Archive
from backends.past.backend import PastBackend
from incidents.scene import Scene
from lab import Lab
from lab.pace import slowed
from lab.system import LabError
from past.test_on_the_lab import site
from past.witness import Seen, as_seen, calm, seen

pytestmark = [pytest.mark.lab, pytest.mark.incident]
EVERY_S = 0.2


@contextmanager
def witnessing(lab: Lab) -> Iterator[list[Seen]]:
    """Looks, five a second, as long as the block lasts."""
    looks: list[Seen] = []
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(EVERY_S):
            try:
                looks.append(seen(lab))
            except LabError:  # the node that was asked has just been killed
                continue

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield looks
    finally:
        ended.set()
        thread.join()


def moved(scene: Scene, vm: str, node: str) -> None:
    scene.move(vm, node, by="charlie")
    scene.until(lambda: scene.lab.where(vm) == node, f"{vm} is on {node}")
    scene.rest()
    scene.lab.run("charlie", "crm_resource", "--clear", "--resource", vm)
    scene.rest()


def live_through(scene: Scene) -> None:
    """Six moves, a ban, a standby, a migration that fails, a node that is killed and comes back."""
    lab = scene.lab
    for vm, node in (("web1", "bravo"), ("web2", "bravo"), ("app1", "alpha")):
        moved(scene, vm, node)
    for vm, node in (("web1", "alpha"), ("web2", "alpha"), ("app1", "charlie")):
        moved(scene, vm, node)
    lab.run("charlie", "crm_resource", "--ban", "--resource", "web2", "--node", "alpha")
    scene.until(lambda: lab.where("web2") in ("bravo", "charlie"), "web2 has left")
    lab.run("charlie", "crm_resource", "--clear", "--resource", "web2")
    scene.rest()
    lab.run("alpha", "crm_standby", "--node", "charlie", "--update", "on")
    scene.until(lambda: lab.where("app1") in ("alpha", "bravo"), "app1 has left")
    lab.run("alpha", "crm_standby", "--node", "charlie", "--update", "off")
    scene.rest()
    boots = lab.guest("web1").boots
    with slowed(lab, "web1"):
        scene.move("web1", "charlie", by="bravo")
        scene.copying("web1", "alpha")
        lab.run("alpha", "virsh", "domjobabort", "web1")
        scene.rebooted("web1", boots)
    scene.rest()
    lab.kill("bravo")
    scene.until(lambda: scene.is_lost("bravo"), "bravo is fenced")
    scene.rest()
    lab.start("bravo")
    lab.wait_online()
    scene.rest()


async def test_the_past_is_what_was_seen_five_times_a_second(
    scene: Scene, record_property: Callable[[str, object], None]
) -> None:
    scene.begin()
    with witnessing(scene.lab) as looks:
        live_through(scene)
    compared = list(calm(looks))
    assert len(compared) > len(looks) / 3
    wrong = []
    async with PastBackend(Archive(site(scene.lab)), compared[0].at) as past:
        for look in compared:
            await past.go(look.at)
            if as_seen(past.picture) != look.view:
                wrong.append((look, as_seen(past.picture)))
    right = len(compared) - len(wrong)
    record_property("right", f"{right} of {len(compared)} moments, of {len(looks)} looks")
    assert len(wrong) <= len(compared) / 100, "\n".join(map(str, wrong))
