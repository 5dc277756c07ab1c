"""The process that keeps a lab: holds its network, is its power switch, outlives no owner."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

from lab import network
from lab.node import Node
from lab.system import ENVIRONMENT, spawn, wait, write
from waiting import PATIENCE_S

PACKAGE_PARENT = Path(__file__).resolve().parents[1]


def start(base: Path, owner: int | None) -> None:
    """Start a keeper and wait until the network stands."""
    environment = {**ENVIRONMENT, "PYTHONPATH": str(PACKAGE_PARENT)}
    for name in ("VMFERRY_LAB_CACHE",):
        if name in os.environ:
            environment[name] = os.environ[name]
    words = (sys.executable, "-m", "lab", "keep", base, owner or 0)
    spawn("unshare", "--net", "--", *words, log=base / "keeper.log", environment=environment)
    wait(lambda: network.Network(base).keeper_pid, PATIENCE_S, "the keeper of the lab starts", 0.02)


def keep(base: Path, owner: int) -> bool:
    """Serve until the lab is gone (false) or its owner is (true)."""
    owner_start = _start_time(owner)
    network.build()
    write(base / "keeper.pid", f"{os.getpid()}\n")
    while os.path.ismount(base):
        if owner and _start_time(owner) != owner_start:
            return True
        for request in (base / "shared/fence").glob("*.request"):
            Node(request.stem, base).kill()
            request.with_suffix(".off").touch()
            request.unlink()
        time.sleep(0.1)
    return False


def _start_time(pid: int) -> str | None:
    """When a process was started, in ticks since boot; tells it from a later one of that number."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    after_name = stat[stat.rfind(")") + 2 :].split()
    return None if after_name[0] == "Z" else after_name[19]
