"""Pacemaker does not know since when a constraint is there; of its own moves the journal does."""

from __future__ import annotations

from dataclasses import replace

from acts.scene import calm, carry_out, found, place
from app_operator import at_the_app
from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.acts.origins import set_at
from backends.data import commands
from widgets.bars import clock_text


async def test_a_constraint_that_a_move_of_ours_has_left_is_dated(journal: Journal) -> None:
    async with calm() as backend:
        away = next(n.name for n in backend.picture.nodes if n.name != place(backend, "web1"))
        assert set_at(journal, backend.picture) == {}
        plan = await backend.plan(["web1"], away)
        await carry_out(migrate(backend, replace(plan, keep=True), journal))
        other = next(n.name for n in backend.picture.nodes if n.name != place(backend, "build-7"))
        backend.world.execute(commands.move("build-7", other).argv)
        await backend.refresh()
        assert found(backend, "web1").constraints and found(backend, "build-7").constraints
        (act,) = journal.closed()
        assert set_at(journal, backend.picture) == {"cli-prefer-web1": act.at}


async def test_the_details_tell_it_though_it_was_there_at_the_start(journal: Journal) -> None:
    async with calm() as backend:
        away = next(n.name for n in backend.picture.nodes if n.name != place(backend, "web1"))
        plan = await backend.plan(["web1"], away)
        await carry_out(migrate(backend, replace(plan, keep=True), journal))
        (act,) = journal.closed()
        async with at_the_app(backend, journal) as operator:
            operator.board.select("web1")
            await operator.press("i")
            await operator.until_sees(f"set at {clock_text(act.at)}")
