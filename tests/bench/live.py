"""What vmferry costs on the lab, each figure beside something that runs there at the same time."""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from bench import changes, far, past, verdicts, wire
from bench.board import VMFERRY, board, command_s
from bench.telling import Row
from lab import Lab
from terminal import Terminal

PARTS = ("cold", "verdicts", "glass", "standby", "past", "wire", "changes", "far")


def rows(parts: Sequence[str], rest_s: float) -> Iterator[Row]:
    """Those of `PARTS`, one after the other on one lab."""
    with a_lab() as lab, a_home() as home:
        if "cold" in parts:
            yield from cold(lab, home)
        if "verdicts" in parts:
            yield verdicts.on_the_lab(lab)
            yield verdicts.of_sixty(lab)
        if "glass" in parts:
            with board(lab.ssh_config, home) as terminal:
                yield glass(lab, terminal)
        if "standby" in parts:
            with board(lab.ssh_config, home) as terminal:
                yield standby(lab, terminal)
        if "past" in parts:
            yield from past.rows(lab)
        if "wire" in parts:
            yield from wire.rows(lab, home, rest_s)
        if "changes" in parts:
            yield from changes.rows(lab, home)
        if "far" in parts:
            yield from far.rows(lab)


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


def cold(lab: Lab, home: Path) -> Iterator[Row]:
    """From nothing to the whole picture, and to the doctor's report, each beside one ssh command.

    Of all that the doctor asks of a node, `virsh capabilities` takes the longest.
    """
    ssh = ["ssh", "-F", str(lab.ssh_config), "alpha"]
    ours = ["--json", "--ssh-config", str(lab.ssh_config), "alpha"]

    load = [sys.executable, "-c", "import asyncssh"]
    loading = statistics.median(command_s(load, home) for _ in range(5))
    limit = f"of it Python with asyncssh alone takes {loading:.2g} s to load"
    for command, beside, times, wanted in (
        ("status", ["crm_mon", "-1", "--output-as=xml"], 9, "2.5 times it"),
        ("doctor", ["virsh", "-c", "qemu:///system", "capabilities"], 5, ""),
    ):
        pairs = [
            (command_s([*ssh, *beside], home), command_s([str(VMFERRY), command, *ours], home))
            for _ in range(times)
        ]
        theirs, took = (statistics.median(each) for each in zip(*pairs, strict=True))
        what, other = f"{command} --json, cold", f"ssh alpha {beside[0]}"
        yield Row(what, took, "s", other, theirs, wanted, limit)


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
