"""Running commands on a machine over SSH."""

from __future__ import annotations

import asyncio
import sys

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backends.clusters.ssh import Host
from backends.data.errors import Refused, TimedOut, Unreachable
from ssh.site import Site
from ssh.sshd import Server

WORDS = st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")))
ECHO = "import sys; sys.stdout.buffer.write('\\0'.join(sys.argv[1:]).encode())"


async def test_an_answer_has_exit_status_output_and_errors(host: Host) -> None:
    answer = await host.run(["sh", "-c", "cat; echo bad >&2; exit 3"], stdin=b"\x00\xffgiven")
    assert (answer.exit_status, answer.stdout, answer.stderr) == (3, b"\x00\xffgiven", b"bad\n")


async def test_a_missing_command_answers_127(host: Host) -> None:
    assert (await host.run(["no-such-command"])).exit_status == 127


async def test_a_killed_command_answers_the_negative_signal(host: Host) -> None:
    assert (await host.run(["sh", "-c", "kill -TERM 0"])).exit_status == -15


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(words=WORDS)
async def test_every_word_arrives_as_it_was_sent(host: Host, words: list[str]) -> None:
    answer = await host.run([sys.executable, "-I", "-c", ECHO, *words])
    assert answer.stdout.decode() == "\0".join(words)


@pytest.mark.parametrize("argv", [[], ["echo", "a\0b"], ["echo", "\ud800"]])
async def test_what_no_command_line_can_carry_is_refused(host: Host, argv: list[str]) -> None:
    with pytest.raises(Refused):
        await host.run(argv)


async def test_megabytes_go_both_ways(host: Host) -> None:
    much = bytes(range(256)) * 16384
    assert (await host.run(["cat"], stdin=much)).stdout == much


async def test_a_command_may_ignore_its_input(host: Host) -> None:
    assert (await host.run(["true"], stdin=b"x" * 4_000_000)).exit_status == 0


async def test_many_callers_share_one_connection_and_at_most_eight_sessions(
    host: Host, alpha: Server
) -> None:
    answers = await asyncio.gather(*(host.run(["echo", str(n)]) for n in range(40)))
    assert [int(answer.stdout) for answer in answers] == list(range(40))
    assert alpha.logins == 1
    assert 1 < alpha.most_sessions <= 10


async def test_a_command_that_takes_too_long_ends_there_and_leaves_no_channel(
    host: Host, alpha: Server
) -> None:
    with pytest.raises(TimedOut, match="sleep gave no answer") as failure:
        await host.run(["sleep", "1000"], timeout_s=0.2)
    assert failure.value.where == "alpha"
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


async def test_a_command_that_ignores_the_request_to_end_is_killed(
    host: Host, alpha: Server
) -> None:
    with pytest.raises(TimedOut):
        await host.run(["sh", "-c", "trap '' TERM; while :; do sleep 1; done"], timeout_s=0.3)
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


async def test_a_cancelled_caller_leaves_neither_channel_nor_process(
    host: Host, alpha: Server
) -> None:
    calls = [asyncio.create_task(host.run(["sleep", "1000"])) for _ in range(5)]
    await alpha.until(lambda: len(alpha.pids) == 5)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    assert all(call.cancelled() for call in calls)
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


@pytest.mark.parametrize("turns", range(8))
async def test_a_caller_cancelled_while_the_channel_opens_leaves_none(
    host: Host, alpha: Server, turns: int
) -> None:
    call = asyncio.create_task(host.run(["sleep", "1000"]))
    for _ in range(turns):
        await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    await host.run(["true"])
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


async def test_sessions_are_free_again_after_timeouts(host: Host) -> None:
    late = [host.run(["sleep", "1000"], timeout_s=0.1) for _ in range(20)]
    assert all(isinstance(e, TimedOut) for e in await asyncio.gather(*late, return_exceptions=True))
    assert (await host.run(["true"], timeout_s=60)).exit_status == 0


async def test_all_who_wait_learn_at_once_that_the_connection_was_lost(
    host: Host, alpha: Server
) -> None:
    calls = [asyncio.create_task(host.run(["sleep", "1000"], timeout_s=900)) for _ in range(12)]
    await alpha.until(lambda: len(alpha.pids) == 8)
    await alpha.drop()
    for outcome in await asyncio.gather(*calls, return_exceptions=True):
        assert isinstance(outcome, Unreachable)
        assert outcome.where == "alpha"


async def test_the_next_call_connects_again(host: Host, alpha: Server) -> None:
    call = asyncio.create_task(host.run(["sleep", "1000"]))
    await alpha.until(lambda: bool(alpha.pids))
    await alpha.drop()
    with pytest.raises(Unreachable):
        await call
    assert not host.connected
    assert (await host.run(["echo", "back"])).stdout == b"back\n"
    assert alpha.logins == 2


async def test_a_machine_that_opens_no_session_says_so(host: Host, alpha: Server) -> None:
    alpha.refuses_sessions = True
    with pytest.raises(Unreachable, match=r"opens no session.*MaxSessions"):
        await host.run(["true"])


async def test_every_command_is_on_the_operators_list(host: Host, site: Site) -> None:
    await host.run(["echo", "it's [red]"], writes=True)
    with pytest.raises(TimedOut):
        await host.run(["sleep", "1000"], timeout_s=0.1)
    done, late = site.log.sent
    assert (done.node, done.exit_status, done.writes) == ("alpha", 0, True)
    assert done.command == """echo 'it'"'"'s [red]'"""
    assert done.duration_s is not None
    assert (late.exit_status, late.writes) == (None, False)
    assert late.duration_s is not None
