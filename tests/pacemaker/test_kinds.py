"""Clusters of kinds that people run, each with something special in it, asked of the real tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from agreement import contradictions
from backends.doctor.examine import examine
from backends.past.archive import Archive
from backends.past.backend import PastBackend
from past.folders import Folders

KINDS = Path(__file__).parent.parent / "samples" / "kinds"
"""Rebuilt from public reports, with neutral names."""
SAMPLES = {path.stem: path.read_bytes() for path in KINDS.glob("*.xml")}
RECORDED_AT = 1_796_000_000.0


@pytest.mark.lab
@pytest.mark.usefixtures("tools")
@pytest.mark.parametrize("kind", sorted(SAMPLES))
async def test_in_clusters_that_people_run_it_tells_the_same(kind: str, tmp_path: Path) -> None:
    site = Folders(tmp_path, ("node",))
    site.put("node", "pe-input-1.bz2", SAMPLES[kind], RECORDED_AT)
    async with PastBackend(Archive(site), RECORDED_AT + 1) as backend:
        report = await examine(backend)
        assert backend.picture.vms
        assert [each async for each in contradictions(backend, report)] == []
