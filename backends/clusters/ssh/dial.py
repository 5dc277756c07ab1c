"""Opening one SSH connection, and saying why it could not be opened."""

from __future__ import annotations

import asyncio
import logging
import socket
from asyncio.trsock import TransportSocket
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import asyncssh

from backends.clusters.ssh.known_hosts import KnownHosts, Trusted, trusted
from backends.clusters.ssh.login import Address, Login
from backends.data.errors import (
    BadConfiguration,
    HostKeyChanged,
    HostKeyUnknown,
    LoginRefused,
    Unreachable,
)

# Else Python prints the library's warnings on the terminal.
logging.getLogger("asyncssh").addHandler(logging.NullHandler())

COMPRESSION = ("zlib@openssh.com", "none")
"""What crosses the wire repeats itself: a CIB within itself, and each answer the one before it. By
the method that begins after the login; a server that allows none is taken without."""

CIPHERS = "^aes128-gcm@openssh.com,aes256-gcm@openssh.com"
"""Before all others, where the configuration names none: asyncssh makes a packet in an eighth of
the time that it takes with ChaCha20 (4 us instead of 32), and a board is made of small packets."""

ACKNOWLEDGED_AFTER_S = (0.002, 0.004, 0.008, 0.016)
"""After the login: the keys come within the first of these, from a busy machine within the last."""

DEFAULT_IDENTITIES = ("~/.ssh/id_ed25519", "~/.ssh/id_ecdsa", "~/.ssh/id_rsa")


@dataclass(frozen=True, slots=True)
class Route:
    """What the SSH configuration says of a host, without any key being read."""

    address: Address
    host: str
    port: int
    user: str
    jumps: tuple[str, ...]
    proxied: bool
    known_hosts: KnownHosts
    identities: tuple[str, ...] | None
    ciphers: str
    config: tuple[str, ...]


def route(login: Login, address: Address) -> Route:
    """Read the SSH configuration. Blocking. Raises `BadConfiguration`."""
    config = _config_files(login)
    try:
        options = asyncssh.SSHClientConnectionOptions(
            config=list(config),
            host=address.host,
            port=address.port or (),
            username=login.user or address.user or (),
            client_keys=None,
            x509_trusted_certs=None,
        )
    except (ValueError, OSError) as error:
        raise BadConfiguration(
            f"the SSH configuration cannot be used: {error}", where=address.host
        ) from None
    settings = options.config
    user_files = settings.get("UserKnownHostsFile")
    if login.known_hosts is not None:
        user_files = [str(login.known_hosts)]
    jumps = str(options.tunnel).split(",") if options.tunnel else []
    if jumps and Address.parse(jumps[-1]).host == address.host:
        jumps = []  # a jump host that a pattern of the configuration sends through itself
    return Route(
        address=address,
        host=options.host,
        port=options.port,
        user=options.username,
        jumps=tuple(jumps),
        proxied=options.proxy_command is not None,
        known_hosts=KnownHosts.of(
            cast("Iterable[str] | None", user_files),
            cast("Iterable[str] | None", settings.get("GlobalKnownHostsFile")),
        ),
        identities=_identities(login, settings.get("IdentityFile")),
        ciphers="" if settings.get("Ciphers") else CIPHERS,
        config=config,
    )


