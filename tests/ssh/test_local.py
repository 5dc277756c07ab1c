"""The machine on which this program runs, and sudo here and there."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import psutil
import pytest

from backends.clusters.command_log import CommandLog
from backends.clusters.hypervisor.watcher import reach
from backends.clusters.ssh import Host, LocalHost
from backends.data.errors import NotPermitted, TimedOut, Unreachable
from ssh.conftest import Connect
from ssh.site import Site
from ssh.sshd import Server


@pytest.fixture
async def local() -> AsyncIterator[LocalHost]:
    host = LocalHost("here", CommandLog())
    yield host
    await host.close()


def running(mark: str) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if mark in (p.info["cmdline"] or [])]


async def test_without_a_host_this_machine_is_read_without_ssh(connect: Connect) -> None:
    fleet = connect()
    host = await fleet.first()
    assert isinstance(host, LocalHost)
    assert fleet.host(socket.gethostname()) is await fleet.first()
    assert not isinstance(fleet.host("another-node"), LocalHost)
    answer = await host.run(["sh", "-c", "cat; echo bad >&2; exit 3"], stdin=b"given")
    assert (answer.exit_status, answer.stdout, answer.stderr) == (3, b"given", b"bad\n")


async def test_with_a_host_this_machine_is_a_node_like_any_other(connect: Connect) -> None:
    assert not isinstance(connect("alpha").host(socket.gethostname()), LocalHost)


async def test_a_missing_command_answers_127_as_over_ssh(local: Host) -> None:
    assert (await local.run(["no-such-command"])).exit_status == 127


async def test_words_are_quoted_here_too(local: Host) -> None:
    answer = await local.run(["printf", "%s|", "$(id)", "a b", "", "it's", ";"])
    assert answer.stdout == b"$(id)|a b||it's|;|"


async def test_megabytes_and_ignored_input(local: Host) -> None:
    much = b"x" * 4_000_000
    assert (await local.run(["cat"], stdin=much)).stdout == much
    assert (await local.run(["true"], stdin=much)).exit_status == 0


@pytest.mark.parametrize("trap", ["", "trap '' TERM;"])
async def test_a_command_that_takes_too_long_ends_with_its_children(
    local: Host, tmp_path: Path, trap: str
) -> None:
    mark = str(tmp_path)
    script = f"{trap} tail -f /dev/null {mark}/a & tail -f /dev/null {mark}/b; wait"
    with pytest.raises(TimedOut):
        await local.run(["sh", "-c", script, mark], timeout_s=0.3)
    await local.close()
    assert not running(mark)
    assert not running(f"{mark}/a")


async def test_a_cancelled_command_ends(local: Host, tmp_path: Path) -> None:
    started = tmp_path / "started"
    call = asyncio.create_task(local.run(["sh", "-c", f"echo > {started}; tail -f {started}"]))
    async with local.stream(["tail", "-F", str(started)]) as lines:
        await anext(lines)
    call.cancel()
    await asyncio.wait([call])
    await local.close()
    assert call.cancelled()
    assert not running(str(started))


@pytest.fixture(params=["over SSH", "here"])
async def sudoer(
    request: pytest.FixtureRequest,
    alpha: Server,
    connect: Connect,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
) -> Host:
    """A machine where every command goes through sudo."""
    monkeypatch.setenv("PATH", site.environment["PATH"])
    return await connect(*(["alpha"] if request.param == "over SSH" else []), sudo=True).first()


async def test_every_command_goes_through_sudo(sudoer: Host, site: Site) -> None:
    site.program("sudo", '[ "$1 $2" = "-n --" ] && shift 2 && exec "$@"')
    assert (await sudoer.run(["echo", "as", "root"])).stdout == b"as root\n"
    assert site.log.sent[-1].command == "sudo -n -- echo as root"


async def test_sudo_that_wants_a_password_is_not_permitted(sudoer: Host, site: Site) -> None:
    site.program("sudo", "echo 'sudo: a password is required' >&2; exit 1")
    with pytest.raises(NotPermitted, match="a password is required") as failure:
        await sudoer.run(["crm_mon"])
    assert "NOPASSWD" in str(failure.value)
    with pytest.raises(NotPermitted):
        async with sudoer.stream(["crm_mon"]) as lines:
            await anext(lines)


async def test_a_command_that_sudo_does_not_find_answers_127(sudoer: Host, site: Site) -> None:
    site.program("sudo", "echo 'sudo: crm_mon: command not found' >&2; exit 1")
    assert (await sudoer.run(["crm_mon"])).exit_status == 127


async def test_a_failing_command_is_not_taken_for_sudos_refusal(sudoer: Host, site: Site) -> None:
    site.program("sudo", "echo 'sudo: unable to resolve host x' >&2; shift 2; exec \"$@\"")
    assert (await sudoer.run(["false"])).exit_status == 1


async def test_without_sudo_there_it_is_not_permitted(
    sudoer: Host, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    (site.bin / "sh").symlink_to("/bin/sh")
    site.environment["PATH"] = str(site.bin)
    monkeypatch.setenv("PATH", str(site.bin))
    with pytest.raises(NotPermitted, match="sudo is not installed"):
        await sudoer.run(["true"])


async def test_the_daemon_that_listens_is_reached_whichever_it_is(
    local: LocalHost, tmp_path: Path
) -> None:
    """A socket that a daemon has left behind is nobody's."""
    left, modular, absent = (str(tmp_path / name) for name in ("left", "modular", "absent"))
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(left)
    async with (
        await asyncio.start_unix_server(lambda _reader, writer: writer.close(), modular),
        AsyncExitStack() as stack,
    ):
        assert await reach(local, (left, modular), stack) == Path(modular)
        assert await reach(local, (modular, left), stack) == Path(modular)
        with pytest.raises(Unreachable, match=r"nobody answers on .*/left: Connection refused"):
            await reach(local, (left, absent), stack)
