"""Enter on a row leads somewhere: in every table of every view, so that a new one has an answer."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from app_scene import at_the_doctor, colleague_moves, confirm
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from tui.views.board import BOARD
from tui.views.cluster import CLUSTER
from tui.views.doctor import DOCTOR
from tui.views.listed import VIEWS
from tui.views.listing import LIST
from tui.views.queue import QUEUE
from widgets.cluster_sheets import SHEETS
from widgets.table import KeyedTable

NO_TABLES = (BOARD.name, LIST.name)
"""Their Enter opens the details."""
TABLES = [
    (tab.name, turns)
    for tab, _ in VIEWS
    if tab.name not in NO_TABLES
    for turns in range(len(SHEETS) if tab.name == CLUSTER.name else 1)
]
SCENARIOS = {"fencing": "node-loss", "failures": "failed"}


async def go(operator: Operator, view: str, turns: int) -> KeyedTable:
    """To a table with something in it."""
    await operator.press(next(tab.key for tab, _ in VIEWS if tab.name == view))
    await operator.press(*["greater_than_sign"] * turns)
    room = operator.main.house.views[view].widget

    def table() -> KeyedTable | None:
        tables = [room] if isinstance(room, KeyedTable) else list(room.query(KeyedTable))
        return next((each for each in tables if each.has_focus and each.row_count), None)

    await operator.until(lambda: table() is not None, f"something in {view}, table {turns}")
    found = table()
    assert found is not None
    return found


def standing(operator: Operator, table: KeyedTable) -> tuple[object, ...]:
    """All that Enter on a row may change."""
    return len(operator.app.screen_stack), operator.main.rooms.in_sight, table.row_count


async def queue_some(operator: Operator) -> None:
    for vm in ("web1", "web2"):
        operator.board.select(vm)
        await operator.press("x")
    await operator.press("m")
    await operator.type("charlie")
    await operator.press("enter")
    await operator.until_sees("They wait in a queue")
    await confirm(operator)


@pytest.mark.parametrize(("view", "turns"), TABLES)
async def test_enter_on_a_row_leads_somewhere(journal: Journal, view: str, turns: int) -> None:
    sheet = list(SHEETS)[turns] if view == CLUSTER.name else ""
    backend = SimulatedBackend(4, 12, 1, 0, SCENARIOS.get(sheet, "calm"))
    async with at_the_app(backend, journal, size=(140, 40)) as operator:
        if view == DOCTOR.name:
            await at_the_doctor(operator)
        elif view == QUEUE.name:
            await queue_some(operator)
        elif not sheet or sheet == "constraints":
            colleague_moves(operator, "web1", "charlie")
        table = await go(operator, view, turns)
        before = standing(operator, table)
        await operator.press("home", "enter")
        await operator.until(lambda: standing(operator, table) != before, f"led from {view}")


async def test_a_failure_leads_to_its_whole_reason_and_to_its_vm(journal: Journal) -> None:
    backend = SimulatedBackend(4, 12, 1, 0, "failed")
    async with at_the_app(backend, journal, size=(80, 24)) as operator:
        await go(operator, CLUSTER.name, list(SHEETS).index("failures"))
        [failure] = backend.picture.failures
        await operator.press("enter")

        def said() -> str:
            return " ".join(" ".join(line.strip(" │┃") for line in operator.lines()).split())

        await operator.until(
            lambda: len(operator.app.screen_stack) > 1 and failure.reason in said(), "it is open"
        )
        await operator.press("escape")
        await operator.until(lambda: operator.main.selection.vm == failure.resource, "its VM")


async def test_a_command_leads_to_what_went_in_and_came_out(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal, size=(120, 50)) as operator:
        await at_the_doctor(operator)
        table = await go(operator, "logs", 0)
        asked = next(sent for sent in backend.commands.sent if sent.command == "sh -s")
        assert asked.stdin is not None and asked.stdout is not None
        table.select(str(asked.number))
        await operator.press("enter")
        await operator.until_sees("What came out")
        assert operator.sees("✔ 0")
        assert operator.sees(asked.stdout.text.splitlines()[0][:40])


async def test_an_event_leads_to_its_vm_and_what_happened_around_it(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal) as operator:
        colleague_moves(operator, "web1", "charlie")
        await operator.until(
            lambda: any(e.kind == "migration-started" for e in operator.house.chronicle.log.events),
            "it migrates",
        )
        table = await go(operator, "timeline", 0)
        await operator.until_sees("web1 migrates")
        row = next(key for key in table.rows if "web1 migrates" in str(table.get_row(key)))
        table.select(str(row.value))
        await operator.press("enter")
        await operator.until_sees("What happened then")
        assert operator.sees("constraint cli-prefer-web1 was set")
        await operator.press("escape")
        await operator.until(lambda: operator.main.selection.vm == "web1", "its VM")
