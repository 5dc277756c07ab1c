"""Running the command line in this process, with its exit code and both streams."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from backends.clusters.base import Backend
from backends.past.record import Record
from tui.cli.configuration import Target
from tui.cli.entry import run_command_line
from tui.cli.logs import log_to


@dataclass(frozen=True)
class Ended:
    code: int
    out: str
    err: str


@dataclass
class Vmferry:
    """`vmferry ARGS…` on the backend given; remembers what it was asked to connect to."""

    capture: pytest.CaptureFixture[str]
    target: Target | None = None

    def __call__(self, *args: str, on: Backend | None = None, past: Record | None = None) -> Ended:
        def connect(target: Target) -> Backend:
            self.target = target
            assert on is not None, "this command line must not connect"
            return on

        def connect_past(target: Target) -> Record:
            self.target = target
            assert past is not None, "this command line must not look at a past"
            return past

        code = run_command_line(args, connect, connect_past)
        captured = self.capture.readouterr()
        assert "Traceback" not in captured.err
        return Ended(code, captured.out, captured.err)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, so that no configuration and no journal of this machine is touched."""
    for name in [name for name in os.environ if name.startswith(("XDG_", "VMFERRY"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("NO_COLOR", raising=False)
    level = logging.getLogger().level
    yield tmp_path
    log_to(None)
    logging.getLogger().setLevel(level)


@pytest.fixture
def vmferry(home: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    return Vmferry(capsys)
