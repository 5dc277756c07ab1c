"""Following a command line by line, and reaching a socket."""

from __future__ import annotations

import asyncio
import os
import stat
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh import Host, LocalHost
from backends.clusters.ssh.sockets import LONGEST_PATH_BYTES, socket_directory
from backends.data.errors import BadAnswer, CommandFailed, TimedOut, Unreachable
from ssh.sshd import Server

UNTIL_STDIN_ENDS = ["sh", "-c", "echo one; echo two; cat; echo bye > ended"]


@pytest.fixture(autouse=True)
def _somewhere_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where commands may leave files."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(params=["over SSH", "here"])
async def machine(request: pytest.FixtureRequest, host: Host) -> AsyncIterator[Host]:
    if request.param == "over SSH":
        yield host
        return
    local = LocalHost("here", CommandLog())
    yield local
    await local.close()


async def test_lines_come_as_they_are_written(machine: Host) -> None:
    script = "printf 'a\\n\\nb '; printf 'c\\n'; printf '\\377 end'"
    async with machine.stream(["sh", "-c", script]) as lines:
        assert [line async for line in lines] == ["a", "", "b c", "\N{REPLACEMENT CHARACTER} end"]


async def test_leaving_ends_the_command_by_closing_its_stdin(machine: Host, tmp_path: Path) -> None:
    async with machine.stream(UNTIL_STDIN_ENDS) as lines:
        assert await anext(lines) == "one"
    await machine.close()
    assert (tmp_path / "ended").read_text() == "bye\n"


async def test_leaving_kills_a_command_that_does_not_heed_its_stdin(
    host: Host, alpha: Server
) -> None:
    async with host.stream(["sh", "-c", "echo on; while :; do sleep 1; done"]) as lines:
        assert await anext(lines) == "on"
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


async def test_a_command_that_never_stops_talking_is_left_all_the_same(machine: Host) -> None:
    async with machine.stream(["yes"]) as lines:
        assert await anext(lines) == "y"
    with pytest.raises(TimedOut):
        await machine.run(["sh", "-c", "while :; do echo y; sleep 0.01; done"], timeout_s=0.1)
    assert (await machine.run(["echo", "fine"])).stdout == b"fine\n"
    await machine.close()


async def test_an_endless_answer_is_given_up(
    machine: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("backends.clusters.ssh.host.MOST_BYTES", 1 << 20)
    with pytest.raises(BadAnswer, match="longer than 1 MiB"):
        await machine.run(["yes"], timeout_s=60)
    with pytest.raises(BadAnswer, match="longer than 1 MiB"):
        async with machine.stream(["cat", "/dev/zero"]) as lines:
            await anext(lines)
    await machine.close()


async def test_a_cancelled_reader_leaves_no_channel(host: Host, alpha: Server) -> None:
    async def follow() -> None:
        async with host.stream(["cat"]) as lines:
            async for _ in lines:
                pass

    reading = asyncio.create_task(follow())
    await alpha.until(lambda: bool(alpha.pids))
    reading.cancel()
    await asyncio.wait([reading])
    assert reading.cancelled()
    await alpha.until(lambda: not alpha.pids and not alpha.sessions)


async def test_a_command_that_fails_is_not_taken_for_its_end(machine: Host) -> None:
    script = "echo one; echo 'no such thing' >&2; exit 4"
    with pytest.raises(CommandFailed, match="exit code 4: no such thing"):
        async with machine.stream(["sh", "-c", script]) as lines:
            assert [line async for line in lines] == ["one"]


async def test_much_on_stderr_does_not_block_the_lines(machine: Host) -> None:
    script = "head -c 8000000 /dev/zero >&2; echo done"
    async with machine.stream(["sh", "-c", script]) as lines:
        assert [line async for line in lines] == ["done"]


async def test_a_lost_connection_is_no_end_of_lines(host: Host, alpha: Server) -> None:
    with pytest.raises(Unreachable, match="connection was lost"):
        async with host.stream(UNTIL_STDIN_ENDS) as lines:
            assert await anext(lines) == "one"
            assert await anext(lines) == "two"
            await alpha.drop()
            assert await anext(lines, None) is None


async def test_streams_count_as_sessions(host: Host, alpha: Server) -> None:
    for _ in range(20):
        async with host.stream(["cat"]):
            await host.run(["true"], timeout_s=60)
    await alpha.until(lambda: not alpha.sessions)
    assert alpha.most_sessions <= 10


@pytest.fixture
async def echo(tmp_path: Path) -> AsyncIterator[Path]:
    """A UNIX socket that answers in capitals."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(65536):
            writer.write(data.upper())
        writer.close()
        await writer.wait_closed()

    path = tmp_path / "echo"
    async with await asyncio.start_unix_server(answer, path):
        yield path


async def ask(path: Path, data: bytes) -> bytes:
    reader, writer = await asyncio.open_unix_connection(path)
    writer.write(data)
    writer.write_eof()
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_forwarded_socket_carries_bytes_both_ways(machine: Host, echo: Path) -> None:
    async with machine.forward(str(echo)) as path:
        much = b"abc" * 300_000
        answers = await asyncio.gather(ask(path, b"x"), ask(path, much), ask(path, b"z"))
        assert tuple(answers) == (b"X", much.upper(), b"Z")


async def test_a_forwarded_socket_is_for_this_user_alone_and_goes_away(
    host: Host, echo: Path
) -> None:
    async with host.forward(str(echo)) as path:
        directory = path.parent
        mode = os.stat(directory).st_mode  # noqa: PTH116
        assert stat.S_IMODE(mode) == 0o700
    with pytest.raises(FileNotFoundError):
        os.stat(directory)  # noqa: PTH116


async def test_a_socket_that_is_not_there_is_said(machine: Host) -> None:
    with pytest.raises(Unreachable, match="nobody answers on /no/such/socket"):
        async with machine.forward("/no/such/socket"):
            pass


async def test_a_forwarded_socket_ends_with_the_connection(
    host: Host, alpha: Server, echo: Path
) -> None:
    async with host.forward(str(echo)) as path:
        reader, writer = await asyncio.open_unix_connection(path)
        writer.write(b"x")
        assert await reader.read(1) == b"X"
        await alpha.drop()
        assert await reader.read() == b""
        writer.close()
        await writer.wait_closed()
        with pytest.raises(OSError, match=r"No such file|refused"):
            await ask(path, b"y")


@pytest.mark.parametrize("base", ["", "relative", "/no/such/directory", "long"])
def test_a_socket_path_is_never_too_long(
    base: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if base == "long":
        deep = tmp_path / ("d" * 80)
        deep.mkdir()
        base = str(deep)
    monkeypatch.setenv("XDG_RUNTIME_DIR", base)
    with socket_directory() as directory:
        assert len(os.fsencode(directory / "s")) <= LONGEST_PATH_BYTES
    assert not directory.exists()
