"""A user's home with an SSH configuration, and the servers it names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import asyncssh

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh import Fleet, Login
from ssh.sshd import Server


class Site:
    """Names, keys and files, all below one directory."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.config = home / "config"
        self.known_hosts = home / "known_hosts"
        self.identity = home / "id"
        self.bin = home / "bin"
        self.bin.mkdir()
        self.key = asyncssh.generate_private_key("ssh-ed25519")
        self.key.write_private_key(str(self.identity))
        self.known_hosts.touch()
        self.log = CommandLog()
        self.environment = {"PATH": f"{self.bin}:/usr/bin:/bin", "HOME": str(home)}
        self.say()

    _blocks = ""

    def say(self, *hosts: str) -> None:
        """Add `Host` blocks to the configuration."""
        self._blocks += "\n".join(hosts) + "\n"
        self.config.write_text(
            f"{self._blocks}"
            "Host *\n"
            "  User tester\n"
            f"  IdentityFile {self.identity}\n"
            f"  UserKnownHostsFile {self.known_hosts}\n"
        )

    def know(self, name: str, key: asyncssh.SSHKey) -> None:
        """Trust a host."""
        with self.known_hosts.open("a") as file:
            file.write(f"{name} {key.export_public_key().decode()}")

    async def serve(self, name: str | None = None, *, known: bool = True) -> Server:
        """A server, under a name of the configuration unless it is to be reached otherwise."""
        server = Server(self.key, self.environment)
        await server.start()
        if name is not None:
            self.say(f"Host {name}", "  HostName 127.0.0.1", f"  Port {server.port}")
            if known:
                self.know(f"[127.0.0.1]:{server.port}", server.key)
        return server

    def fleet(self, *hosts: str, **login: Any) -> Fleet:
        return Fleet(hosts, Login(ssh_config=self.config, **login), self.log)

    def program(self, name: str, script: str) -> None:
        """A program on the servers' PATH, before all others."""
        path = self.bin / name
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)
