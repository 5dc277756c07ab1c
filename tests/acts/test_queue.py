"""Many moves at once: few at a time, in an order that can be changed, stopping at a failure."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from acts.scene import (
    boots,
    carry_out,
    fails,
    found,
    left_behind,
    open_acts,
    place,
    rebooted,
    written,
)
from backends.acts.journal import Journal
from backends.acts.queue import STOPPED, MoveQueue
from backends.acts.resume import left_open, resume
from backends.acts.transaction import Stage
from backends.acts.tuning import protected
from backends.clusters.simulated import SimulatedBackend
from backends.data import commands
from backends.data.errors import ActFailed, Refused
from backends.data.picture import Phase
from backends.data.plan import VerdictKind
from backends.judgement.judge import make_plan
from backends.judgement.moves import ItemState, Move, QueueState, confirmed
from waiting import until

SEVERAL = ("web1", "build-7", "dns1")
"""Each goes live and drags nobody along."""


def to_bravo(*vms: str, protect: bool = False) -> list[Move]:
    return [Move(vm, "bravo", protect=protect) for vm in vms]


def moving(commands: Sequence[str]) -> list[str]:
    return [c for c in commands if "--move" in c or "rsc_location" in c]


def states(queue: MoveQueue) -> dict[str, ItemState]:
    return {item.vm: item.state for item in queue.state.items}


def most_at_once(seen: Sequence[QueueState]) -> int:
    return max(len(state.having(ItemState.RUNNING)) for state in seen)


async def watched(queue: MoveQueue) -> list[QueueState]:
    return [state async for state in queue.states.read()]


async def test_as_many_as_the_limit_go_side_by_side_in_order_and_nothing_is_left(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Two are told in one write: told one by one, Pacemaker would begin the second later."""
    before = boots(backend)
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL, protect=True))
    watching = asyncio.create_task(watched(queue))
    reports = await carry_out(queue.run())
    seen = await watching
    done = [r.vm for r in reports if r.stage is Stage.DONE]
    assert (sorted(done[:2]), done[2:]) == (sorted(SEVERAL[:2]), ["dns1"])
    assert {place(backend, vm) for vm in SEVERAL} == {"bravo"}
    assert most_at_once(seen) == 2
    both = {"web1": "bravo", "build-7": "bravo"}
    told = [str(commands.move_together(both)), str(commands.move("dns1", "bravo"))]
    assert moving(written(backend)) == told
    assert set(states(queue).values()) == {ItemState.DONE}
    assert queue.state.finished and queue.state.eta_s == 0
    assert (rebooted(backend, before), left_behind(backend), open_acts(journal)) == (set(), [], [])


@pytest.mark.parametrize("protect", [True, False])
async def test_the_commands_of_a_plan_for_several_are_what_the_queue_sends(
    backend: SimulatedBackend, journal: Journal, protect: bool
) -> None:
    verdict = (await backend.preview(SEVERAL, ["bravo"]))["bravo"]
    picture = protected(backend.picture, SEVERAL) if protect else backend.picture
    plan = make_plan(picture, verdict)
    moves = [replace(move, protect=protect) for move in confirmed(verdict)]
    await carry_out(MoveQueue(backend, journal, moves).run())
    sent = [command for command in written(backend) if "on-fail" not in command]
    assert moving(sent) == moving([str(command) for command in plan.commands])
    assert sorted(sent) == sorted(str(command) for command in plan.commands)


