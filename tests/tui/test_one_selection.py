"""Whatever is highlighted, in whatever view, is what a key acts on: over all views and acts."""

from __future__ import annotations

import pytest

from app_operator import BARS, Operator, at_the_app
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.act_menu import ActMenu
from tui.acts.listed import ACTS
from tui.acts.offer import About, Offer
from tui.modal import Modal
from tui.views.doctor import DOCTOR
from tui.views.listed import VIEWS
from tui.views.view import Selecting
from widgets.details import Details
from widgets.doctor_view import DoctorView

KEYED = [offer for offer, _ in ACTS if offer.key and offer.about is not About.CLUSTER]
VM, NODE = "legacy-erp", "charlie"
EMPTY = ("timeline", "logs", "queue")
"""Views in which nothing is highlighted where nothing has happened."""


async def highlight(operator: Operator, view: str, about: About) -> bool:
    """Go into the view and highlight something that is not what the board's cursor is on."""
    await operator.press(next(tab.key for tab, _ in VIEWS if tab.name == view))
    room = operator.main.house.views[view]
    if view == "cluster":
        await operator.press(*([] if about is About.NODE else ["greater_than_sign"]))
    if not isinstance(room, Selecting):
        return False
    if view == "list" and about is About.NODE:
        await operator.press("t")
    wanted = NODE if about is About.NODE else VM
    for step in range(120):
        if view != "board" and step % 40 == 0:  # rows may have changed places meanwhile
            await operator.press("home")
        await operator.pilot.pause()
        now = about.of(operator.main.selection)
        if now == wanted and (about is not About.NODE or operator.main.selection.vm is None):
            return True
        if view == "board":
            operator.board.select(None if about is About.NODE else VM, NODE)
            await operator.pilot.pause()
        else:
            await operator.press("down")
    return False


def lines_with(operator: Operator, text: str) -> list[str]:
    return [line for line in operator.lines() if text in line]


def answers(operator: Operator, before: int) -> list[str]:
    """What is told of an act: the titles of its dialogs, what a message says, a checklist."""
    dialogs = [screen for screen in operator.app.screen_stack[before:] if isinstance(screen, Modal)]
    titles = [str(screen.query_one("#dialog").border_title) for screen in dialogs]
    said = [f"{note.title} {note.message}" for note in operator.app._notifications]
    checklist = operator.main.rooms.in_sight == DOCTOR.name and not dialogs
    of = operator.main.query_one(DoctorView).selected_vm if checklist else None
    return [*titles, *said, *([of] if of else [])]


@pytest.mark.parametrize("offer", KEYED, ids=lambda offer: offer.name)
@pytest.mark.parametrize("view", [tab.name for tab, _ in VIEWS if tab.name not in EMPTY])
async def test_a_key_acts_on_what_is_highlighted_and_on_nothing_else(
    backend: SimulatedBackend, journal: Journal, view: str, offer: Offer
) -> None:
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        await highlight(operator, view, offer.about)
        name = offer.about.of(operator.main.selection)
        before = len(operator.app.screen_stack)
        await operator.press(offer.key)
        await operator.pilot.pause()
        if name is None:
            assert not operator.app.screen_stack[before:], "nothing is highlighted: nothing is done"
            return
        await operator.until(lambda: bool(answers(operator, before)), f"an answer to {offer.key}")
        assert all(name in answer for answer in answers(operator, before))


@pytest.mark.parametrize("view", EMPTY)
async def test_where_nothing_is_highlighted_no_key_does_anything(
    backend: SimulatedBackend, journal: Journal, view: str
) -> None:
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        for offer in KEYED:
            await highlight(operator, view, offer.about)
            assert offer.about.of(operator.main.selection) is None
            await operator.press(offer.key)
            await operator.pilot.pause()
            assert operator.app.screen is operator.main, offer.name
            assert operator.main.rooms.in_sight == view, offer.name


@pytest.mark.parametrize("offer", KEYED, ids=lambda offer: offer.name)
async def test_the_palette_acts_on_what_is_highlighted(
    backend: SimulatedBackend, journal: Journal, offer: Offer
) -> None:
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        assert await highlight(operator, "list", offer.about)
        name = offer.about.of(operator.main.selection)
        assert name is not None
        before = len(operator.app.screen_stack)
        suits = operator.house.acts[offer.name].suits(
            operator.main.picture, operator.main.selection
        )
        await operator.press("colon")
        wanted = f"{offer.label}: {name}"
        await operator.type(wanted)
        await operator.pilot.pause()
        if not suits:
            assert len(lines_with(operator, wanted)) <= 1, "only what was typed is there"
            # Textual's palette still searches: an app that ends meanwhile takes its list from it.
            await operator.press("escape")
            await operator.until(lambda: len(operator.app.screen_stack) == before, "it closed")
            return
        await operator.until(lambda: len(lines_with(operator, wanted)) > 1, "it is found")
        await operator.press("enter")
        await operator.until(lambda: bool(answers(operator, before)), f"an answer to {wanted}")
        assert all(name in answer for answer in answers(operator, before))


@pytest.mark.parametrize("about", [About.VM, About.NODE], ids=lambda each: each.value)
@pytest.mark.parametrize("view", ["board", "list", "cluster"])
async def test_the_details_are_of_what_is_highlighted(
    backend: SimulatedBackend, journal: Journal, view: str, about: About
) -> None:
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        assert await highlight(operator, view, about)
        await operator.press("i")
        name = VM if about is About.VM else NODE
        details = operator.main.query_one(Details)
        await operator.until(lambda: details.content.plain.startswith(name), "its details")


@pytest.mark.parametrize("about", [About.VM, About.NODE], ids=lambda each: each.value)
@pytest.mark.parametrize("view", ["board", "list", "cluster"])
async def test_the_menu_is_about_what_is_highlighted(
    backend: SimulatedBackend, journal: Journal, view: str, about: About
) -> None:
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        assert await highlight(operator, view, about)
        await operator.press("full_stop")
        await operator.until(lambda: isinstance(operator.app.screen, ActMenu), "the menu")
        title = str(operator.app.screen.query_one("#dialog").border_title)
        assert (VM if about is About.VM else NODE) in title


async def test_evacuate_empties_the_node_that_is_highlighted_in_a_table(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        assert await highlight(operator, "cluster", About.NODE)
        await operator.press("e")
        await operator.until_sees(f"Evacuate {NODE}")


async def test_marks_are_counted_and_win_over_the_cursor(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select("web1")
        await operator.press("x")
        await operator.until_sees("◉ 1 marked")
        operator.board.select("legacy-erp")
        await operator.press("m")
        await operator.pilot.pause()
        assert operator.board.carrying == ("web1",)


async def test_the_list_marks_and_picks_up_as_the_board_does(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        assert await highlight(operator, "list", About.VM)
        await operator.press("x")
        await operator.until_sees("◉ 1 marked")
        assert operator.board.marked == {VM}
        await operator.press("m")
        await operator.until(lambda: operator.board.carrying == (VM,), "in the hand")


async def test_a_right_click_opens_the_menu_of_what_is_pointed_at(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        for key, text, name in (
            ("1", "web2", "web2"),
            ("2", "mail", "mail"),
            ("1", "● charlie", "charlie"),
            ("3", "● online", "alpha"),
        ):
            await operator.press(key)
            await operator.pilot.click(offset=operator.at(text, below=BARS), button=3)
            await operator.until(lambda: isinstance(operator.app.screen, ActMenu), "the menu")
            selection = operator.main.selection
            assert name in (selection.vm, selection.node)
            await operator.press("escape")
            assert len(operator.app.screen_stack) == 1, "and it opens nothing else"
