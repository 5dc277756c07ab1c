"""What crosses the wire, and what it costs at both ends, beside a poll that tells the same."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.board import board
from bench.drawing import settle
from bench.telling import Row
from lab import Lab
from terminal import Terminal

POLL = "while echo; do {}; sleep 2; done"
"""Ends where nobody reads any more."""
CALM_S = 5.0
STATUS = "crm_mon -1 --output-as=xml"
DOMAINS = "virsh -c qemu:///system domstats"


@dataclass(frozen=True, slots=True)
class Cost:
    """Each in a second: bytes between operator and nodes, and of all nodes' cores."""

    wire_bytes: float
    nodes_percent: float


def on_the_wire() -> int:
    """What has gone between the operator and the nodes so far, both ways."""
    counted = psutil.net_io_counters(pernic=True)["br0"]
    return counted.bytes_sent + counted.bytes_recv


def rows(lab: Lab, home: Path, rest_s: float) -> Iterator[Row]:
    """What the board costs when nothing happens: here, on the wire, and on the watched nodes."""
    with without_monitors(lab):
        yield from of_rest(lab, home, rest_s)


@contextmanager
def without_monitors(lab: Lab) -> Iterator[None]:
    """The agents' own work, which comes once a minute, is in no measurement then."""
    lab.run(lab.nodes[0], "crm_attribute", "--name", "maintenance-mode", "--update", "true")
    time.sleep(CALM_S)
    try:
        yield
    finally:
        lab.reset()


def of_rest(lab: Lab, home: Path, rest_s: float) -> Iterator[Row]:
    idle = cost(lab, lambda: time.sleep(rest_s))
    with polled(lab):
        time.sleep(2)
        poll = cost(lab, lambda: time.sleep(rest_s))
    with board(lab.ssh_config, home) as terminal:
        settle(terminal)
        process = psutil.Process(terminal.process.pid)
        before = process.cpu_times()
        ours = cost(lab, lambda: watched(terminal, rest_s))
        after = process.cpu_times()
        memory = process.memory_info().rss / 2**20
    used = after.user + after.system - before.user - before.system
    yield Row("CPU at rest, on the lab", 100 * used / rest_s, "% of a core")
    yield Row("memory, on the lab", memory, "MiB")
    yield Row(
        "on the wire at rest",
        (ours.wire_bytes - idle.wire_bytes) / 1e3,
        "kB/s",
        "a poll of crm_mon and domstats every 2 s",
        (poll.wire_bytes - idle.wire_bytes) / 1e3,
        "a fifth",
    )
    yield Row(
        "the watched nodes at rest, all together, beyond what they do anyway",
        ours.nodes_percent - idle.nodes_percent,
        "% of a core",
        "the same poll",
        poll.nodes_percent - idle.nodes_percent,
        "a fifth",
    )


def watched(terminal: Terminal, for_s: float) -> None:
    """Take in what the board writes, as a terminal would."""
    end = time.monotonic() + for_s
    while (left := end - time.monotonic()) > 0:
        terminal.read(left)


@contextmanager
def polled(lab: Lab) -> Iterator[None]:
    """One node is asked for the cluster, and each for its domains, over connections that stay."""
    asked = dict.fromkeys(lab.nodes, DOMAINS) | {lab.nodes[0]: f"{STATUS}; {DOMAINS}"}
    polls = [
        subprocess.Popen(
            ["ssh", "-F", str(lab.ssh_config), node, POLL.format(what)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        )
        for node, what in asked.items()
    ]
    try:
        yield
    finally:
        for poll in polls:
            poll.terminate()
            poll.wait()


def cost(lab: Lab, meanwhile: Callable[[], None]) -> Cost:
    started, ticks, carried = time.monotonic(), nodes_ticks(lab), on_the_wire()
    meanwhile()
    carried, ticks = on_the_wire() - carried, nodes_ticks(lab) - ticks
    took = time.monotonic() - started
    return Cost(carried / took, 100 * ticks / os.sysconf("SC_CLK_TCK") / took)


_SERVED = frozenset(
    [
        *("sshd", "sshd-session", "sshd-auth", "sh", "bash", "sleep", "cat", "echo"),
        *("crm_mon", "cibadmin", "virsh", "libvirtd"),
    ]
)
"""What the board makes work on a node; guests, corosync and monitors go on beside it."""


def nodes_ticks(lab: Lab) -> int:
    return sum(node_ticks(lab, node) for node in lab.nodes)


def node_ticks(lab: Lab, node: str) -> int:
    total = 0
    for line in lab.run(node, "sh", "-c", "cat /proc/[0-9]*/stat", check=False).splitlines():
        name = line[line.index("(") + 1 : line.rindex(")")]
        if name in _SERVED or name.startswith("pacemaker-based"):
            total += sum(map(int, line[line.rindex(")") + 2 :].split()[11:15]))
    return total
