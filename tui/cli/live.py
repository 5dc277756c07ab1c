"""Connect to a real cluster. The only place that knows how; what it needs is loaded here."""

from __future__ import annotations

from backends.clusters.base import Backend
from tui.cli.configuration import Target


def connect_live(target: Target) -> Backend:
    """The backend of a cluster that is reached over SSH, or on the spot."""
    from backends.clusters.live.backend import LiveBackend
    from backends.clusters.ssh import Login
    from backends.pacemaker.agents import Agents

    login = Login(
        user=target.user,
        identity=target.identity,
        ssh_config=target.ssh_config,
        known_hosts=target.known_hosts,
        sudo=target.sudo,
    )
    return LiveBackend(
        target.hosts, login, read_only=target.read_only, agents=Agents(target.agents)
    )
