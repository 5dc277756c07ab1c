"""The simulated cluster has a past as well, and it answers as that of a real one does."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from backends.clusters.simulated import SimulatedBackend
from backends.clusters.simulated.configuration import FENCE_PASSWORD
from backends.data.errors import Refused, Unknown
from backends.data.plan import ActionKind
from backends.data.timeline import Entry
from backends.past.backend import PastBackend
from backends.past.story import story
from backends.past.whys import why
from past.witness import as_seen


@pytest.fixture
def night() -> SimulatedBackend:
    return SimulatedBackend(4, 24, 1, 0, "night")


@pytest.fixture
def calm() -> SimulatedBackend:
    return SimulatedBackend(3, 12, 1, 0, "calm")


async def told(backend: SimulatedBackend) -> tuple[Entry, ...]:
    async with backend.record as record:
        return story(await record.span(0.0), await record.fencings())


async def test_a_night_is_told_with_who_did_what_and_what_came_of_it(
    night: SimulatedBackend,
) -> None:
    entries = await told(night)
    told_of = {(entry.kind, entry.node or entry.vm): entry for entry in entries}
    standby = told_of["standby", "delta"]
    assert standby.who == "ann with crm_standby on alpha"
    assert {effect.kind for effect in standby.effects} == {"migrated"}
    moved = told_of["prefer", "bravo"]
    assert moved.who == "bob with crm_resource on alpha"
    (timed_out,) = moved.effects
    assert timed_out.kind == "migrate_to-timed-out"
    assert [effect.kind for effect in timed_out.effects] == ["stopped", "started"]
    lost = told_of["node-lost", "bravo"]
    fenced = next(effect for effect in lost.effects if effect.kind == "node-fenced")
    assert "by alpha" in fenced.text
    assert ("node-back", "bravo") in told_of


async def test_why_of_the_night_and_what_would_have_saved_the_guest(
    night: SimulatedBackend,
) -> None:
    async with night.record as record:
        found = await why(record, "web1", await record.span(0.0))
    assert [entry.kind for entry in found.chain] == ["prefer", "migrate_to-timed-out"]
    assert found.decision is not None and found.decision.kind is ActionKind.RECOVER
    assert [saving.planned for saving in found.savings] == [(), ()]
    assert "on-fail=block" in found.savings[0].what


def busy_hour(backend: SimulatedBackend) -> Iterator[None]:
    """What happens while a witness looks on, a step at a time."""
    acts = (
        "crm_resource --move -r web1 --node bravo",
        "crm_standby --node charlie --update on",
        "crm_resource --ban -r web2 --node alpha",
    )
    for words in acts:
        assert backend.world.execute(words.split()).exit_status == 0
        for _ in range(40):
            backend.world.advance(1.3)
            yield
    backend.world.kill("bravo")
    for _ in range(20):
        backend.world.advance(1.3)
        yield
    backend.world.boot("bravo")
    for _ in range(20):
        backend.world.advance(1.3)
        yield


async def test_the_past_is_what_a_witness_saw(calm: SimulatedBackend) -> None:
    looks = [calm.world.picture() for _ in busy_hour(calm)]
    async with PastBackend(calm.record, looks[-1].taken_at) as past:
        for look in looks:
            await past.go(look.taken_at)
            assert as_seen(past.picture) == as_seen(look)
            assert {m.vm for m in past.picture.migrations} == {m.vm for m in look.migrations}


async def test_it_steps_from_decision_to_decision_and_says_where_it_stands(
    night: SimulatedBackend,
) -> None:
    async with PastBackend(night.record, time.time()) as past:
        newest = past.picture.then
        assert newest is not None and newest.number == newest.of
        await past.step(-1)
        assert past.at == newest.decided_at
        await past.step(-1)
        before = past.picture.then
        assert before is not None and before.number == newest.number - 1
        assert before.decided_at == before.at
        await past.step(1)
        assert past.at == newest.decided_at
        await past.go(night.record.files[0].at)
        with pytest.raises(Refused, match="nothing older"):
            await past.step(-1)
        with pytest.raises(Unknown, match="nothing that Pacemaker recorded"):
            await past.go(0.0)


async def test_verdicts_are_those_of_then(night: SimulatedBackend) -> None:
    async with PastBackend(night.record, time.time()) as past:
        assert not (await past.preview(["web2"], ["alpha"]))["alpha"].reasons
        await past.go(next(e.at for e in await told(night) if e.kind == "node-lost"))
        picture = past.picture
        assert [node.name for node in picture.nodes if node.unclean] == ["bravo"]
        assert "bravo" in (await past.preview(["api"], ["bravo"]))["bravo"].reasons[0]


async def test_what_a_lost_node_had_decided_is_dark(calm: SimulatedBackend) -> None:
    calm.world.advance(5)
    calm.world.kill("alpha")
    calm.world.advance(60)
    async with calm.record as record:
        assert record.dark == {"alpha": "no route to host"}
        assert {file.node for file in record.files} == {"bravo"}
        with pytest.raises(Unknown, match="alpha: no route to host"):
            await record.moment(record.files[0].at - 1)


async def test_its_fence_password_goes_no_further(night: SimulatedBackend) -> None:
    secret = FENCE_PASSWORD.encode()
    assert secret in await night.configuration()
    async with PastBackend(night.record, time.time()) as past:
        inputs = await night.record.span(0.0)
        assert secret not in b"".join(each.text + each.configuration for each in inputs)
        assert secret not in await past.configuration()


async def test_who_looks_back_changes_nothing(calm: SimulatedBackend) -> None:
    for _ in busy_hour(calm):
        pass
    before, version = calm.world.picture(), calm.world.state.version
    async with PastBackend(calm.record, before.taken_at) as past:
        await past.go(before.taken_at - 30)
        await past.preview(["web1"])
        await past.foresee(())
    assert past.writer is None
    assert (calm.world.picture(), calm.world.state.version) == (before, version)
