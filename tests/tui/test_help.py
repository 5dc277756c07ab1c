"""The help: one text of chapters, the view in sight first, and searched by typing."""

from __future__ import annotations

from app_operator import Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.help_screen import HelpScreen
from tui.help_text import Chapter, Entry, found, lines


async def open_help(operator: Operator) -> None:
    await operator.press("question_mark")
    await operator.until(lambda: isinstance(operator.app.screen, HelpScreen), "help")
    await operator.pilot.pause()


async def test_it_begins_with_the_view_in_sight(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("7")
        await open_help(operator)
        assert operator.at("│  Queue")[1] < operator.at("│  Board")[1]


async def test_typing_searches_and_escape_first_ends_the_search(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await open_help(operator)
        await operator.type("quit")
        await operator.until_sees("/ quit")
        assert not operator.sees("A screenful up")
        await operator.press("backspace", "escape")
        await operator.pilot.pause()
        assert not operator.sees("/ qui")
        assert isinstance(operator.app.screen, HelpScreen)
        await operator.press("escape")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")


CHAPTERS = (
    Chapter("Board", (Entry("m", "Pick up"), Entry("x", "Mark"))),
    Chapter("Queue", (Entry("x", "Take out"),)),
)


def test_a_search_finds_keys_words_and_whole_chapters() -> None:
    assert found(CHAPTERS, "") == CHAPTERS
    assert found(CHAPTERS, "PICK") == (Chapter("Board", (Entry("m", "Pick up"),)),)
    assert found(CHAPTERS, "board") == CHAPTERS[:1]
    assert found(CHAPTERS, "nothing like it") == ()


def test_words_wrap_beside_their_key() -> None:
    long = Chapter("Board", (Entry("m", "word " * 20),))
    head, first, second, *_ = [line.plain for line in lines([long], 40)]
    assert head == "Board"
    assert first.startswith(" m ")
    assert second.startswith(" " * first.index("word"))
    assert all(len(line.plain) <= 40 for line in lines([long], 40))
