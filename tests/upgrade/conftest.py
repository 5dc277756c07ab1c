"""Clusters in the middle of a rolling upgrade: alpha is of the old release, charlie of the new."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from engine.aftermath import Aftermath
from engine.tally import Tally
from lab import Lab
from lab.fixture import settle

Connect = Callable[[str], LiveBackend]


CLUSTERS = {
    "one of the old": "bookworm,trixie,trixie",
    "two of the old": "bookworm,bookworm,trixie",
}


@pytest.fixture(scope="module", params=list(CLUSTERS.values()), ids=list(CLUSTERS))
def mixed_lab(request: pytest.FixtureRequest) -> Iterator[Lab]:
    """One node of the old release and two of the new, or two and one."""
    base = f"upgrade-{os.getpid()}"
    with Lab.up(base=base, owner=os.getpid(), release=request.param) as lab:
        lab.enter_network()
        yield lab


@pytest.fixture
def upgrading(mixed_lab: Lab, request: pytest.FixtureRequest) -> Lab:
    """Such a cluster as it was seeded: what runs on a node was started on that node."""
    settle(mixed_lab, request.node)
    return mixed_lab


@pytest.fixture
def aftermath(upgrading: Lab, tally: Tally) -> Aftermath:
    """The lab as it was before the test."""
    return Aftermath(upgrading, tally)


@pytest.fixture
def connect(upgrading: Lab) -> Connect:
    """A new, unopened backend over the lab, entered by a node."""
    return lambda host: LiveBackend([host], Login(ssh_config=upgrading.ssh_config))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")
