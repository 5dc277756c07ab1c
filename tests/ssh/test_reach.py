"""Finding a way to a machine, losing it, and finding it again."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from backends.clusters.ssh import Host
from backends.clusters.ssh.login import Address
from backends.data.errors import BadConfiguration, HostKeyUnknown, TimedOut, Unreachable
from ssh.conftest import Connect, Serve
from ssh.site import Site
from ssh.sshd import Server

NOWHERE = "nowhere.invalid"
"""RFC 6761: a name that no resolver knows."""


def closed_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


def refused(site: Site, name: str) -> None:
    site.say(f"Host {name}", "  HostName 127.0.0.1", f"  Port {closed_port()}")


@asynccontextmanager
async def silent(site: Site, name: str) -> AsyncIterator[None]:
    """A port where somebody listens and never says a word."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        site.say(f"Host {name}", "  HostName 127.0.0.1", f"  Port {port}")
        yield


async def test_a_name_that_does_not_resolve_is_said(connect: Connect, site: Site) -> None:
    with pytest.raises(Unreachable, match="cannot be resolved") as failure:
        await connect(NOWHERE).first()
    assert failure.value.where == NOWHERE
    assert failure.value.cure


async def test_a_refused_connection_is_said(connect: Connect, site: Site) -> None:
    refused(site, "alpha")
    with pytest.raises(Unreachable, match=r"port \d+ of 127.0.0.1 refuses connections"):
        await connect("alpha").first()


async def test_a_machine_that_says_nothing_is_given_up(connect: Connect, site: Site) -> None:
    async with silent(site, "alpha"):
        with pytest.raises(Unreachable, match=r"does not answer within 0\.2 s"):
            await connect("alpha", connect_timeout_s=0.2).first()


async def test_when_none_answers_each_reason_is_said(
    serve: Serve, connect: Connect, site: Site
) -> None:
    await serve("alpha", known=False)
    refused(site, "beta")
    with pytest.raises(Unreachable) as failure:
        await connect("alpha", "beta", NOWHERE).first()
    said = str(failure.value)
    assert "alpha: its host key is not known" in said
    assert "beta: port" in said
    assert f"{NOWHERE}: the name" in said


async def test_the_next_host_is_taken_when_the_first_fails(
    alpha: Server, connect: Connect, site: Site
) -> None:
    refused(site, "beta")
    fleet = connect("beta", "alpha")
    host = await fleet.first()
    assert host.name == "alpha"
    assert await fleet.first() is host
    assert alpha.logins == 1


async def test_a_silent_host_does_not_hold_up_the_next(
    alpha: Server, connect: Connect, site: Site
) -> None:
    async with silent(site, "beta"):
        host = await connect("beta", "alpha", connect_timeout_s=600).first()
        assert host.name == "alpha"


async def test_a_node_is_reached_by_its_name(alpha: Server, serve: Serve, connect: Connect) -> None:
    beta = await serve("beta")
    fleet = connect("alpha")
    await fleet.first()
    assert (await fleet.host("beta").run(["true"])).exit_status == 0
    assert fleet.host("beta") is fleet.host("beta")
    assert (alpha.logins, beta.logins) == (1, 1)


@pytest.mark.parametrize("why", ["unresolved", "refused"])
async def test_a_node_that_cannot_be_reached_from_here_is_reached_through_the_first_host(
    alpha: Server, serve: Serve, connect: Connect, site: Site, why: str
) -> None:
    beta = await serve()
    name = NOWHERE if why == "unresolved" else "beta"
    if why == "refused":
        refused(site, name)
        site.say(f"Host {name}", f"  HostKeyAlias {name}")
        alpha.names["127.0.0.1"] = beta.port
    else:
        alpha.names[name] = beta.port
    fleet = connect("alpha")
    host = fleet.host(name)
    with pytest.raises(HostKeyUnknown, match=f"ssh -J alpha {name}"):
        await host.run(["true"])
    site.know("*", beta.key)
    await host.wait_connected()
    assert (await host.run(["true"])).exit_status == 0
    assert (alpha.logins, beta.logins) == (1, 1)


async def test_a_node_that_is_nowhere_says_so_for_both_ways(
    alpha: Server, connect: Connect
) -> None:
    with pytest.raises(Unreachable) as failure:
        await connect("alpha").host(NOWHERE).run(["true"])
    said = str(failure.value)
    assert "cannot be resolved" in said
    assert "through alpha" in said


async def test_jump_hosts_of_the_configuration_are_used_and_shared(
    alpha: Server, serve: Serve, connect: Connect, site: Site
) -> None:
    beta, gamma = await serve(), await serve()
    alpha.names = {"beta.invalid": beta.port, "gamma.invalid": gamma.port}
    site.know("beta.invalid", beta.key)
    site.know("gamma.invalid", gamma.key)
    site.say("Host *.invalid", "  ProxyJump alpha")
    fleet = connect("beta.invalid")
    await (await fleet.first()).run(["true"])
    await fleet.host("gamma.invalid").run(["true"])
    assert (alpha.logins, beta.logins, gamma.logins) == (1, 1, 1)


