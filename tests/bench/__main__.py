"""Benchmarks on the lab, each beside something that runs on the same machine at the same time.

`make bench` (root). They print figures and ratios and judge nothing, since machines differ.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from bench import doctor, verdicts
from bench.telling import say
from lab import Lab
from terminal import Terminal

VMFERRY = Path(sys.executable).with_name("vmferry")
TRIVIAL = Path(__file__).with_name("trivial.py")
REST_S = 30.0


def main() -> None:
    doctor.main()
    standing = os.environ.get("VMFERRY_TEST_LAB")
    with tempfile.TemporaryDirectory() as home:
        if standing:
            run(Lab.attach(standing), Path(home))
        else:
            with Lab.up(base=f"bench-{os.getpid()}", owner=os.getpid()) as lab:
                run(lab, Path(home))


def run(lab: Lab, home: Path) -> None:
    lab.enter_network()
    lab.reset()
    lab.wait_guests()
    cold(lab, home)
    verdicts.on_the_lab(lab)
    verdicts.of_sixty(lab)
    with board(lab, home) as terminal:
        keys(terminal, home)
        glass(lab, terminal)
        standby(lab, terminal)
    rest(lab, home)


@contextmanager
def board(lab: Lab, home: Path) -> Iterator[Terminal]:
    """The board on the lab, in a terminal, at rest."""
    argv = [str(VMFERRY), "--ssh-config", str(lab.ssh_config), "alpha"]
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with Terminal(argv, environment) as terminal:
        terminal.until(lambda text: "web1" in text and "online" in text, "the board")
        terminal.until(lambda text: "? %" not in text, "its numbers")
        yield terminal


def cold(lab: Lab, home: Path) -> None:
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

    for command, beside, times in (
        ("status", ["crm_mon", "-1", "--output-as=xml"], 9),
        ("doctor", ["virsh", "-c", "qemu:///system", "capabilities"], 5),
    ):
        pairs = [
            (timed([*ssh, *beside]), timed([str(VMFERRY), command, *ours])) for _ in range(times)
        ]
        theirs, took = (statistics.median(each) for each in zip(*pairs, strict=True))
        say(f"{command} --json, cold", took, f"ssh alpha {beside[0]}", theirs)


def keys(terminal: Terminal, home: Path) -> None:
    """From a key to the first bytes that it draws, beside the smallest Textual app."""
    environment = {"PATH": os.environ["PATH"], "HOME": str(home)}
    with Terminal([sys.executable, str(TRIVIAL)], environment) as trivial:
        trivial.until(lambda text: "number" in text, "the trivial app")
        pairs = [(key_to_paint(trivial, n), key_to_paint(terminal, n)) for n in range(40)]
    beside, ours = (statistics.median(each) for each in zip(*pairs, strict=True))
    say("key to paint", ours, "a trivial Textual app", beside)


def key_to_paint(terminal: Terminal, number: int) -> float:
    terminal.quiet(0.15)
    started = time.monotonic()
    terminal.type("\x1b[B" if number % 2 == 0 else "\x1b[A")
    terminal.read(5.0)
    return time.monotonic() - started


def glass(lab: Lab, terminal: Terminal) -> None:
    """From `virsh suspend` on a node to the word on the screen, beside virsh itself."""
    seen: list[float] = []
    beside: list[float] = []
    for _ in range(20):
        seen.append(shown(lab, terminal, ("virsh", "suspend", "web1"), "paused", beside))
        back: list[float] = []
        shown(lab, terminal, ("virsh", "resume", "web1"), "paused", back, there=False)
    say(
        "virsh suspend to glass", statistics.median(seen), "virsh itself", statistics.median(beside)
    )


def standby(lab: Lab, terminal: Terminal) -> None:
    """From `crm_standby` to the word on the screen, beside crm_standby itself."""
    seen: list[float] = []
    beside: list[float] = []
    for _ in range(5):
        on = ("crm_standby", "-N", "charlie", "-v", "on")
        seen.append(shown(lab, terminal, on, "standby", beside))
        lab.run("alpha", "crm_standby", "-N", "charlie", "-v", "off")
        terminal.until(lambda text: "standby" not in strip_free(text), "the end of the standby")
        lab.reset()
    say("crm_standby to glass", statistics.median(seen), "crm_standby", statistics.median(beside))


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


def rest(lab: Lab, home: Path) -> None:
    """What the board costs when nothing happens: here, and on the node that is watched."""
    before = node_cost(lab, lambda: time.sleep(REST_S))
    with board(lab, home) as terminal:
        terminal.type("4")
        terminal.until_sees("examined")  # the doctor's first look is no rest
        terminal.type("1")
        terminal.quiet(0.5)
        process = psutil.Process(terminal.process.pid)
        started = process.cpu_times()

        def watch() -> None:
            end = time.monotonic() + REST_S
            while time.monotonic() < end:
                terminal.read(end - time.monotonic())

        during = node_cost(lab, watch)
        ended = process.cpu_times()
        used = ended.user + ended.system - started.user - started.system
        memory = process.memory_info().rss / 2**20
    print(f"at rest: {100 * used / REST_S:.1f} % of a core, {memory:.0f} MB resident")
    print(
        f"the watched node: {during:.2f} % of a core with the board, {before:.2f} % without: "
        f"{during - before:+.2f} %"
    )


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


if __name__ == "__main__":
    main()
