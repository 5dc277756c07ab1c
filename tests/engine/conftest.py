"""The engine over the lab."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from engine.aftermath import Aftermath
from engine.tally import Tally
from lab import Lab

Connect = Callable[..., LiveBackend]


@pytest.fixture
def aftermath(settled_lab: Lab, tally: Tally) -> Aftermath:
    """The lab as it was before the test."""
    return Aftermath(settled_lab, tally)


@pytest.fixture
def connect(settled_lab: Lab) -> Connect:
    """A new, unopened backend over the lab, entered by charlie unless another is said."""

    def make(host: str = "charlie") -> LiveBackend:
        return LiveBackend([host], Login(ssh_config=settled_lab.ssh_config))

    return make


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")
