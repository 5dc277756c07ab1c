"""What labs recorded of incidents, judged again: `make test-incidents` makes them anew."""

from __future__ import annotations

from pathlib import Path

import pytest

from backends.data.why import Why
from backends.past.story import story
from backends.past.whys import chain_of
from incidents.kept import Kept
from tui.cli.past_documents import why_document

SAMPLES = Path(__file__).parents[1] / "samples/incidents"


@pytest.mark.parametrize("sample", sorted(SAMPLES.glob("*/*.tar.xz")), ids=lambda s: s.name)
def test_cause_object_and_who_are_right(sample: Path) -> None:
    kept = Kept.read(sample)
    chain = chain_of(story(kept.inputs, kept.fencings), kept.truth.subject)
    answer = why_document(Why(kept.truth.subject, chain[-1], chain), None)
    assert not kept.truth.objections(answer)
