"""All machines of one cluster."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh.host import Host
from backends.clusters.ssh.local import LocalHost
from backends.clusters.ssh.login import Address, Login
from backends.data.errors import Unreachable

if TYPE_CHECKING:
    from backends.clusters.ssh.remote import SshHost

_STAGGER_S = 0.3
"""After this long without an answer the next host is tried beside."""


class Fleet:
    """The hosts that were given, and every node that is asked for by name.

    Without a host this machine is the entry, and needs no SSH.
    """

    def __init__(self, hosts: Sequence[str], login: Login, log: CommandLog) -> None:
        self._login = login
        self._log = log
        self._given = [Address.parse(host) for host in hosts]
        self._entries: dict[Address, Host] = {}
        self._nodes: dict[str, Host] = {}
        self._jumps: dict[tuple[str, ...], SshHost] = {}
        self._user = next((address.user for address in self._given if address.user), None)

    async def first(self) -> Host:
        """The first of the given hosts that answers, in their order; this machine without any.

        Raises `Unreachable` with the reason of each, or `BadConfiguration`.
        """
        if not self._given:
            return self._local()
        entries = [self._entry(address) for address in self._given]
        for entry in entries:
            if entry.connected:
                return entry
        return await _first_connected(entries)

    def host(self, node: str) -> Host:
        """The host of a cluster node.

        One that cannot be reached from here is reached through the first that can.
        """
        if node not in self._nodes:
            self._nodes[node] = self._make(node)
        return self._nodes[node]

    def adopt(self, node: str, host: Host) -> None:
        """Say which node a host is, so that it gets no second connection under that name."""
        self._nodes[node] = host

    async def close(self) -> None:
        """Let go of every machine."""
        # Nodes before the hosts through which they are reached.
        for group in (self._nodes, self._entries, self._jumps):
            await asyncio.gather(*(host.close() for host in group.values()))

    def _make(self, node: str) -> Host:
        if not self._given and node in _own_names():
            return self._local()
        for address, given in self._entries.items():
            if address.host == node and given.connected:
                return given
        entry = self.first if self._given else None
        return self._ssh(Address(node, self._user), entry=entry)

    def _local(self) -> Host:
        name = socket.gethostname().partition(".")[0]
        if name not in self._nodes:
            self._nodes[name] = LocalHost(name, self._log, sudo=self._login.sudo)
        return self._nodes[name]

    def _entry(self, address: Address) -> Host:
        if address not in self._entries:
            self._entries[address] = self._ssh(address)
        return self._entries[address]

    def _jump(self, hops: tuple[str, ...]) -> SshHost:
        if hops not in self._jumps:
            via = self._jump(hops[:-1]) if len(hops) > 1 else None
            self._jumps[hops] = self._ssh(Address.parse(hops[-1]), via=via)
        return self._jumps[hops]

    def _ssh(
        self,
        address: Address,
        *,
        via: SshHost | None = None,
        entry: Callable[[], Awaitable[Host]] | None = None,
    ) -> SshHost:
        # Late, because it takes a fifth of a second that a purely local look need not wait.
        from backends.clusters.ssh.remote import SshHost

        return SshHost(address, self._login, self._log, jump=self._jump, via=via, entry=entry)


def _own_names() -> set[str]:
    name = socket.gethostname()
    return {name, name.partition(".")[0]}


async def _first_connected(hosts: Sequence[Host]) -> Host:
    """Try them in order, each a little later or as soon as one before it failed."""
    attempts: dict[asyncio.Task[None], Host] = {}
    failures: dict[str, Unreachable] = {}
    rest = list(hosts)
    try:
        while rest or attempts:
            if rest:
                host = rest.pop(0)
                attempts[asyncio.create_task(host.connect())] = host
            done, _ = await asyncio.wait(
                attempts,
                timeout=_STAGGER_S if rest else None,
                return_when=asyncio.FIRST_COMPLETED,
            )
            # In the order in which they were given, where several are done.
            for attempt in [attempt for attempt in attempts if attempt in done]:
                host = attempts.pop(attempt)
                try:
                    await attempt
                except Unreachable as error:
                    failures[host.name] = error
                else:
                    return host
    finally:
        for attempt in attempts:
            attempt.cancel()
    if len(hosts) == 1:
        raise failures[hosts[0].name]
    reasons = "; ".join(str(failures[host.name]) for host in hosts if host.name in failures)
    raise Unreachable(f"none of the hosts can be reached: {reasons}")
