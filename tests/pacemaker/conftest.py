"""Pacemaker's own tools, on this machine."""

from __future__ import annotations

import shutil

import pytest


@pytest.fixture(scope="session")
def tools() -> None:
    """crm_simulate and crm_mon: such tests are never left out for the want of a package."""
    assert shutil.which("crm_simulate"), "apt-get install pacemaker-cli-utils (root has it done)"
