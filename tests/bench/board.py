"""What the board costs: a tick (show and paint), and a key to paint.

Run as `PYTHONPATH=tests python tests/bench/board.py`. A trivial app with one key and one line is
measured beside it: what Textual itself takes on this machine.
"""

from __future__ import annotations

import asyncio
import statistics
import time
from dataclasses import replace

from textual._compositor import CompositorUpdate
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.reactive import reactive
from textual.widget import Widget

from backends.data.picture import Cluster
from board_pictures import cluster
from widgets.board import Board

SIZE = (200, 50)
ROUNDS = 30
SCALES = ((3, 40), (8, 300), (32, 2000))


class Trivial(Widget, can_focus=True):
    """One number, one key."""

    BINDINGS = [("down,up", "more", "More")]  # noqa: RUF012
    number = reactive(0)

    def render(self) -> str:
        return str(self.number)

    def action_more(self) -> None:
        self.number += 1


class Bench(App[None]):
    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget

    def compose(self) -> ComposeResult:
        yield self.widget


def changed(picture: Cluster, share: float, seed: int) -> Cluster:
    """The picture after a tick in which so many of its VMs changed their load."""
    count = max(1, round(len(picture.vms) * share))
    every = len(picture.vms) // count
    vms = tuple(
        replace(vm, cpu_percent=(index * 37 + seed * 11) % 100) if index % every == 0 else vm
        for index, vm in enumerate(picture.vms)
    )
    nodes = tuple(
        replace(node, cpu_percent=(index * 29 + seed * 13) % 100)
        for index, node in enumerate(picture.nodes)
    )
    return replace(picture, vms=vms, nodes=nodes, taken_at=float(seed))


async def ticks(nodes: int, vms: int, share: float) -> tuple[float, float]:
    """The milliseconds of show() alone, and with the painting."""
    board = Board()
    app = Bench(board)
    async with app.run_test(size=SIZE) as pilot:
        picture = cluster(nodes, vms)
        board.show(picture)
        await pilot.pause()
        shown, painted = [], []
        for seed in range(1, ROUNDS):
            picture = changed(picture, share, seed)
            start = time.process_time()
            board.show(picture)
            shown.append(time.process_time() - start)
            paint(app, board)
            painted.append(time.process_time() - start)
            await pilot.pause()
        return 1000 * statistics.median(shown), 1000 * statistics.median(painted)


def paint(app: App[None], board: Board) -> None:
    """Do at once what the app would do when idle: draw what is dirty, and encode it."""
    regions = list(board._exchange_repaint_regions())
    if not regions:
        return
    compositor = app.screen._compositor
    offset = board.region.offset
    compositor._dirty_regions.update(region.translate(offset) for region in regions)
    update = compositor.render_update()
    if isinstance(update, CompositorUpdate):
        update.render_segments(app.console)


async def key_to_paint(widget: Widget, picture: Cluster | None) -> float:
    """The milliseconds from a key to the end of the repaint, median."""
    app = Bench(widget)
    async with app.run_test(size=SIZE) as pilot:
        if isinstance(widget, Board) and picture is not None:
            widget.show(picture)
        widget.focus()
        await pilot.pause()
        return 1000 * statistics.median(
            [await _one_key(pilot, app, key) for key in ("down", "up") * (ROUNDS // 2)]
        )


async def _one_key(pilot: Pilot[None], app: App[None], key: str) -> float:
    painted = asyncio.Event()
    display = app._display

    def seen(*arguments: object) -> None:
        display(*arguments)  # type: ignore[arg-type]
        painted.set()

    app._display = seen  # type: ignore[method-assign, assignment]
    start = time.perf_counter()
    app.simulate_key(key)
    await painted.wait()
    took = time.perf_counter() - start
    app._display = display  # type: ignore[method-assign]
    await pilot.pause()
    return took


async def main() -> None:
    print(f"{SIZE[0]}×{SIZE[1]}, medians of {ROUNDS}, in ms (ticks: of CPU time)")
    print(f"{'nodes':>6} {'VMs':>6} {'changed':>8} {'show':>7} {'show+paint':>11}")
    for nodes, vms in SCALES:
        for share in (1.0, 0.1, 0.0):
            shown, painted = await ticks(nodes, vms, share)
            words = "one" if not share else f"{share:.0%}"
            print(f"{nodes:>6} {vms:>6} {words:>8} {shown:>7.1f} {painted:>11.1f}")
    print("key to paint")
    trivial = await key_to_paint(Trivial(), None)
    print(f"{'a trivial app':>20} {trivial:>7.1f}")
    for nodes, vms in SCALES:
        took = await key_to_paint(Board(), cluster(nodes, vms))
        print(f"{nodes:>10} {vms:>9} {took:>7.1f}   × {took / trivial:.1f}")


if __name__ == "__main__":
    asyncio.run(main())
