"""A lab at a glance: which nodes have power, what they cost, what crm_mon says."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass
from pathlib import Path

from lab.lab import Lab
from lab.system import LabError

SAMPLE_S = 5
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """Memory (shared pages counted in parts) and CPU time of the processes of a node."""

    memory_bytes: int
    cpu_s: float


def report(lab: Lab) -> str:
    """Some lines to read; takes `SAMPLE_S` to measure the CPU."""
    before = {name: _usage(node.init_pid) for name, node in lab.members.items()}
    time.sleep(SAMPLE_S)
    lines, memory_bytes, cpu_percent = [], 0, 0.0
    for name, node in lab.members.items():
        usage = _usage(node.init_pid)
        if usage is None:
            lines.append(f"{name:8} no power")
            continue
        earlier = before[name]
        percent = 100 * (usage.cpu_s - earlier.cpu_s) / SAMPLE_S if earlier else 0.0
        lines.append(f"{name:8} {usage.memory_bytes >> 20:5} MiB {percent:5.1f} % of a core")
        memory_bytes += usage.memory_bytes
        cpu_percent += percent
    disks = os.statvfs(lab.base)
    disk_bytes = (disks.f_blocks - disks.f_bfree) * disks.f_frsize
    lines.append(f"together {memory_bytes >> 20:5} MiB {cpu_percent:5.1f} % of a core")
    lines.append(f"disks    {disk_bytes >> 20:5} MiB (in memory)")
    try:
        lines.append(lab.cluster.ask("crm_mon", "-1"))
    except LabError as error:
        lines.append(str(error))
    return "\n".join(lines)


def _usage(init_pid: int | None) -> Usage | None:
    if init_pid is None:
        return None
    namespace = Path(f"/proc/{init_pid}/ns/pid").readlink()
    memory_bytes, cpu_ticks = 0, 0
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "ns/pid").readlink() != namespace:
                continue
            memory = re.search(r"^Pss:\s+(\d+)", (process / "smaps_rollup").read_text(), re.M)
            stat = (process / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        memory_bytes += int(memory[1]) * 1024 if memory else 0
        # Children that ended count with their parent.
        cpu_ticks += sum(int(ticks) for ticks in stat[11:15])
    return Usage(memory_bytes, cpu_ticks / TICKS_PER_S)
