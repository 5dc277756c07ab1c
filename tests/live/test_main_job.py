"""The main job on a real cluster: see it, drag it, watch it move, and the guest never notices."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

import glass
from backends.acts.journal import Journal
from backends.clusters.live.backend import LiveBackend
from backends.data.picture import Cluster
from lab import Lab
from lab.pace import slowed
from tui.app import VmferryApp
from waiting import until

Connect = Callable[..., LiveBackend]


@asynccontextmanager
async def board(
    backend: LiveBackend, directory: Path
) -> AsyncIterator[tuple[VmferryApp, Pilot[None]]]:
    """The real app on the real cluster, up to its first picture."""
    app = VmferryApp(backend, Journal(directory))
    async with app.run_test(size=(120, 40)) as pilot:
        await glass.shows(app, r"● web1", "web1 on the board")
        yield app, pilot
        app.exit()
        await until(lambda: not app.is_running, "the app to leave")


async def follow_to_the_end(
    app: VmferryApp, backend: LiveBackend, vm: str, target: str
) -> tuple[list[Cluster], list[int]]:
    """Watch glass and pictures until the VM is on its target, settled and unconstrained."""
    seen: list[Cluster] = []
    drawn: list[int] = []

    def arrived() -> bool:
        picture = backend.picture
        if not seen or seen[-1] is not picture:
            seen.append(picture)
        for line in glass.lines(app):
            if f"{vm} → {target}" in line:
                drawn.extend(glass.percentages(line.partition(f"{vm} →")[2]))
        known = picture.vm(vm)
        return (
            known is not None
            and known.nodes == (target,)
            and not known.constraints
            and picture.migration(vm) is None
        )

    await until(arrived, f"{vm} on {target}")
    return seen, drawn


def assert_rose(drawn: list[int]) -> None:
    different = [n for index, n in enumerate(drawn) if index == 0 or n != drawn[index - 1]]
    assert len(different) >= 5, f"only {different} was drawn"
    assert different[0] < 50 < max(different)


def assert_same_guest(lab: Lab, vm: str, boot_id: str, ticks: int) -> None:
    after = lab.wait_guest(vm, after_ticks=ticks + 2)
    assert after.boot_id == boot_id, "the guest was rebooted"
    assert after.ticks > ticks


@pytest.mark.short
async def test_a_vm_is_dragged_to_another_node_with_the_mouse(
    settled_lab: Lab, connect: Connect, tmp_path: Path
) -> None:
    before = settled_lab.guest("web1")
    backend = connect()
    async with board(backend, tmp_path) as (app, pilot):
        await glass.shows(app, r"● web1", "the card")
        # What stands above the board while libvirt is slow to answer would move it meanwhile.
        await until(lambda: not backend.picture.stale, "all answer")
        await until(lambda: glass.place(app, "not reachable") is None, "and nothing else is said")
        card = await glass.shows(app, r"● web1", "the card")
        column = await glass.shows(app, r"● bravo", "the column of bravo")
        target = (column[0] + 4, card[1] + 3)
        assert await pilot.mouse_down(offset=card)
        await pilot.hover(offset=(card[0] + 4, card[1] + 1))
        await pilot.hover(offset=target)
        await glass.shows(app, r"LIVE", "the verdict, while it is carried")
        await pilot.mouse_up(offset=target)
        await glass.shows(
            app, r"crm_resource --move --resource web1 --node bravo", "the plan with its command"
        )
        assert all(not sent.writes for sent in backend.commands.sent), (
            "sent before it was confirmed"
        )
        with slowed(settled_lab, "web1"):
            await pilot.press("enter")
            pictures, drawn = await follow_to_the_end(app, backend, "web1", "bravo")
    assert_rose(drawn)
    moved = [m for picture in pictures if (m := picture.migration("web1"))]
    assert {(m.source, m.target) for m in moved} == {("alpha", "bravo")}
    assert any(m.remaining_bytes and m.rate_bytes_per_s and m.eta_s is not None for m in moved)
    assert_same_guest(settled_lab, "web1", before.boot_id, before.ticks)
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")


async def test_the_same_with_the_keyboard(
    settled_lab: Lab, connect: Connect, tmp_path: Path
) -> None:
    before = settled_lab.guest("web2")
    backend = connect()
    async with board(backend, tmp_path) as (app, pilot):
        await pilot.press("slash", *"web2", "enter")
        await until(lambda: glass.place(app, r"● web1") is None, "the filter")
        await pilot.press("m", *"char")
        await glass.shows(app, r"LIVE", "the verdict")
        await pilot.press("enter")
        await glass.shows(app, r"--resource web2 --node charlie", "the plan")
        with slowed(settled_lab, "web2"):
            await pilot.press("enter")
            _, drawn = await follow_to_the_end(app, backend, "web2", "charlie")
    assert drawn
    assert_same_guest(settled_lab, "web2", before.boot_id, before.ticks)
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")


async def test_a_vm_that_would_reboot_says_so_and_a_plain_enter_does_not_move_it(
    settled_lab: Lab, connect: Connect, tmp_path: Path
) -> None:
    backend = connect()
    async with board(backend, tmp_path) as (app, pilot):
        await pilot.press("slash", *"db1", "enter")
        await until(lambda: glass.place(app, r"● web1") is None, "the filter")
        await pilot.press("m", *"alpha")
        await glass.shows(app, r"REBOOT", "the verdict, before it is dropped")
        await glass.shows(app, r"allow-migrate", "the reason")
        await pilot.press("enter")
        await glass.shows(app, r"--resource db1 --node alpha", "the plan")
        await pilot.press("enter", "enter")
        await pilot.press("escape")
        await until(lambda: glass.place(app, r"--resource db1") is None, "the plan closed")
        assert all(not sent.writes for sent in backend.commands.sent)
    vm = backend.picture.vm("db1")
    assert vm is not None and vm.node == "bravo"
    assert "cli-" not in settled_lab.run("alpha", "cibadmin", "-Q", "-o", "constraints")
