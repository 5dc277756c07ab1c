"""The live backend over the lab."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from lab import Lab

Connect = Callable[..., LiveBackend]


@pytest.fixture
def connect(settled_lab: Lab) -> Connect:
    """A new, unopened backend over the settled lab, entered by alpha unless another is said."""

    def make(*hosts: str, read_only: bool = False) -> LiveBackend:
        login = Login(ssh_config=settled_lab.ssh_config)
        return LiveBackend(hosts or ("alpha",), login, read_only=read_only)

    return make
