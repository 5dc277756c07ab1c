"""The newest value for any number of readers, and the tasks and the list built on it."""

from __future__ import annotations

import asyncio

import pytest

from backends.aio.latest import Latest
from backends.aio.tasks import cancel, first_success, until_one_ends
from backends.clusters.command_log import CommandLog


async def collect(latest: Latest[int], into: list[int]) -> None:
    async for value in latest.read():
        into.append(value)


async def settle() -> None:
    """Let every task that can run do so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_a_reader_begins_with_the_newest_and_gets_each_change() -> None:
    latest: Latest[int] = Latest()
    latest.publish(1)
    latest.publish(2)
    seen: list[int] = []
    reader = asyncio.create_task(collect(latest, seen))
    await settle()
    latest.publish(3)
    await settle()
    latest.publish(3)
    await settle()
    latest.publish(4)
    latest.close()
    await reader
    assert seen == [2, 3, 4]
    assert latest.value == 4


async def test_a_slow_reader_gets_the_newest_only() -> None:
    latest: Latest[int] = Latest()
    latest.publish(0)
    reader = latest.read()
    assert await anext(reader) == 0
    for number in range(1, 1000):
        latest.publish(number)
    assert await anext(reader) == 999
    latest.close()
    with pytest.raises(StopAsyncIteration):
        await anext(reader)


async def test_readers_do_not_disturb_each_other() -> None:
    latest: Latest[int] = Latest()
    lists: list[list[int]] = [[], [], []]
    readers = [asyncio.create_task(collect(latest, each)) for each in lists]
    await settle()
    readers[0].cancel()
    latest.publish(1)
    await settle()
    latest.close()
    await asyncio.gather(*readers, return_exceptions=True)
    assert lists == [[], [1], [1]]


async def test_a_value_published_just_before_the_end_is_still_read() -> None:
    latest: Latest[int] = Latest()
    seen: list[int] = []
    reader = asyncio.create_task(collect(latest, seen))
    await settle()
    latest.publish(7)
    latest.close()
    await reader
    assert seen == [7]


async def test_a_reader_of_nothing_ends_when_it_is_closed() -> None:
    latest: Latest[int] = Latest()
    latest.close()
    assert [value async for value in latest.read()] == []


async def test_when_one_ends_the_others_are_ended_before_it_returns() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            ended.append("forever")

    async def soon() -> None:
        await asyncio.sleep(0)

    await until_one_ends(forever(), soon(), forever())
    assert ended == ["forever", "forever"]


async def test_the_error_of_the_one_that_failed_is_raised() -> None:
    async def fails() -> None:
        raise ValueError("that one")

    async def forever() -> None:
        await asyncio.Event().wait()

    with pytest.raises(ValueError, match="that one"):
        await until_one_ends(forever(), fails())


async def test_cancelling_the_whole_ends_its_parts() -> None:
    ended: list[str] = []

    async def forever() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("forever")

    whole = asyncio.create_task(until_one_ends(forever(), forever()))
    await settle()
    await cancel(whole)
    assert whole.cancelled()
    assert ended == ["forever", "forever"]


async def test_the_first_success_wins_over_earlier_failures() -> None:
    async def fails() -> int:
        raise OSError("no")

    async def succeeds() -> int:
        await asyncio.sleep(0)
        return 5

    assert await first_success(fails(), succeeds(), raises=OSError) == 5
    with pytest.raises(OSError, match="no"):
        await first_success(fails(), fails(), raises=OSError)


async def test_an_error_of_another_kind_is_not_swallowed() -> None:
    async def fails() -> int:
        raise KeyError("a bug")

    async def waits() -> int:
        await asyncio.Event().wait()
        return 1

    with pytest.raises(KeyError):
        await first_success(fails(), waits(), raises=OSError)


def test_a_command_is_listed_when_it_is_sent_and_when_it_ended() -> None:
    log = CommandLog()
    with log.record("alpha", "crm_mon", writes=False) as recorder:
        (sent,) = log.sent
        assert (sent.node, sent.command, sent.duration_s, sent.exit_status) == (
            "alpha", "crm_mon", None, None,
        )  # fmt: skip
        recorder.exit_status = 102
    (sent,) = log.sent
    assert sent.exit_status == 102 and sent.duration_s is not None


def test_a_command_that_was_lost_ended_without_a_status() -> None:
    log = CommandLog()
    with pytest.raises(ConnectionError), log.record("alpha", "crm_mon", writes=True):
        raise ConnectionError
    (sent,) = log.sent
    assert sent.exit_status is None and sent.duration_s is not None and sent.writes


def test_only_the_newest_commands_are_kept_and_numbers_go_on() -> None:
    log = CommandLog(keep=3)
    with log.record("alpha", "long") as outer:
        for number in range(5):
            with log.record("alpha", f"command {number}") as recorder:
                recorder.exit_status = 0
        outer.exit_status = 0
    assert [(s.number, s.command) for s in log.sent] == [
        (4, "command 2"), (5, "command 3"), (6, "command 4"),
    ]  # fmt: skip


async def test_readers_of_the_list_see_it_change() -> None:
    log = CommandLog()
    reader = log.changes()
    with log.record("alpha", "crm_mon") as recorder:
        assert [s.exit_status for s in await anext(reader)] == [None]
        recorder.exit_status = 0
    assert [s.exit_status for s in await anext(reader)] == [0]
