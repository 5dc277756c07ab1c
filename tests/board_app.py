"""A trivial app around the board, which remembers what the board said."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from textual.app import App, ComposeResult
from textual.message import Message
from textual.pilot import Pilot

from backends.data.picture import Cluster
from backends.judgement.health import Judged
from backends.judgement.outlook import Course, Outlook
from backends.judgement.prospect import Passage, Prospect
from widgets.board import Board


class BoardApp(App[None]):
    def __init__(self) -> None:
        super().__init__()
        self.said: list[Message] = []

    def compose(self) -> ComposeResult:
        yield Board()

    def _remember(self, message: Message) -> None:
        self.said.append(message)

    on_board_picked_up = _remember
    on_board_dropped = _remember
    on_board_put_back = _remember
    on_board_selection_changed = _remember
    on_board_details_wanted = _remember
    on_board_target_changed = _remember
    on_board_unmovable = _remember


class Hands:
    """The board, a pilot, and the two ways of laying hands on it."""

    def __init__(self, app: BoardApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot
        self.board = app.query_one(Board)

    def glass(self) -> str:
        """The text on the board, as far as it is in sight."""
        return "\n".join(self.lines())

    def lines(self) -> list[str]:
        return [self.board.render_line(y).text for y in range(self.board.sight.view.height)]

    def said(self, kind: type[Message]) -> list[Message]:
        return [message for message in self.app.said if isinstance(message, kind)]

    def where(self, vm: str) -> tuple[int, int]:
        """A place on the VM's card, in the view."""
        found = self.board.sight.scene.find(vm)
        assert found is not None, f"{vm} is not on the board"
        region = self.board.sight.layout.card(*found)
        left, top = self.board.scroll_offset
        return region.x + 3 - left, region.y - top

    def column(self, node: str | None) -> tuple[int, int]:
        """A place in the middle of a node's column, in the view."""
        index = self.board.sight.scene.index(node)
        assert index is not None, f"{node} is not on the board"
        region = self.board.sight.layout.columns[index]
        left, top = self.board.scroll_offset
        return region.x + region.width // 2 - left, region.y + region.height // 2 - top

    def head(self, node: str) -> str:
        """The text of a node's head."""
        sight = self.board.sight
        index = sight.scene.index(node)
        assert index is not None
        region = sight.layout.columns[index]
        left, top = sight.scroll
        head_top = sight.layout.head_top(sight.layout.band_of(index), top) - top
        lines = self.lines()[head_top : head_top + sight.layout.head_height]
        return "\n".join(line[region.x - left : region.right - left] for line in lines)

    async def press(self, *keys: str) -> None:
        await self.pilot.press(*keys)

    async def mouse_down(self, at: tuple[int, int], **more: bool) -> None:
        await self.pilot.mouse_down(Board, offset=at, **more)

    async def hover(self, at: tuple[int, int]) -> None:
        await self.pilot.hover(Board, offset=at)

    async def mouse_up(self, at: tuple[int, int]) -> None:
        await self.pilot.mouse_up(Board, offset=at)

    async def show(self, picture: Cluster) -> None:
        self.board.show(picture, judged(picture))
        await self.pilot.pause()


def outlooks(picture: Cluster) -> dict[str, Outlook]:
    """What is to be expected of the copies, by this picture alone."""
    return {each.vm: Course().after(each).outlook for each in picture.migrations}


@asynccontextmanager
async def on_board(picture: Cluster, size: tuple[int, int] = (120, 40)) -> AsyncIterator[Hands]:
    """A board that shows the picture and has the focus."""
    app = BoardApp()
    async with app.run_test(size=size) as pilot:
        hands = Hands(app, pilot)
        hands.board.focus()
        await hands.show(picture)
        app.said.clear()
        yield hands


def judged(picture: Cluster) -> Judged:
    """As it is where the scheduler would move every VM live that may migrate."""
    live = (vm for vm in picture.vms if vm.live_migration.possible)
    prospects = {vm.id: Prospect(Passage.LIVE) for vm in live}
    return Judged(prospects=prospects, outlooks=outlooks(picture))
