"""Who logs in where, as the command line and the configuration say it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from backends.data.errors import BadConfiguration

_HOST = re.compile(r"[\w.:%\[\]][\w.:%\[\]-]*")


@dataclass(frozen=True, slots=True)
class Login:
    """What is not said here comes from the SSH configuration."""

    user: str | None = None
    ssh_config: Path | None = None
    """Instead of ~/.ssh/config."""
    known_hosts: Path | None = None
    """Instead of the user's known hosts file; the system's own is always read."""
    identity: Path | None = None
    sudo: bool = False
    """Prefix every command by `sudo -n --`."""
    connect_timeout_s: float = 10.0
    keepalive_interval_s: float = 5.0


@dataclass(frozen=True, slots=True)
class Address:
    """A host as ssh takes it; `host` may be an alias of the SSH configuration."""

    host: str
    user: str | None = None
    port: int | None = None

    def __post_init__(self) -> None:
        if not _HOST.fullmatch(self.host):
            raise BadConfiguration(
                f"{self.host!r} is no name of a host", cure="give it as ssh takes it: [user@]host"
            )

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[user@]host[:port]`, or the same as an ssh:// URI. Raises `BadConfiguration`."""
        user, at, host = text.removeprefix("ssh://").rstrip("/").rpartition("@")
        port: int | None = None
        bracketed = re.fullmatch(r"\[(.+)\](?::(\d+))?", host)
        plain = re.fullmatch(r"([^:]+):(\d+)", host)
        if match := bracketed or plain:
            host = match[1]
            port = int(match[2]) if match[2] else None
        if at and not user:
            raise BadConfiguration(f"{text!r} names no user", cure="give it as [user@]host")
        return cls(host, user or None, port)

    def __str__(self) -> str:
        user = f"{self.user}@" if self.user else ""
        port = f":{self.port}" if self.port else ""
        return f"{user}{self.host}{port}"
