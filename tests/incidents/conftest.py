"""Incidents on the lab, each as often as VMFERRY_INCIDENTS says (once)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from incidents.scene import Scene
from lab import Lab


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "scene" in metafunc.fixturenames:
        times = int(os.environ.get("VMFERRY_INCIDENTS", "1"))
        metafunc.parametrize("time", range(1, times + 1))


@pytest.fixture
def scene(settled_lab: Lab, tmp_path: Path, time: int) -> Scene:
    return Scene(settled_lab, tmp_path)