async def dial(
    login: Login, way: Route, through: tuple[str, asyncssh.SSHClientConnection] | None = None
) -> asyncssh.SSHClientConnection:
    """Open the connection, through another one where that is given with its name.

    Raises `Unreachable` or one of its kinds, or `BadConfiguration`.
    """
    client = _Client(await asyncio.to_thread(way.known_hosts.read))
    jump, tunnel = through or (None, None)
    try:
        connection = await asyncssh.connect(
            way.address.host,
            way.address.port or (),
            username=login.user or way.address.user or (),
            tunnel=tunnel,
            config=list(way.config),
            client_factory=lambda: client,
            known_hosts=client.known_keys,
            client_keys=list(way.identities) if way.identities else (),
            ignore_encrypted=True,
            x509_trusted_certs=None,
            agent_forwarding=False,
            connect_timeout=login.connect_timeout_s,
            login_timeout=login.connect_timeout_s,
            keepalive_interval=login.keepalive_interval_s,
            keepalive_count_max=3,
            compression_algs=COMPRESSION,
            encryption_algs=way.ciphers or (),
        )
        _acknowledge_soon(connection)
        return connection
    except asyncssh.HostKeyNotVerifiable as error:
        raise _untrusted(way, client, jump, str(error)) from None
    except asyncssh.KeyExchangeFailed as error:
        if client.trusted.keys and "host key" in str(error):
            raise _other_kind(way, client) from None
        raise Unreachable(f"no common way to encrypt: {error.reason}", where=_name(way)) from None
    except asyncssh.PermissionDenied:
        raise await _login_refused(way) from None
    except asyncssh.ChannelOpenError as error:
        raise Unreachable(
            f"the jump host cannot reach it: {error.reason}", where=_name(way)
        ) from None
    except asyncssh.DisconnectError as error:
        if "authentication failures" in error.reason:
            raise await _login_refused(way) from None
        raise Unreachable(f"the connection broke: {error.reason}", where=_name(way)) from None
    except (TimeoutError, OSError) as error:
        raise _no_connection(login, way, error) from None
    except ValueError as error:
        raise BadConfiguration(
            f"the SSH configuration or a key cannot be used: {error}", where=_name(way)
        ) from None


def _acknowledge_soon(connection: asyncssh.SSHClientConnection) -> None:
    """Have the kernel not wait 40 ms for something with which to send an acknowledgement.

    sshd names its host keys just after it let a login in, and until it opens the first session it
    holds back the answer to that until the keys are acknowledged (Nagle's algorithm). Linux alone
    can be told, and only of what has come already.
    """
    stream = connection.get_extra_info("socket")
    if not isinstance(stream, TransportSocket) or not hasattr(socket, "TCP_QUICKACK"):
        return

    def acknowledge() -> None:
        with suppress(OSError):  # closed by now
            stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)

    loop = asyncio.get_running_loop()
    for after_s in ACKNOWLEDGED_AFTER_S:
        loop.call_later(after_s, acknowledge)


class _Client(asyncssh.SSHClient):
    """Knows the host keys, and remembers what it was asked."""

    def __init__(self, known: asyncssh.SSHKnownHosts) -> None:
        self._known = known
        self.host = ""
        self.port: int | None = None
        self.trusted = Trusted()
        self.shown: asyncssh.SSHKey | None = None
        """The host key that was not trusted."""

    def known_keys(
        self, host: str, addr: str, port: int | None
    ) -> tuple[Sequence[asyncssh.SSHKey], ...]:
        # Only here the name is final: the configuration may have it canonicalized.
        self.host, self.port = host, port
        self.trusted = trusted(self._known, host, port)
        return self.trusted.keys, self.trusted.signers, self.trusted.revoked

    def validate_host_public_key(
        self, host: str, addr: str, port: int, key: asyncssh.SSHKey
    ) -> bool:
        self.shown = key
        return False


def _config_files(login: Login) -> tuple[str, ...]:
    path = login.ssh_config or Path("~/.ssh/config").expanduser()
    if path.is_file():
        return (str(path),)
    if login.ssh_config is not None:
        raise BadConfiguration(f"there is no SSH configuration {path}")
    return ()


def _identities(login: Login, configured: object) -> tuple[str, ...] | None:
    if login.identity is not None:
        if not login.identity.expanduser().is_file():
            raise BadConfiguration(f"there is no key {login.identity}")
        return (str(login.identity),)
    if isinstance(configured, list):
        # As ssh does: a key that is named but not there is passed over.
        return tuple(name for name in configured if Path(name).expanduser().is_file())
    return None


