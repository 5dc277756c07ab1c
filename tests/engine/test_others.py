"""Somebody else is at work on the same VM."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.acts.migration import migrate
from backends.acts.rescue import rescue
from backends.acts.safe_order import Way
from backends.data.errors import ActFailed, Refused
from engine.acting import all_of, copied, failure_of, foreign_move, found, moving, to_and_fro
from engine.aftermath import Aftermath
from engine.conftest import Connect
from lab import Lab
from lab.pace import held
from waiting import until


async def test_a_second_operator_sends_it_elsewhere_during_the_copy(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """And it was on its target before, by which Pacemaker's belief goes astray most."""
    to_and_fro(lab, "web2", "bravo", "alpha")
    async with connect() as backend, moving(backend, "web2", "bravo", journal) as task:
        with held(lab, "web2"):
            await copied(backend, "web2")
            foreign_move(lab, "web2", "charlie")
            await until(lambda: found(backend, "web2").maintenance, "the guard")
        error = await failure_of(task)
        assert isinstance(error, ActFailed)
        assert "somebody else" in str(error)
        await until(lambda: lab.where("web2") == "charlie", "both operators had their will")
    assert not list(journal.abandoned())
    lab.run("alpha", "crm_resource", "--clear", "--resource", "web2")
    aftermath.check()


async def test_a_second_operator_bans_it_from_its_target_during_the_copy(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    """No constraint of the move is touched; only the scheduler knows what comes of it."""
    ban = '<rsc_location id="kept-away" rsc="web2" node="bravo" score="-INFINITY"/>'
    async with connect() as backend, moving(backend, "web2", "bravo", journal) as task:
        with held(lab, "web2"):
            await copied(backend, "web2")
            lab.cluster.ask("cibadmin", "--create", "--scope", "constraints", "--xml-text", ban)
            await until(lambda: found(backend, "web2").maintenance, "the guard")
        error = await failure_of(task)
        assert isinstance(error, ActFailed)
        assert "was not restarted" in str(error)
        assert found(backend, "web2").node not in (None, "bravo")
    assert not list(journal.abandoned())
    lab.cluster.ask("cibadmin", "--delete", "--xml-text", '<rsc_location id="kept-away"/>')
    aftermath.check()


async def test_a_plan_older_than_the_cluster_is_made_anew_before_it_is_sent(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal
) -> None:
    async with connect() as mine, connect("bravo") as theirs:
        plan = await mine.plan(["app1"], "alpha")
        harmless = await theirs.plan(["app1"], "alpha")
        lab.run("alpha", "crm_attribute", "--name", "noted", "--update", "1")
        aftermath.begin()
        await all_of(migrate(theirs, harmless, journal))
        assert found(theirs, "app1").node == "alpha"
        await mine.refresh()
        with pytest.raises(Refused, match="changed since the plan was made"):
            await all_of(migrate(mine, plan, journal))
        assert not any(sent.writes for sent in mine.commands.sent)
    assert not list(journal.abandoned())
    aftermath.check()


async def test_one_operator_guards_what_another_aborts_from_elsewhere(
    connect: Connect, aftermath: Aftermath, lab: Lab, journal: Journal, tmp_path: Path
) -> None:
    """Neither knows of the other but by the cluster; what one has given back the other leaves."""
    with held(lab, "web2"):
        foreign_move(lab, "web2", "bravo")
        async with connect() as mine, connect("bravo") as theirs:
            await copied(mine, "web2")
            guard = asyncio.create_task(
                all_of(rescue(theirs, "web2", Way.GUARD, Journal(tmp_path / "theirs")))
            )
            await until(lambda: found(mine, "web2").maintenance, "the guard")
            told = (await all_of(rescue(mine, "web2", Way.ABORT, journal)))[-1].text
            await guard
            assert "not restarted" in told
    assert lab.where("web2") == "alpha"
    aftermath.check()
