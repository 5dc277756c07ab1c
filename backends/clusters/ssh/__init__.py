"""Running commands on the machines of a cluster: over SSH, or right here.

One multiplexed connection a machine carries every command, stream and forwarded socket.
"""

from __future__ import annotations

from backends.clusters.ssh.fleet import Fleet
from backends.clusters.ssh.host import Host
from backends.clusters.ssh.local import LocalHost
from backends.clusters.ssh.login import Login

__all__ = ["Fleet", "Host", "LocalHost", "Login"]
