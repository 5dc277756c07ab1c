"""Somebody at the app: reads the glass, presses keys, drags, and lets simulated time pass."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from textual.pilot import Pilot, WaitForScreenTimeout

from backends.acts.journal import Journal
from backends.clusters.base import Backend
from backends.clusters.simulated import SimulatedBackend
from tui.app import VmferryApp
from tui.house import House
from tui.main_screen import MainScreen
from waiting import PATIENCE_S
from widgets.board import Board

BARS = 2
"""Lines above the board: they name what is wrong, too."""

STRIDE_S = 5.0
"""How much simulated time passes from one look to the next where nothing but the end is looked for:
each look costs a picture, drawn."""


class Operator:
    step_s = 1.0
    """How much simulated time passes from one look to the next."""

    def __init__(self, app: VmferryApp, pilot: Pilot[None], backend: Backend) -> None:
        self.app = app
        self.pilot = pilot
        self.backend = backend

    @property
    def board(self) -> Board:
        return self.app.query_one(Board)

    @property
    def main(self) -> MainScreen:
        return self.app.query_one(Board).screen  # type: ignore[return-value]

    @property
    def house(self) -> House:
        return self.main.house

    def lines(self) -> list[str]:
        """What is on the glass, line by line, dialogs included."""
        return [strip.text for strip in self.app.screen._compositor.render_strips()]

    def glass(self) -> str:
        screens = reversed(self.app.screen_stack)
        return "\n".join(strip.text for s in screens for strip in s._compositor.render_strips())

    def sees(self, text: str) -> bool:
        """Whether the topmost screen shows this text within one line."""
        return any(text in line for line in self.lines())

    def at(self, text: str, *, below: int = 0) -> tuple[int, int]:
        """Where this text stands on the screen; the first place from the top, or from a line on."""
        for y, line in enumerate(self.lines()):
            if y >= below and text in line:
                return line.index(text), y
        raise AssertionError(f"no {text!r} on the glass:\n" + "\n".join(self.lines()))

    async def press(self, *keys: str) -> None:
        with suppress(WaitForScreenTimeout):  # a busy machine: what comes of it is waited for
            await self.pilot.press(*keys)

    async def type(self, text: str) -> None:
        await self.press(*(("minus" if key == "-" else key) for key in text))

    async def drag(self, vm: str, node: str) -> None:
        """With the mouse, from the VM's card to the node's head."""
        await self.pilot.mouse_down(offset=self.at(vm, below=BARS))
        x, y = self.at(node, below=BARS)
        await self.pilot.hover(offset=(x, y + 1))
        await self.pilot.mouse_up(offset=(x, y + 1))

    async def pick_up(self, vm: str) -> None:
        """With the keyboard."""
        self.board.select(vm)
        await self.press("m")

    async def until(
        self, true: Callable[[], bool], what: str, *, step_s: float | None = None
    ) -> None:
        """Let the app work until it is so."""
        step_s = self.step_s if step_s is None else step_s
        started = time.monotonic()
        while not true():
            assert time.monotonic() - started < PATIENCE_S, f"not {what}:\n{self.glass()}"
            if isinstance(self.backend, SimulatedBackend):
                self.backend.world.advance(step_s)
                await self.backend.refresh()
            with suppress(WaitForScreenTimeout):
                await self.pilot.pause()

    async def until_sees(self, text: str, *, step_s: float | None = None) -> None:
        await self.until(lambda: self.sees(text), f"seen: {text!r}", step_s=step_s)


@asynccontextmanager
async def at_the_app(
    backend: Backend,
    journal: Journal,
    size: tuple[int, int] = (120, 40),
    *,
    connected: bool = True,
) -> AsyncIterator[Operator]:
    """The app on this backend; by default from the moment on when the board is in sight."""
    app = VmferryApp(backend, journal, title="test")
    async with app.run_test(size=size, notifications=True) as pilot:
        operator = Operator(app, pilot, backend)
        if connected:
            await operator.until(
                lambda: app.screen is operator.main and bool(operator.main.picture.nodes),
                "connected",
            )
            await pilot.pause()
        yield operator