async def test_jump_hosts_that_lead_in_a_circle_are_given_up(connect: Connect, site: Site) -> None:
    site.say("Host one", "  ProxyJump two", "Host two", "  ProxyJump one")
    with pytest.raises(Unreachable, match="ProxyJump"):
        await connect("one", connect_timeout_s=0.05).first()


async def test_a_closed_host_opens_no_connection_again(alpha: Server, connect: Connect) -> None:
    fleet = connect("alpha")
    host = await fleet.first()
    await fleet.close()
    with pytest.raises(Unreachable, match="closed"):
        await host.run(["true"])
    assert alpha.logins == 1


async def test_an_adopted_host_gets_no_second_connection(alpha: Server, connect: Connect) -> None:
    fleet = connect("alpha")
    entry = await fleet.first()
    fleet.adopt("node1", entry)
    await fleet.host("node1").run(["true"])
    assert alpha.logins == 1


async def test_after_a_failure_calls_fail_at_once_until_the_next_attempt(
    alpha: Server, connect: Connect, site: Site
) -> None:
    site.know(f"@revoked [127.0.0.1]:{alpha.port}", alpha.key)
    host = connect("alpha").host("alpha")
    with pytest.raises(Unreachable):
        await host.run(["true"])
    for _ in range(50):
        with pytest.raises(Unreachable, match=r"since \d\d:\d\d:\d\d, next try in"):
            await host.run(["true"])
    assert alpha.attempts == 1


async def test_a_lost_machine_is_found_again(alpha: Server, connect: Connect) -> None:
    host = await connect("alpha").first()
    await alpha.stop()
    waiting = asyncio.create_task(host.wait_connected())
    with pytest.raises(Unreachable):
        while True:
            await host.run(["true"])
    await alpha.start()
    await waiting
    await host.wait_connected()
    assert (await host.run(["true"])).exit_status == 0


async def test_an_entry_that_is_lost_is_replaced_by_the_next(
    alpha: Server, serve: Serve, connect: Connect
) -> None:
    await serve("beta")
    fleet = connect("alpha", "beta")
    assert (await fleet.first()).name == "alpha"
    await alpha.stop()
    with pytest.raises(Unreachable):
        while True:
            await fleet.host("alpha").run(["true"])
    assert (await fleet.first()).name == "beta"


async def test_callers_share_one_attempt(alpha: Server, connect: Connect) -> None:
    host = connect("alpha").host("alpha")
    await asyncio.gather(*(host.run(["true"]) for _ in range(20)))
    assert alpha.attempts == 1


async def test_a_frozen_machine_is_noticed(alpha: Server, connect: Connect, site: Site) -> None:
    frozen = asyncio.Event()
    writers: list[asyncio.StreamWriter] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)
        while data := await reader.read(65536):
            if not frozen.is_set():
                writer.write(data)

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection("127.0.0.1", alpha.port)
        await asyncio.gather(pass_on(reader, back), pass_on(there, writer))

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        site.say("Host relayed", "  HostName 127.0.0.1", f"  Port {port}")
        site.know(f"[127.0.0.1]:{port}", alpha.key)
        host = await connect("relayed", keepalive_interval_s=0.05).first()
        call = asyncio.create_task(host.run(["sleep", "1000"], timeout_s=900))
        await alpha.until(lambda: bool(alpha.pids))
        frozen.set()
        with pytest.raises(Unreachable, match="connection was lost"):
            await call
        await host.close()
        for writer in writers:
            writer.close()
            await writer.wait_closed()


async def test_a_command_that_times_out_does_not_break_the_connection(
    host: Host, alpha: Server
) -> None:
    with pytest.raises(TimedOut):
        await host.run(["sleep", "1000"], timeout_s=0.1)
    assert (await host.run(["true"])).exit_status == 0
    assert alpha.logins == 1


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("alpha", Address("alpha")),
        ("root@alpha", Address("alpha", "root")),
        ("ssh://root@alpha:2222/", Address("alpha", "root", 2222)),
        ("alpha:22", Address("alpha", None, 22)),
        ("fe80::1", Address("fe80::1")),
        ("[fe80::1]:22", Address("fe80::1", None, 22)),
        ("me@corp@alpha", Address("alpha", "me@corp")),
    ],
)
def test_hosts_are_given_as_ssh_takes_them(text: str, address: Address) -> None:
    assert Address.parse(text) == address


@pytest.mark.parametrize("text", ["", "-oProxyCommand=x", "a b", "root@", "@alpha", "a;b", "a\nb"])
def test_what_is_no_host_is_refused(text: str) -> None:
    with pytest.raises(BadConfiguration):
        Address.parse(text)


async def test_a_host_that_was_closed_is_waited_for_no_longer(
    serve: Serve, connect: Connect
) -> None:
    await serve("alpha")
    fleet = connect("alpha")
    host = await fleet.first()
    await fleet.close()
    with pytest.raises(Unreachable, match="was closed"):
        await host.wait_connected()