def _name(way: Route) -> str:
    return way.address.host


def _no_connection(login: Login, way: Route, error: OSError) -> Unreachable:
    where = f"port {way.port} of {way.host}"
    if isinstance(error, socket.gaierror):
        what = f"the name {way.host} cannot be resolved"
        cure = "see its spelling, or give it a HostName in the SSH configuration"
    elif isinstance(error, ConnectionRefusedError):
        what, cure = f"{where} refuses connections", "see whether sshd runs there"
    elif isinstance(error, TimeoutError):
        what = f"{where} does not answer within {login.connect_timeout_s:g} s"
        cure = "see whether the machine is up and the network lets SSH through"
    else:
        what = f"{where} cannot be reached: {error.strerror or error}"
        cure = "see whether the machine is up and the network lets SSH through"
    return Unreachable(what, where=_name(way), cure=cure)


def _untrusted(way: Route, client: _Client, jump: str | None, reason: str) -> Unreachable:
    key = client.shown
    if key is None:
        return HostKeyChanged(
            f"its host key is not accepted: {reason}",
            where=_name(way),
            cure="ask who runs it which key is right",
        )
    kind = key.get_algorithm()
    shown = f"{kind} {key.get_fingerprint()}"
    if client.trusted.keys:
        return _changed(way, client, f"it shows another host key than it is known by: {shown}")
    scan = f"ssh-keyscan -t {kind.removeprefix('ssh-').split('-')[0]} -p {way.port} {way.host}"
    if jump is not None:
        scan = f"ssh {jump} {scan}"
    return HostKeyUnknown(
        f"its host key is not known: {shown}",
        where=_name(way),
        cure=f"connect once by `ssh {f'-J {jump} ' if jump else ''}{way.address}` and compare this"
        " fingerprint with the one the machine's console shows, or:"
        f" {scan} >> {way.known_hosts.user_files[0]}",
    )


def _other_kind(way: Route, client: _Client) -> Unreachable:
    kinds = ", ".join(sorted({key.get_algorithm() for key in client.trusted.keys}))
    return _changed(way, client, f"it has no host key of the kind it is known by ({kinds})")


def _changed(way: Route, client: _Client, what: str) -> HostKeyChanged:
    places = " and ".join(way.known_hosts.places(client.host, client.port))
    name = client.host if client.port is None else f"[{client.host}]:{client.port}"
    return HostKeyChanged(
        f"{what}; expected is {places}",
        where=_name(way),
        cure="this may be another machine listening in: ask who runs it. When the key was"
        f" changed on purpose: ssh-keygen -R '{name}', then accept the new one",
    )


async def _login_refused(way: Route) -> LoginRefused:
    offered, locked = await asyncio.to_thread(_key_files, way)
    try:
        async with asyncssh.connect_agent() as agent:
            offered += [f"{key.get_comment()} (agent)" for key in await agent.get_keys()]
    except (OSError, ValueError):
        pass  # no agent, no keys of it
    tried = f"keys offered: {', '.join(offered)}" if offered else "there was no key to offer"
    cure = f"put a key into {way.user}'s authorized_keys there, or log in by --user, --identity"
    if locked:
        cure = f"{locked[0]} is encrypted: load it into the agent by ssh-add {locked[0]}; or {cure}"
    return LoginRefused(
        f"the login as {way.user} was refused ({tried})", where=_name(way), cure=cure
    )


def _key_files(way: Route) -> tuple[list[str], list[str]]:
    """The key files that were offered, and those that are encrypted."""
    offered: list[str] = []
    locked: list[str] = []
    for name in way.identities or DEFAULT_IDENTITIES:
        try:
            key = asyncssh.read_private_key(name)
        except OSError:
            continue
        except ValueError as error:
            if "assphrase" in str(error):
                locked.append(name)
        else:
            offered.append(f"{name} {key.get_fingerprint()}")
    return offered, locked
