"""The same against OpenSSH's own server: the test double might be kinder than the real thing."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import asyncssh
import psutil
import pytest

from backends.clusters.ssh import Host
from backends.data.errors import TimedOut, Unreachable
from ssh.conftest import Connect
from ssh.site import Site
from waiting import PATIENCE_S

SSHD = Path("/usr/sbin/sshd")

pytestmark = pytest.mark.root


@pytest.fixture
async def sshd(site: Site, tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[psutil.Process]:
    """A server of its own, with OpenSSH's default of ten sessions a connection."""
    key = asyncssh.generate_private_key("ssh-ed25519")
    key.write_private_key(str(tmp_path / "host"))
    site.key.write_public_key(str(tmp_path / "authorized"))
    for path in (tmp_path / "host", tmp_path / "authorized"):
        path.chmod(0o600)
    (tmp_path / "sshd_config").write_text(
        "ListenAddress 127.0.0.1\n"
        f"Port {unused_tcp_port}\n"
        f"HostKey {tmp_path}/host\n"
        f"AuthorizedKeysFile {tmp_path}/authorized\n"
        "PidFile none\nUsePAM no\nStrictModes no\nPermitRootLogin yes\nUseDNS no\n"
        f"LogLevel ERROR\nSetEnv HOME={tmp_path}\n"
    )
    os.makedirs("/run/sshd", exist_ok=True)  # noqa: PTH103
    process = await asyncio.create_subprocess_exec(
        SSHD, "-D", "-e", "-f", str(tmp_path / "sshd_config"), stderr=asyncio.subprocess.DEVNULL
    )
    site.say("Host alpha", "  HostName 127.0.0.1", f"  Port {unused_tcp_port}", "  User root")
    site.know(f"[127.0.0.1]:{unused_tcp_port}", key)
    yield psutil.Process(process.pid)
    process.terminate()
    await process.wait()


@pytest.fixture
async def real(sshd: psutil.Process, connect: Connect) -> Host:
    host = connect("alpha").host("alpha")
    await host.wait_connected()
    return host


def mine(sshd: psutil.Process, *command: str) -> list[psutil.Process]:
    found = []
    for process in sshd.children(recursive=True):
        try:
            if process.cmdline() == list(command):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found


async def gone(sshd: psutil.Process, *command: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while mine(sshd, *command):  # noqa: ASYNC110 - another program's processes tell nobody
            await asyncio.sleep(0.02)


async def there(sshd: psutil.Process, count: int, *command: str) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while len(mine(sshd, *command)) < count:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.02)


async def test_many_callers_never_meet_its_limit_of_sessions(real: Host) -> None:
    answers = await asyncio.gather(*(real.run(["echo", str(n)]) for n in range(60)))
    assert [int(answer.stdout) for answer in answers] == list(range(60))


async def test_timeouts_and_cancellations_leave_no_process_and_no_session(
    real: Host, sshd: psutil.Process
) -> None:
    late = [real.run(["sleep", "1001"], timeout_s=0.3) for _ in range(12)]
    for outcome in await asyncio.gather(*late, return_exceptions=True):
        assert isinstance(outcome, TimedOut)
    calls = [asyncio.create_task(real.run(["sleep", "1001"], timeout_s=99)) for _ in range(8)]
    await there(sshd, 8, "sleep", "1001")
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    await gone(sshd, "sleep", "1001")
    answers = await asyncio.gather(*(real.run(["echo"], timeout_s=60) for _ in range(20)))
    assert all(answer.exit_status == 0 for answer in answers)


async def test_a_stream_ends_with_its_context(real: Host, sshd: psutil.Process) -> None:
    for _ in range(12):
        async with real.stream(["sh", "-c", "echo on; exec cat"]) as lines:
            assert await anext(lines) == "on"
    await gone(sshd, "cat")


async def test_a_lost_server_is_noticed_and_found_again(real: Host, sshd: psutil.Process) -> None:
    call = asyncio.create_task(real.run(["sleep", "1001"], timeout_s=99))
    await there(sshd, 1, "sleep", "1001")
    orphans = mine(sshd, "sleep", "1001")
    for child in sshd.children():
        with suppress(psutil.NoSuchProcess):
            child.send_signal(signal.SIGKILL)
    with pytest.raises(Unreachable, match="connection was lost"):
        await call
    await real.wait_connected()
    assert (await real.run(["true"])).exit_status == 0
    for orphan in orphans:
        orphan.kill()


async def test_a_socket_is_forwarded(real: Host, tmp_path: Path) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write((await reader.readline()).upper())
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_unix_server(answer, tmp_path / "echo"):
        async with real.forward(str(tmp_path / "echo")) as path:
            reader, writer = await asyncio.open_unix_connection(path)
            writer.write(b"hello\n")
            assert await reader.read() == b"HELLO\n"
            writer.close()
            await writer.wait_closed()
        with pytest.raises(Unreachable, match="nobody answers on /no/such"):
            async with real.forward("/no/such"):
                pass
