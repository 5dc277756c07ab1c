"""Pacemaker's own tools, on this machine."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from lab import packages


@pytest.fixture(scope="session")
def tools(tmp_path_factory: pytest.TempPathFactory) -> None:
    """crm_simulate and crm_mon, installed where they are missing: such tests are never left out
    for the want of a package."""
    if shutil.which("crm_simulate") is None:
        packages.install(Path(tmp_path_factory.mktemp("packages")) / "apt.log")
    assert shutil.which("crm_simulate") is not None
