"""A thin line between an operator and a lab: slow, far, and one that loses packets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from lab import Lab, cache, network
from lab.system import call

CHUNK = 1400
HERE = "127.0.0.1"


@dataclass(slots=True)
class Direction:
    """What all connections share one way. Bytes wait for their turn, and then travel."""

    bytes_per_s: float
    delay_s: float
    carried: int = 0
    free_at: float = 0.0

    async def carry(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        """Until its end, or until either side breaks off."""
        loop = asyncio.get_running_loop()
        try:
            while data := await source.read(CHUNK):
                self.free_at = max(self.free_at, loop.time()) + len(data) / self.bytes_per_s
                self.carried += len(data)
                await asyncio.sleep(self.free_at - loop.time())
                loop.call_later(self.delay_s, sink.write, data)
        except OSError:
            pass
        loop.call_later(self.delay_s, sink.close)


@dataclass(slots=True)
class Line:
    """Relays, one before each node's sshd, by turns on one line."""

    up: Direction
    down: Direction
    servers: dict[str, asyncio.Server] = field(default_factory=dict)
    relays: set[asyncio.Future[None]] = field(default_factory=set)

    async def lay(self, node: str, address: str) -> None:
        async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            there, back = await asyncio.open_connection(address, 22)
            await asyncio.gather(self.up.carry(reader, back), self.down.carry(there, writer))

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self.relays.add(asyncio.ensure_future(relay(reader, writer)))

        self.servers[node] = await asyncio.start_server(accepted, HERE, 0)

    def port(self, node: str) -> int:
        return int(self.servers[node].sockets[0].getsockname()[1])

    async def cut(self) -> None:
        """Let nobody in any more, and end what is still carried."""
        for server in self.servers.values():
            server.close()
        for relay in self.relays:
            relay.cancel()
        await asyncio.gather(*self.relays, return_exceptions=True)


@contextmanager
def thin(
    lab: Lab,
    home: Path,
    *,
    kbit_per_s: float,
    delay_s: float = 0.0,
    loss: float = 0.0,
    aliases: Mapping[str, str] = MappingProxyType({}),
) -> Iterator[Path]:
    """Lay the line; the SSH configuration that goes over it. `delay_s` is that of both ways;
    `aliases` are other names for nodes."""
    up, down = (Direction(kbit_per_s * 125, delay_s / 2) for _ in range(2))
    line = Line(up, down)
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        with ExitStack() as lossy:
            for node in lab.nodes:
                laid = line.lay(node, network.address(node))
                asyncio.run_coroutine_threadsafe(laid, loop).result()
                if loss:
                    lossy.enter_context(_losing(lab, node, loss))
            yield _configuration(lab, home, line, aliases)
    finally:
        asyncio.run_coroutine_threadsafe(line.cut(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


@contextmanager
def _losing(lab: Lab, node: str, share: float) -> Iterator[None]:
    """Of what goes between the relay and a node's sshd, both ways."""
    there = ("nsenter", f"--target={lab.members[node].init_pid}", "--net")
    ends = (
        (there, "--dport", "22"),
        ((), "--sport", "22"),
    )
    chance = ("-m", "statistic", "--mode", "random", "--probability", share, "-j", "DROP")
    rules = [
        (inside, ("INPUT", "-p", "tcp", port, number, *chance)) for inside, port, number in ends
    ]
    for inside, rule in rules:
        call(*inside, "iptables", "--wait", "--append", *rule)
    try:
        yield
    finally:
        for inside, rule in rules:
            call(*inside, "iptables", "--wait", "--delete", *rule, check=False)


def _configuration(lab: Lab, home: Path, line: Line, aliases: Mapping[str, str]) -> Path:
    known, path = home / "known_hosts", home / "ssh_config"
    known.write_text(
        "".join(f"[{HERE}]:{line.port(n)} {cache.public(f'host-{n}')}" for n in lab.nodes)
    )
    path.write_text(
        "".join(
            f"Host {name}\n  HostName {HERE}\n  Port {line.port(node)}\n  User root\n"
            f"  IdentityFile {lab.identity}\n  IdentitiesOnly yes\n"
            f"  UserKnownHostsFile {known}\n  StrictHostKeyChecking yes\n"
            for name, node in {**{node: node for node in lab.nodes}, **aliases}.items()
        )
    )
    return path
