from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from backends.data.picture import Cluster, Node, NodeState
from cli.conftest import Vmferry
from cli.schema import EventLine, SummaryLine
from cli.still import StillBackend
from waiting import PATIENCE_S


@contextmanager
def watching(home: Path, *args: str) -> Iterator[subprocess.Popen[str]]:
    program = Path(__file__).with_name("on_simulated.py")
    env = {"HOME": str(home), "PYTHONPATH": str(program.parents[2])}
    process = subprocess.Popen(
        [sys.executable, str(program), "20", "busy", "watch", *args],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_json_lines_are_the_contract(home: Path) -> None:
    with watching(home, "--json") as process:
        assert process.stdout is not None
        summary = msgspec.json.decode(process.stdout.readline(), type=SummaryLine)
        assert summary.nodes == {"online": 3}
        assert sum(summary.vms.values()) == 16
        kinds = {
            msgspec.json.decode(process.stdout.readline(), type=EventLine).event for _ in range(5)
        }
        assert kinds & {"migration-started", "migration-phase", "migration-done"}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_it_ends_when_interrupted(home: Path, number: signal.Signals) -> None:
    with watching(home) as process:
        assert process.stdout is not None
        assert "3 nodes (3 online)" in process.stdout.readline()
        process.send_signal(number)
        _, err = process.communicate(timeout=PATIENCE_S)
        assert process.returncode == 130
        assert err.strip() == ""


def test_it_ends_by_sigterm_where_sigint_is_ignored(home: Path) -> None:
    """As in a script that starts it with `&`."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with watching(home) as process:
            assert process.stdout is not None
            process.stdout.readline()
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=PATIENCE_S)
            assert process.returncode == 130
    finally:
        signal.signal(signal.SIGINT, before)


def test_it_is_quiet_when_nobody_reads_any_more(home: Path) -> None:
    with watching(home) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(timeout=PATIENCE_S) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


def test_status_is_quiet_when_nobody_reads(home: Path) -> None:
    program = Path(__file__).with_name("on_simulated.py")
    ours, theirs = os.pipe()
    os.close(ours)
    ended = subprocess.run(
        [sys.executable, str(program), "1", "calm", "status"],
        env={"HOME": str(home), "PYTHONPATH": str(program.parents[2])},
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_the_first_line_sums_up(vmferry: Vmferry) -> None:
    backend = StillBackend(Cluster(name="prod", nodes=(Node("alpha", "1", NodeState.ONLINE),)))
    backend._pictures.close()
    ended = vmferry("watch", on=backend)
    assert "prod: quorum unknown" in ended.out
    assert "1 node (1 online); 0 VMs" in ended.out