async def test_each_move_keeps_its_constraint_or_does_not(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Side by side too: the two are told in one write."""
    stays, goes = to_bravo("web1", "build-7", protect=True)
    await carry_out(MoveQueue(backend, journal, [replace(stays, keep=True), goes]).run())
    assert {place(backend, vm) for vm in ("web1", "build-7")} == {"bravo"}
    assert [c.node for c in found(backend, "web1").constraints] == ["bravo"]
    assert found(backend, "build-7").constraints == ()
    assert open_acts(journal) == []


async def test_one_after_the_other_where_the_operator_says_so(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL, protect=True))
    assert queue.state.limit == backend.picture.migration_limit == 2
    queue.set_limit(1)
    watching = asyncio.create_task(watched(queue))
    reports = await carry_out(queue.run())
    assert [r.vm for r in reports if r.stage is Stage.DONE] == list(SEVERAL)
    assert most_at_once(await watching) == 1


async def test_whom_a_timeout_would_restart_goes_alone(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Side by side they share the link, and each takes longer."""
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    watching = asyncio.create_task(watched(queue))
    reports = await carry_out(queue.run())
    assert [r.vm for r in reports if r.stage is Stage.DONE] == list(SEVERAL)
    assert most_at_once(await watching) == 1


async def test_what_stops_a_guest_goes_alone(backend: SimulatedBackend, journal: Journal) -> None:
    verdict = (await backend.preview(["legacy-erp"], ["bravo"]))["bravo"]
    moves = [*to_bravo("web1", protect=True), *confirmed(verdict)]
    queue = MoveQueue(backend, journal, moves)
    watching = asyncio.create_task(watched(queue))
    await carry_out(queue.run())
    running = [{item.vm for item in s.having(ItemState.RUNNING)} for s in await watching]
    assert {place(backend, vm) for vm in ("web1", "legacy-erp")} == {"bravo"}
    told = [str(commands.move(vm, "bravo")) for vm in ("web1", "legacy-erp")]
    assert moving(written(backend)) == told
    assert {"legacy-erp"} in running


async def test_an_earlier_stay_on_the_target_is_forgotten_first(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """Else a change of the configuration during the copy can end in a restart."""
    home = place(backend, "web1") or ""
    await carry_out(MoveQueue(backend, journal, to_bravo("web1")).run())
    assert not any("--refresh" in command for command in written(backend))
    before = len(written(backend))
    plan = await backend.plan(["web1"], home)
    await carry_out(MoveQueue(backend, journal, [Move("web1", home)]).run())
    sent = written(backend)[before:]
    assert sent[0] == str(commands.forget_stay("web1", home))
    assert sent == [str(command) for command in plan.commands]


async def test_nothing_is_told_while_a_migration_of_somebody_else_is_in_flight(
    journal: Journal,
) -> None:
    """Pacemaker would plan anew, and may restart the guest that was just copied."""
    async with SimulatedBackend(3, 16, 1, speed=20, scenario="calm") as backend:
        backend.world.execute(commands.move("db-primary", "bravo").argv)
        await backend.refresh()
        await until(lambda: backend.picture.migration("db-primary"), "the other migration")
        queue = MoveQueue(backend, journal, to_bravo("web1"))
        async for report in queue.run():
            if report.stage is Stage.MOVING:
                assert backend.picture.migrations == ()
        assert place(backend, "web1") == "bravo"


async def test_the_time_that_is_left_is_known_once_a_rate_was_measured(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    assert queue.state.eta_s is None
    watching = asyncio.create_task(watched(queue))
    await carry_out(queue.run())
    known = [state.eta_s for state in await watching if state.eta_s is not None]
    assert known[0] > 5 and known[-1] == 0


async def test_a_failure_stops_the_queue_and_the_rest_stays(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.guest("build-7").on_fail = None
    backend.world.fail_next_migration("build-7")
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    error = await fails(queue.run())
    assert isinstance(error, ActFailed) and "build-7" in str(error)
    assert states(queue) == {
        "web1": ItemState.DONE,
        "build-7": ItemState.FAILED,
        "dns1": ItemState.SKIPPED,
    }
    assert queue.state.stopped == "build-7 failed"
    assert (place(backend, "web1"), place(backend, "dns1")) == ("bravo", "alpha")
    assert "restarted" in queue.state.items[1].text


async def test_what_has_become_worse_than_confirmed_is_not_sent(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo("web1"))
    meta = ("--meta", "--set-parameter", "allow-migrate", "--parameter-value", "false")
    backend.world.execute(("crm_resource", "--resource", "web1", *meta))
    error = await fails(queue.run())
    assert isinstance(error, Refused) and "REBOOT now" in str(error)
    assert written(backend) == []
    assert queue.state.stopped == "web1 failed"


async def test_a_reboot_that_was_confirmed_is_carried_out(
    backend: SimulatedBackend, journal: Journal
) -> None:
    verdict = (await backend.preview(["legacy-erp"], ["bravo"]))["bravo"]
    assert verdict.kind is VerdictKind.REBOOT
    await carry_out(MoveQueue(backend, journal, confirmed(verdict)).run())
    assert place(backend, "legacy-erp") == "bravo"


async def test_a_vm_that_was_taken_along_is_not_moved_again(
    backend: SimulatedBackend, journal: Journal
) -> None:
    """`cache` goes where `api` goes."""
    source = place(backend, "api")
    assert source == place(backend, "cache") != "bravo"
    moves = [Move("api", "bravo", VerdictKind.SIDE_EFFECTS), Move("cache", "bravo")]
    queue = MoveQueue(backend, journal, moves)
    await carry_out(queue.run())
    assert states(queue) == {"api": ItemState.DONE, "cache": ItemState.SKIPPED}
    assert (place(backend, "api"), place(backend, "cache")) == ("bravo", "bravo")
    assert left_behind(backend) == []


async def test_paused_nothing_begins_and_resumed_the_rest_does(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    running = asyncio.create_task(carry_out(queue.run()))
    await until(lambda: queue.state.having(ItemState.RUNNING), "the first to run")
    queue.pause()
    await until(lambda: queue.state.having(ItemState.DONE), "the first to arrive")
    moved = written(backend)
    await backend.refresh()
    await asyncio.sleep(0)
    assert queue.state.paused and not queue.state.having(ItemState.RUNNING)
    assert written(backend) == moved and not running.done()
    queue.resume()
    await running
    assert set(states(queue).values()) == {ItemState.DONE}


async def test_stopped_what_runs_arrives_and_the_rest_stays(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    running = asyncio.create_task(carry_out(queue.run()))
    await until(lambda: queue.state.having(ItemState.RUNNING), "the first to run")
    queue.stop()
    await running
    assert states(queue) == {
        "web1": ItemState.DONE,
        "build-7": ItemState.SKIPPED,
        "dns1": ItemState.SKIPPED,
    }
    assert queue.state.stopped == STOPPED
    assert left_behind(backend) == []


async def test_the_order_can_be_changed_and_one_taken_out(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
    queue.move_up("dns1")
    queue.move_up("dns1")
    queue.move_up("dns1")
    queue.remove("build-7")
    assert [item.vm for item in queue.state.items] == ["dns1", "web1"]
    reports = await carry_out(queue.run())
    assert [r.vm for r in reports if r.stage is Stage.DONE] == ["dns1", "web1"]
    assert place(backend, "build-7") == "charlie"


async def test_left_in_the_middle_the_migration_goes_on_and_its_act_stays_open(
    journal: Journal,
) -> None:
    async with SimulatedBackend(3, 16, 1, speed=5, scenario="calm") as backend:
        queue = MoveQueue(backend, journal, to_bravo(*SEVERAL))
        async with aclosing(queue.run()) as reports:
            async for report in reports:
                if report.migration is not None and report.migration.phase is Phase.COPYING:
                    break
        assert backend.picture.migration("web1") is not None
        assert open_acts(journal) == ["move"]


async def test_two_that_were_left_in_flight_are_both_finished_by_the_next_start(
    journal: Journal,
) -> None:
    async with SimulatedBackend(3, 16, 1, speed=20, scenario="calm") as backend:
        before = boots(backend)
        queue = MoveQueue(backend, journal, to_bravo("web1", "dns1", protect=True))
        async with aclosing(queue.run()) as reports:
            async for _ in reports:
                if len([m for m in backend.picture.migrations if m.phase is Phase.COPYING]) == 2:
                    break
        acts = list(left_open(backend, journal))
        assert sorted(act.intent.vm for act in acts) == ["dns1", "web1"]
        for act in acts:
            await carry_out(resume(backend, act))
        assert {place(backend, vm) for vm in ("web1", "dns1")} == {"bravo"}
        assert (rebooted(backend, before), left_behind(backend)) == (set(), [])
        assert open_acts(journal) == []


async def test_read_only_and_twice_the_same(backend: SimulatedBackend, journal: Journal) -> None:
    with pytest.raises(Refused, match="two nodes"):
        MoveQueue(backend, journal, [Move("web1", "bravo"), Move("web1", "charlie")])
    async with SimulatedBackend(3, 16, 1, speed=60, scenario="calm", read_only=True) as looking:
        error = await fails(MoveQueue(looking, journal, to_bravo("web1")).run())
        assert isinstance(error, Refused) and "read-only" in str(error)


async def test_vms_that_go_together_may_take_each_other_along(
    backend: SimulatedBackend, journal: Journal
) -> None:
    guests = backend.world.state.guests
    pair = next((g.colocated_with, g.id) for g in guests.values() if g.colocated_with)
    vms = (str(pair[0]), pair[1])
    target = next(n.name for n in backend.picture.nodes if n.name != place(backend, vms[0]))
    verdict = (await backend.preview(vms, [target]))[target]
    assert verdict.kind is VerdictKind.LIVE
    await carry_out(MoveQueue(backend, journal, confirmed(verdict)).run())
    assert [place(backend, vm) for vm in vms] == [target, target]
    with pytest.raises(Refused, match="SIDE EFFECTS"):
        home = next(n.name for n in backend.picture.nodes if n.name != target)
        await carry_out(MoveQueue(backend, journal, [Move(vms[0], home)]).run())


async def test_more_can_wait_at_the_end_but_no_vm_twice(
    backend: SimulatedBackend, journal: Journal
) -> None:
    queue = MoveQueue(backend, journal, to_bravo("web1"))
    running = asyncio.ensure_future(carry_out(queue.run()))
    queue.add([Move("build-7", "bravo", protect=True)])
    with pytest.raises(Refused, match="in the queue already"):
        queue.add(to_bravo("build-7"))
    await running
    assert states(queue) == {"web1": ItemState.DONE, "build-7": ItemState.DONE}
    assert found(backend, "build-7").migrate_to_on_fail == "block"
    with pytest.raises(Refused, match="has ended"):
        queue.add(to_bravo("dns1"))
