"""The command line on a simulated cluster, as a process: `SPEED SCENARIO ARGS…`."""

from __future__ import annotations

import sys

from backends.clusters.base import Backend
from backends.clusters.simulated import SimulatedBackend
from tui.cli.configuration import Target
from tui.cli.entry import main


def connect(target: Target) -> Backend:
    return SimulatedBackend(3, 16, 1, float(sys.argv[1]), sys.argv[2], read_only=target.read_only)


if __name__ == "__main__":
    main(sys.argv[3:], connect=connect)
