"""Connect to a real cluster. The only place that knows how; what it needs is loaded here."""

from __future__ import annotations

from importlib import import_module
from threading import Thread
from typing import TYPE_CHECKING

from backends.clusters.base import Backend
from tui.cli.configuration import Target

if TYPE_CHECKING:
    from backends.clusters.ssh import Login
    from backends.past.record import Record


def connect_live(target: Target) -> Backend:
    """The backend of a cluster that is reached over SSH, or on the spot."""
    if target.hosts:
        # It waits for other programs while it is loaded (asyncssh looks for a library by them).
        Thread(target=import_module, args=("backends.clusters.ssh.remote",)).start()
    from backends.clusters.live.backend import LiveBackend
    from backends.pacemaker.agents import Agents

    return LiveBackend(
        target.hosts, _login(target), read_only=target.read_only, agents=Agents(target.agents)
    )


def connect_past(target: Target) -> Record:
    """What the nodes of a cluster have recorded."""
    from backends.clusters.command_log import CommandLog
    from backends.clusters.live.site import LiveSite
    from backends.clusters.ssh import Fleet
    from backends.pacemaker.agents import Agents
    from backends.past.archive import Archive

    fleet = Fleet(target.hosts, _login(target), CommandLog())
    return Archive(LiveSite(lambda: fleet), Agents(target.agents))


def _login(target: Target) -> Login:
    from backends.clusters.ssh import Login

    return Login(
        user=target.user,
        identity=target.identity,
        ssh_config=target.ssh_config,
        known_hosts=target.known_hosts,
        sudo=target.sudo,
    )
