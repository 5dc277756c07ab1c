"""Make the pictures of the README: `python screenshots/make.py [--png FOLDER]`.

It drives the app itself on a simulated cluster whose clock stands still unless told, so that the
same code gives the same pictures.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from textual.pilot import Pilot

from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.app import VmferryApp
from widgets.board import Board

HERE = Path(__file__).parent
NIGHT_S = 1_763_865_600.0
"""When the pictures are taken: 2025-11-23 02:40:00 UTC."""


class Still:
    """The app, the hands at it, and its time."""

    def __init__(self, app: VmferryApp, pilot: Pilot[None], backend: SimulatedBackend) -> None:
        self.app = app
        self.pilot = pilot
        self.backend = backend
        self.board = app.query_one(Board)

    async def wait(self, seconds: float) -> None:
        """Let simulated time pass, as seen in pictures."""
        await self.backend.advance(seconds)
        await self.pilot.pause()

    async def until(self, true: Callable[[], bool]) -> None:
        while not true():
            await self.pilot.pause(0.02)

    def glass(self) -> str:
        lines = range(self.board.size.height)
        return "\n".join(self.board.render_line(line).text for line in lines)

    def text(self) -> str:
        """What is on the whole screen, dialogs included."""
        return "\n".join(s.text for s in self.app.screen._compositor.render_strips())

    async def pick_up(self, vm: str, target: str) -> None:
        self.board.select(vm)
        await self.pilot.press("m")
        await self.until(lambda: "LIVE" in self.glass() or "REBOOT" in self.glass())
        await self.pilot.press(*target)
        await self.pilot.pause()

    async def plan(self, vm: str, target: str) -> None:
        await self.pick_up(vm, target)
        await self.pilot.press("enter")
        await self.until(lambda: bool(self.app.screen.query("#confirm:focus")))

    async def move(self, vm: str, target: str) -> None:
        await self.plan(vm, target)
        await self.pilot.press("enter")
        await self.until(lambda: len(self.app.screen_stack) == 1)


@asynccontextmanager
async def still(size: tuple[int, int], scenario: str) -> AsyncIterator[Still]:
    backend = SimulatedBackend(4, 18, seed=7, speed=0, scenario=scenario, clock=lambda: NIGHT_S)

    def clock() -> float:
        return backend.world.picture().taken_at

    with tempfile.TemporaryDirectory() as journal:
        app = VmferryApp(backend, Journal(Path(journal)), title="prod-east", clock=clock)
        async with app.run_test(size=size) as pilot:
            shot = Still(app, pilot, backend)
            await shot.until(lambda: len(app.screen_stack) == 1 and bool(shot.board.selection.node))
            await shot.wait(30)
            yield shot


async def board(shot: Still) -> None:
    """A colleague moves a VM; an old constraint and a load peak are there to be seen."""
    shot.backend.world.execute(("crm_resource", "--move", "--resource", "ldap", "--node", "alpha"))
    await shot.wait(40)
    shot.backend.world.execute(
        ("crm_resource", "--move", "--resource", "gitlab", "--node", "bravo")
    )
    await shot.wait(8)


async def picking_up(shot: Still) -> None:
    await shot.pick_up("files", "delta")


async def plan(shot: Still) -> None:
    await shot.plan("db-primary", "delta")


async def migrating(shot: Still) -> None:
    await shot.move("db-primary", "bravo")
    await shot.wait(12)
    await shot.pilot.press("i")
    await shot.wait(1)


async def stalled(shot: Still) -> None:
    """A guest dirties its memory faster than the link carries it."""
    guest = shot.backend.world.guest("db-primary")
    guest.dirty_rate_bytes_per_s, guest.working_set_bytes = 1.5 * 2**30, 12 * 2**30
    await shot.move("db-primary", "bravo")
    await shot.pilot.press("i")
    while "stalled" not in shot.glass():
        await shot.wait(1)


async def evacuating(shot: Still) -> None:
    shot.board.select(None, "bravo")
    await shot.pilot.press("e")
    await shot.until(lambda: bool(shot.app.screen.query("#confirm:focus, #word:focus")))


async def doctor(shot: Still) -> None:
    """What makes migrations fail; the cure of one of them waits for a stop."""
    await shot.pilot.press("5")
    await shot.until(lambda: "examined" in shot.text())
    await shot.pilot.press("down", "down", "c")
    await shot.until(lambda: bool(shot.app.screen.query("#confirm:focus")))
    await shot.pilot.press("enter")
    await shot.until(lambda: "◷ waits" in shot.text() and "examined" in shot.text())
    shot.app.clear_notifications()
    await shot.pilot.press("down")


async def narrow(shot: Still) -> None:
    await shot.move("web1", "bravo")
    await shot.wait(5)


SCENARIOS = {"doctor": "unfit"}
"""Of the pictures that need another one than a calm cluster."""
SHOTS: dict[str, tuple[tuple[int, int], Callable[[Still], Awaitable[None]]]] = {
    "board": ((132, 36), board),
    "picking-up": ((132, 36), picking_up),
    "plan": ((132, 36), plan),
    "migrating": ((132, 36), migrating),
    "stalled": ((132, 36), stalled),
    "evacuating": ((132, 36), evacuating),
    "doctor": ((132, 36), doctor),
    "narrow": ((80, 24), narrow),
}


async def make(png: Path | None) -> None:
    for name, (size, scene) in SHOTS.items():
        async with still(size, SCENARIOS.get(name, "calm")) as shot:
            await scene(shot)
            await shot.pilot.pause()
            svg = shot.app.export_screenshot(title="vmferry")
        (HERE / f"{name}.svg").write_text(svg)
        print(f"{name}.svg")
        if png is not None:
            import cairosvg

            font = svg.replace("Fira Code", "DejaVu Sans Mono")
            cairosvg.svg2png(bytestring=font.encode(), write_to=str(png / f"{name}.png"))


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the pictures of the README.")
    parser.add_argument("--png", type=Path, help="also put a PNG of each into this folder")
    arguments = parser.parse_args()
    os.environ["TZ"] = "UTC"
    time.tzset()
    asyncio.run(make(arguments.png))


if __name__ == "__main__":
    main()
