"""What vmferry costs on the lab, each figure beside something that runs there at the same time."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil

from bench import past, verdicts
from bench.drawing import settle
from bench.telling import Row
from lab import Lab
from terminal import Terminal

VMFERRY = Path(sys.executable).with_name("vmferry")


def rows(rest_s: float) -> Iterator[Row]:
    with a_lab() as lab, a_home() as home:
        yield from cold(lab, home)
        yield verdicts.on_the_lab(lab)
        yield verdicts.of_sixty(lab)
        with board(lab, home) as terminal:
            yield glass(lab, terminal)
            yield standby(lab, terminal)
        yield from past.rows(lab)
        yield from rest(lab, home, rest_s)


def standby_alone() -> Iterator[Row]:
    with a_lab() as lab, a_home() as home, board(lab, home) as terminal:
        yield standby(lab, terminal)


def past_alone() -> Iterator[Row]:
    with a_lab() as lab:
        yield from past.rows(lab)


@contextmanager
def a_lab() -> Iterator[Lab]:
    """The lab that stands, or one of its own; all its guests tick."""
    with ExitStack() as stack:
        if standing := os.environ.get("VMFERRY_TEST_LAB"):
            lab = Lab.attach(standing)
        else:
            up = Lab.up(base=f"bench-{os.getpid()}", owner=os.getpid())
            lab = stack.enter_context(up)
        lab.enter_network()
        lab.reset()
        lab.wait_guests()
        yield lab


@contextmanager
def a_home() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as home:
        yield Path(home)


@contextmanager
def board(lab: Lab, home: Path) -> Iterator[Terminal]:
    """The board on the lab, in a terminal, at rest."""
    argv = [str(VMFERRY), "--ssh-config", str(lab.ssh_config), "alpha"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with Terminal(argv, environment) as terminal:
        terminal.until(lambda text: "web1" in text and "online" in text, "the board")
        terminal.until(lambda text: "? %" not in text, "its numbers")
        yield terminal


def cold(lab: Lab, home: Path) -> Iterator[Row]:
    """From nothing to the whole picture, and to the doctor's report, each beside one ssh command.

    Of all that the doctor asks of a node, `virsh capabilities` takes the longest.
    """
    ssh = ["ssh", "-F", str(lab.ssh_config), "alpha"]
    ours = ["--json", "--ssh-config", str(lab.ssh_config), "alpha"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}

    def timed(argv: list[str]) -> float:
        started = time.monotonic()
        subprocess.run(argv, check=True, stdout=subprocess.DEVNULL, env=environment)
        return time.monotonic() - started

    for command, beside, times, wanted in (
        ("status", ["crm_mon", "-1", "--output-as=xml"], 9, "2.5 times it"),
        ("doctor", ["virsh", "-c", "qemu:///system", "capabilities"], 5, ""),
    ):
        pairs = [
            (timed([*ssh, *beside]), timed([str(VMFERRY), command, *ours])) for _ in range(times)
        ]
        theirs, took = (statistics.median(each) for each in zip(*pairs, strict=True))
        yield Row(f"{command} --json, cold", took, "s", f"ssh alpha {beside[0]}", theirs, wanted)


def glass(lab: Lab, terminal: Terminal) -> Row:
    """From `virsh suspend` on a node to the word on the screen, beside virsh itself."""
    seen: list[float] = []
    beside: list[float] = []
    for _ in range(20):
        seen.append(shown(lab, terminal, ("virsh", "suspend", "web1"), "paused", beside))
        back: list[float] = []
        shown(lab, terminal, ("virsh", "resume", "web1"), "paused", back, there=False)
    return _of_medians("virsh suspend to glass", seen, "virsh itself", beside, "0.25 s")


def standby(lab: Lab, terminal: Terminal) -> Row:
    """From `crm_standby` to the word on the screen, beside crm_standby itself."""
    seen: list[float] = []
    beside: list[float] = []
    for _ in range(5):
        on = ("crm_standby", "-N", "charlie", "-v", "on")
        seen.append(shown(lab, terminal, on, "standby", beside))
        lab.run("alpha", "crm_standby", "-N", "charlie", "-v", "off")
        terminal.until(lambda text: "standby" not in strip_free(text), "the end of the standby")
        lab.reset()
    return _of_medians("crm_standby to glass", seen, "crm_standby", beside, "0.6 s")


def _of_medians(
    what: str, ours: Sequence[float], beside: str, theirs: Sequence[float], wanted: str
) -> Row:
    return Row(what, statistics.median(ours), "s", beside, statistics.median(theirs), wanted)


def strip_free(text: str) -> str:
    """The screen without the strip of events, in which words stay."""
    return "\n".join(text.splitlines()[:-6])


def shown(
    lab: Lab,
    terminal: Terminal,
    command: tuple[str, ...],
    word: str,
    durations: list[float],
    *,
    there: bool = True,
) -> float:
    """How long after the start of the command the word is there (or gone)."""
    started = time.monotonic()

    def act() -> None:
        lab.run("alpha", *command)
        durations.append(time.monotonic() - started)

    thread = threading.Thread(target=act)
    thread.start()
    terminal.until(lambda text: (word in strip_free(text)) is there, f"«{word}» on the glass")
    took = time.monotonic() - started
    thread.join()
    return took


def rest(lab: Lab, home: Path, rest_s: float) -> Iterator[Row]:
    """What the board costs when nothing happens: here, and on the node that is watched."""
    before = node_cost(lab, lambda: time.sleep(rest_s))
    with board(lab, home) as terminal:
        settle(terminal)
        process = psutil.Process(terminal.process.pid)
        started = process.cpu_times()

        def watch() -> None:
            end = time.monotonic() + rest_s
            while time.monotonic() < end:
                terminal.read(end - time.monotonic())

        during = node_cost(lab, watch)
        ended = process.cpu_times()
        used = ended.user + ended.system - started.user - started.system
        memory = process.memory_info().rss / 2**20
    yield Row("CPU at rest, on the lab", 100 * used / rest_s, "% of a core")
    yield Row("memory, on the lab", memory, "MiB")
    yield Row("the watched node at rest", during, "% of a core", "without the board", before)


_SERVED = frozenset({"sshd", "sh", "crm_mon", "cibadmin", "sleep", "cat", "echo", "libvirtd"})
"""What the board makes work on a node; guests, corosync and monitors go on beside it."""


def node_cost(lab: Lab, meanwhile: Callable[[], None]) -> float:
    """Percent of a core that sshd, the watching shell, libvirtd and the CIB used on alpha."""
    started, before = time.monotonic(), node_ticks(lab)
    meanwhile()
    after = node_ticks(lab)
    ticks = after - before
    return 100 * ticks / os.sysconf("SC_CLK_TCK") / (time.monotonic() - started)


def node_ticks(lab: Lab) -> int:
    total = 0
    for line in lab.run("alpha", "sh", "-c", "cat /proc/[0-9]*/stat", check=False).splitlines():
        name = line[line.index("(") + 1 : line.rindex(")")]
        if name in _SERVED or name.startswith("pacemaker-based"):
            total += sum(map(int, line[line.rindex(")") + 2 :].split()[11:15]))
    return total
