"""Which keys a host may show. Always strict: what is not known is not accepted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import asyncssh

from backends.data.errors import BadConfiguration

SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")
USER_FILES = ("~/.ssh/known_hosts", "~/.ssh/known_hosts2")
_NO_FILE = frozenset({"", "none", "/dev/null"})


@dataclass(frozen=True, slots=True)
class Trusted:
    """What is known of one host: its keys, the keys that may sign for it, and those revoked."""

    keys: Sequence[asyncssh.SSHKey] = ()
    signers: Sequence[asyncssh.SSHKey] = ()
    revoked: Sequence[asyncssh.SSHKey] = ()


@dataclass(frozen=True, slots=True)
class KnownHosts:
    """The known hosts files that count for one host, in the order in which ssh reads them."""

    user_files: tuple[Path, ...]
    system_files: tuple[Path, ...]

    @classmethod
    def of(cls, user: Iterable[str] | None, system: Iterable[str] | None) -> KnownHosts:
        """From what the configuration says; `None` where it says nothing.

        Raises `BadConfiguration` for a configuration that would accept every key.
        """
        named = list(USER_FILES if user is None else user)
        if all(name.lower() in _NO_FILE for name in named):
            raise BadConfiguration(
                "the configuration names no known hosts file (UserKnownHostsFile none)",
                cure="vmferry checks every host key: name a file by --known-hosts",
            )
        return cls(_paths(named), _paths(SYSTEM_FILES if system is None else system))

    def read(self) -> asyncssh.SSHKnownHosts:
        """What the files say. Raises `BadConfiguration` for one that cannot be read."""
        known = asyncssh.SSHKnownHosts()
        for _, _, line in self._lines():
            _load(known, line)
        return known

    def places(self, host: str, port: int | None) -> list[str]:
        """Where the host stands, as `file:line`."""
        places = []
        for path, number, line in self._lines():
            known = asyncssh.SSHKnownHosts()
            _load(known, line)
            if trusted(known, host, port).keys:
                places.append(f"{path}:{number}")
        return places

    def _lines(self) -> Iterator[tuple[Path, int, str]]:
        for path in (*self.user_files, *self.system_files):
            try:
                text = path.read_text(errors="replace")
            except FileNotFoundError:
                continue
            except OSError as error:
                raise BadConfiguration(
                    f"{path} cannot be read: {error.strerror}", cure="see its permissions"
                ) from None
            for number, line in enumerate(text.splitlines(), 1):
                yield path, number, line


def trusted(known: asyncssh.SSHKnownHosts, host: str, port: int | None) -> Trusted:
    """What is known of a host; `port` is `None` for ssh's own.

    By name only, as ssh does by default: an address that a resolver gave proves nothing.
    """
    keys, signers, revoked, *_ = known.match(host, "", port)
    return Trusted(keys, signers, revoked)


def _paths(names: Iterable[str]) -> tuple[Path, ...]:
    return tuple(Path(name).expanduser() for name in names if name.lower() not in _NO_FILE)


def _load(known: asyncssh.SSHKnownHosts, line: str) -> None:
    try:
        known.load(line)
    except ValueError:
        # As ssh does: a line that cannot be read vouches for nobody.
        return
