"""What the tests of the SSH layer share."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from backends.clusters.ssh import Fleet, Host
from ssh.site import Site
from ssh.sshd import Server

Serve = Callable[..., Awaitable[Server]]
Connect = Callable[..., Fleet]


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    return Site(tmp_path)


@pytest.fixture
async def serve(site: Site) -> AsyncIterator[Serve]:
    """Start servers that are stopped at the end."""
    servers = []

    async def start(name: str | None = None, *, known: bool = True) -> Server:
        servers.append(await site.serve(name, known=known))
        return servers[-1]

    yield start
    for server in servers:
        await server.stop()


@pytest.fixture
async def connect(site: Site, serve: Serve) -> AsyncIterator[Connect]:
    """Make fleets that are closed at the end, before the servers stop."""
    fleets = []

    def make(*hosts: str, **login: object) -> Fleet:
        fleets.append(site.fleet(*hosts, **login))
        return fleets[-1]

    yield make
    for fleet in fleets:
        await fleet.close()


@pytest.fixture
async def alpha(serve: Serve) -> Server:
    return await serve("alpha")


@pytest.fixture
async def host(alpha: Server, connect: Connect) -> Host:
    """Alpha, reached."""
    return await connect("alpha").first()
