"""The scheduler's scores, as crm_simulate prints them."""

from __future__ import annotations

import pytest

from backends.data.errors import BadAnswer, CommandFailed
from backends.pacemaker.scores import parse_scores

SAID = b"""\
<pacemaker-result api-version="2.25" request="crm_simulate -p -R -s --output-as=xml">
  <allocations>
    <node_weight function="pcmk__primitive_assign" node="alpha" score="0" id="web1"/>
    <node_weight function="pcmk__primitive_assign" node="bravo" score="INFINITY" id="web1"/>
    <node_weight function="pcmk__primitive_assign" node="charlie" score="-INFINITY" id="web1"/>
    <node_weight function="pcmk__primitive_assign" node="alpha" score="-200" id="db1"/>
  </allocations>
  <actions/>
  <status code="0" message="OK"/>
</pacemaker-result>
"""


def test_each_resource_has_its_score_on_each_node() -> None:
    assert parse_scores(SAID, 0) == {
        "web1": {"alpha": 0, "bravo": 1_000_000, "charlie": -1_000_000},
        "db1": {"alpha": -200},
    }


def test_what_is_no_answer_is_an_error() -> None:
    with pytest.raises(CommandFailed, match="ended with 76"):
        parse_scores(b"", 76)
    with pytest.raises(BadAnswer):
        parse_scores(b"<crm_mon/>", 0)
    with pytest.raises(BadAnswer):
        parse_scores(SAID[:200], 0)
