"""The command palette: every node and VM by name, and what else the app can do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content
from textual.style import Style

from backends.data.picture import Cluster
from tui.acts.listed import ACTS
from tui.acts.offer import About
from tui.main_screen import MainScreen
from tui.themes import OURS
from tui.views.listed import VIEWS
from widgets.bars import literal
from widgets.selection import Selection

BREATH = 200
"""How many candidates are matched before others may run."""


HERE, USUAL, FAR = 1.5, 1.0, 0.6
"""How much more what concerns the selection counts, and how much less what concerns many VMs."""
BY_HELP = 0.5
"""What is found by its description comes after what is found by its name."""


class _Command(NamedTuple):
    text: str
    help: str
    run: Callable[[], object]
    weight: float = USUAL
    mass: bool = False
    """Whether it may move many VMs: then only words that stand in it lead to it."""


def _names(words: Sequence[str], text: str) -> bool:
    """Whether every word stands in the text."""
    return all(word in text.casefold() for word in words)


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
        for command in (*self._here(), *self._fixed()):
            yield DiscoveryHit(Content(command.text), command.run, command.text, command.help)

    async def search(self, query: str) -> Hits:
        matcher, words = self.matcher(query), query.casefold().split()
        for number, command in enumerate(self._all()):
            if number % BREATH == 0:
                await asyncio.sleep(0)
            score, offsets = matcher.fuzzy_search.match(query, command.text)
            if command.mass and not _names(words, command.text):
                score = 0.0
            if not score and _names(words, command.help):
                score = BY_HELP
            if score > 0:
                shown = _highlighted(command.text, offsets, matcher.match_style)
                weighed = score * command.weight
                yield Hit(weighed, shown, command.run, command.text, command.help)

    def _all(self) -> Iterator[_Command]:
        yield from self._here()
        yield from self._fixed()
        yield from self._named()

    def _here(self) -> Iterator[_Command]:
        """What can be done to what is highlighted."""
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        chosen = screen.selection
        for offer, _ in ACTS:
            name, act = offer.about.of(chosen), screen.house.acts[offer.name]
            if name and act.suits(screen.picture, chosen):
                text = f"{offer.named(screen.picture, chosen)}: {literal(name)}"
                run = partial(screen.action_act, offer.name)
                yield _Command(text, offer.tooltip, run, HERE, offer.about is not About.VM)
        if chosen.vm is not None:
            text, run = f"Mark: {literal(chosen.vm)}", partial(screen.board.toggle, chosen.vm)
            yield _Command(text, "Mark it, or unmark it: marked VMs are moved together", run, HERE)

    def _fixed(self) -> Iterator[_Command]:
        screen = self.screen
        if isinstance(screen, MainScreen):
            for tab, _ in VIEWS:
                run = partial(screen.action_view, tab.name)
                yield _Command(f"View: {tab.title}", f"The same as {tab.key}", run)
            yield from self._acts(screen, About.CLUSTER, (Selection(),))
            yield _Command("Refresh", "Look at the cluster again now", screen.action_refresh)
            yield _Command("Pause", "Hold the display, or let it go on", screen.action_pause)
            yield _Command("Filter", "Show only some VMs", screen.action_filter)
            yield _Command("Help", "Every key, and what the glyphs mean", screen.action_help)
        yield _Command("Quit", "Leave vmferry; what runs on the cluster goes on", self._quit)
        for theme in OURS:
            yield _Command(f"Theme: {theme}", "Change the colours", partial(self._theme, theme))

    def _named(self) -> Iterator[_Command]:
        screen = self.screen
        if not isinstance(screen, MainScreen):
            return
        nodes, vms = _nodes(screen.picture), _vms(screen.picture)
        for node in nodes:
            name = literal(node.node or "")
            run = partial(screen.go_to, node)
            yield _Command(f"Go to node {name}", "Select it on the board", run)
        for vm in vms:
            name = literal(vm.vm or "")
            yield _Command(f"Go to VM {name}", "Select it", partial(screen.go_to, vm))
        yield from self._acts(screen, About.NODE, nodes)
        yield from self._acts(screen, About.VM, vms)

    def _acts(
        self, screen: MainScreen, about: About, choices: Iterable[Selection]
    ) -> Iterator[_Command]:
        """What may be done to each of these, as far as it makes sense."""
        for offer, _ in ACTS:
            if offer.about is not about or offer.listed is None:
                continue
            for chosen in choices:
                if screen.house.acts[offer.name].suits(screen.picture, chosen):
                    text = offer.listed.format(literal(chosen.vm or chosen.node or ""))
                    run = partial(screen.go_and_act, offer.name, chosen)
                    mass = offer.about is not About.VM
                    yield _Command(text, offer.help, run, FAR if mass else USUAL, mass)

    def _theme(self, name: str) -> None:
        self.app.theme = name

    async def _quit(self) -> None:
        await self.app.run_action("quit")


def _nodes(picture: Cluster) -> tuple[Selection, ...]:
    return tuple(Selection(node=node.name) for node in picture.nodes)


def _vms(picture: Cluster) -> tuple[Selection, ...]:
    return tuple(Selection(vm=vm.id) for vm in picture.vms)
