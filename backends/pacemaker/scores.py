"""The scores by which the scheduler of a cluster places what runs on it.

Source: `crm_simulate --show-scores` of 2.1.5, 3.0.0 and 3.0.1, as XML: an element for each node
that was considered; of several for one node the last was the one that counted.
"""

from __future__ import annotations

from collections.abc import Mapping

from backends.data.errors import BadAnswer, CommandFailed
from backends.pacemaker.nvpairs import score_of
from backends.pacemaker.xml import parse

ASK = ("sh", "-c", "CIB_shadow_dir=${TMPDIR:-/tmp} exec crm_simulate -p -R -s --output-as=xml")
"""The CIB goes to its stdin."""


def parse_scores(answer: bytes, status: int | None) -> dict[str, Mapping[str, int]]:
    """By resource and node. Raises `CommandFailed` or `BadAnswer`."""
    if status != 0:
        raise CommandFailed(f"crm_simulate ended with {status}", cure="is it Pacemaker 2.1.0?")
    root = parse(answer, "crm_simulate")
    if root.tag != "pacemaker-result":
        raise BadAnswer(f"crm_simulate answered <{root.tag}>")
    found: dict[str, dict[str, int]] = {}
    for weight in root.iterfind("allocations/node_weight"):
        score, node = score_of(weight.get("score", "")), weight.get("node")
        if score is not None and node is not None:
            found.setdefault(weight.get("id", ""), {})[node] = score
    return dict(found)
