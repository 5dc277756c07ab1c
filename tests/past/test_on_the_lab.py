"""The past of a real cluster, held against what a witness saw while it was the present."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Iterator
from itertools import pairwise

import pytest

from backends.clusters.command_log import CommandLog
from backends.clusters.live.site import LiveSite
from backends.clusters.ssh import Fleet, Login
from backends.data.timeline import Entry
from backends.past.archive import Archive
from backends.past.backend import PastBackend
from backends.past.story import story
from lab.lab import Lab
from lab.system import wait
from past.witness import NEAR_S, Seen, as_seen, calm, seen

WHO = "root (with crm_(resource|standby|attribute) )?on (alpha|bravo|charlie)"
"""Pacemaker 3.0 does not tell the tool."""
PLANTED = "Pl4nted-on-purpose"


def site(lab: Lab, log: CommandLog | None = None) -> LiveSite:
    fleet = Fleet([lab.nodes[0]], Login(ssh_config=lab.ssh_config), log or CommandLog())
    return LiveSite(lambda: fleet)


async def told(lab: Lab, since: float) -> tuple[Entry, ...]:
    async with Archive(site(lab)) as archive:
        return tuple(e for e in story(await archive.span(since)) if e.at >= since - NEAR_S)


def witnessed(lab: Lab, until: Iterator[bool]) -> list[Seen]:
    """Look again and again, while something is done between the looks, until it is done."""
    looks = [seen(lab)]
    for _ in until:
        looks.append(seen(lab))
    return looks


@pytest.fixture
async def past(settled_lab: Lab) -> AsyncIterator[float]:
    """A settled lab, and since when; its fence device has a password in clear."""
    fencing = ("crm_resource", "-r", "fencing")
    planting = (*fencing, "--set-parameter", "passwd", "--parameter-value", PLANTED)
    await asyncio.to_thread(settled_lab.run, "alpha", *planting)
    yield time.time()
    removing = (*fencing, "--delete-parameter", "passwd")
    await asyncio.to_thread(settled_lab.run, "alpha", *removing)


def moves(lab: Lab) -> Iterator[bool]:
    """A move, a ban and a standby, as colleagues make them."""

    def until(vm: str, *nodes: str) -> Iterator[bool]:
        end = time.monotonic() + 120
        while lab.where(vm) not in nodes:
            assert time.monotonic() < end, f"{vm} is not on {nodes}"
            yield True

    lab.run("alpha", "crm_resource", "--move", "-r", "web1", "--node", "bravo")
    yield from until("web1", "bravo")
    lab.run("alpha", "crm_resource", "--ban", "-r", "web2", "--node", "alpha")
    yield from until("web2", "bravo", "charlie")
    lab.run("bravo", "crm_standby", "--node", "charlie", "--update", "on")
    yield from until("app1", "alpha", "bravo")
    wait(lab.cluster.is_idle, 60, "nothing is under way")
    lab.run("bravo", "crm_standby", "--node", "charlie", "--update", "off")
    yield True


async def test_the_past_is_what_a_witness_saw(past: float, settled_lab: Lab) -> None:
    looks = await asyncio.to_thread(lambda: witnessed(settled_lab, moves(settled_lab)))
    assert sum(one.view != other.view for one, other in pairwise(looks)) >= 3
    compared = list(calm(looks))
    assert compared
    wrong = []
    async with PastBackend(Archive(site(settled_lab)), past) as backend:
        for look in compared:
            await backend.go(look.at)
            if as_seen(backend.picture) != look.view:
                wrong.append((look, as_seen(backend.picture)))
    assert len(wrong) <= len(compared) / 100, wrong


async def test_who_did_what_is_told_and_no_password(past: float, settled_lab: Lab) -> None:
    await asyncio.to_thread(lambda: witnessed(settled_lab, moves(settled_lab)))
    entries = await told(settled_lab, past)
    by_kind = {(entry.kind, entry.vm or entry.node): entry for entry in entries}
    for key, moved in (
        (("prefer", "web1"), ("web1", "alpha", "bravo")),
        (("standby", "charlie"), None),
        (("ban", "web2"), ("web2", "alpha", None)),
    ):
        cause = by_kind[key]
        assert cause.who is not None and re.fullmatch(WHO, cause.who)
        effects = [e for e in cause.effects if e.kind == "migrated"]
        if moved is not None:
            assert [(e.vm, e.node) for e in effects] == [moved[:2]]
            assert moved[2] in (None, effects[0].target)
    assert by_kind["standby", "charlie"].effects
    assert PLANTED not in repr(entries)
    log = CommandLog()
    async with PastBackend(Archive(site(settled_lab, log)), time.time()) as backend:
        assert PLANTED.encode() not in await backend.configuration()
        assert PLANTED not in repr(backend.picture)
        assert PLANTED not in repr(log.sent)
        verdict = (await backend.preview(["web1"], ["charlie"]))["charlie"]
        assert verdict.vms == ("web1",)
    raw = await asyncio.to_thread(settled_lab.run, "alpha", "cibadmin", "--query")
    assert PLANTED in raw
