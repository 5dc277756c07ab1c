"""The command palette: every node and VM by name, and what else the app can do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.style import Style

from tui.views import VIEWS
from widgets.bars import literal

if TYPE_CHECKING:
    from tui.main_screen import MainScreen

BREATH = 200
"""How many candidates are matched before others may run."""


class _Command(NamedTuple):
    text: str
    help: str
    run: Callable[[], object]


def _highlighted(text: str, offsets: Sequence[int], style: Style) -> Content:
    """As `Matcher.highlight`, which reads names as markup."""
    content = Content(text)
    for offset in offsets:
        if not text[offset].isspace():
            content = content.stylize(style, offset, offset + 1)
    return content


class ClusterCommands(Provider):
    """Goes to a node or a VM, picks a VM up, switches views and themes."""

    async def discover(self) -> Hits:
        for command in self._fixed():
            yield DiscoveryHit(Content(command.text), command.run, command.text, command.help)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for number, command in enumerate(self._all()):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            score, offsets = matcher.fuzzy_search.match(query, command.text)
            if score > 0:
                shown = _highlighted(command.text, offsets, matcher.match_style)
                yield Hit(score, shown, command.run, command.text, command.help)

    def _all(self) -> Iterator[_Command]:
        yield from self._fixed()
        yield from self._named()

    def _fixed(self) -> Iterator[_Command]:
        screen = cast("MainScreen", self.screen)
        for view in VIEWS:
            run = partial(screen.action_view, view.name)
            yield _Command(f"View: {view.title}", f"The same as {view.key}", run)
        yield _Command("Balance the nodes", "Propose a few live moves", screen.action_balance)
        yield _Command("Examine the cluster", "Have the doctor look again", screen.examine)
        yield _Command("Refresh", "Look at the cluster again now", screen.action_refresh)
        yield _Command("Pause", "Hold the display, or let it go on", screen.action_pause)
        yield _Command("Filter", "Show only some VMs", screen.action_filter)
        yield _Command("Help", "Every key, and what the glyphs mean", screen.action_help)
        yield _Command("Quit", "Leave vmferry; what runs on the cluster goes on", self._quit)
        for theme in sorted(self.app.available_themes):
            yield _Command(f"Theme: {theme}", "Change the colours", partial(self._theme, theme))

    def _named(self) -> Iterator[_Command]:
        screen = cast("MainScreen", self.screen)
        picture = screen.picture
        for node in picture.nodes:
            run = partial(screen.go_to, None, node.name)
            yield _Command(f"Go to node {literal(node.name)}", "Select it on the board", run)
        for vm in picture.vms:
            name = literal(vm.id)
            yield _Command(f"Go to VM {name}", "Select it", partial(screen.go_to, vm.id, None))
        for node in picture.nodes:
            name, here = literal(node.name), (None, node.name)
            if node.standby:
                run = partial(screen.go_and, *here, screen.action_bring_back)
                yield _Command(f"Take node {name} back", "End its standby", run)
            else:
                run = partial(screen.go_and, *here, screen.action_evacuate)
                yield _Command(f"Evacuate node {name}", "Empty it, then standby", run)
        for vm in picture.vms:
            name, run = literal(vm.id), partial(screen.pick_up, vm.id)
            yield _Command(f"Pick up VM {name}", "Then choose the node to move it to", run)
        for vm in picture.vms:
            run = partial(screen.go_and, vm.id, None, screen.action_checklist)
            help_text = "What its way to a live migration leads past"
            yield _Command(f"Checklist of VM {literal(vm.id)}", help_text, run)

    def _theme(self, name: str) -> None:
        self.app.theme = name

    async def _quit(self) -> None:
        await self.app.run_action("quit")
