"""Who fenced a node, out of what the fencer remembers."""

from __future__ import annotations

from backends.past.fencings import parse_history
from backends.past.story import story
from past.cibs import cib, operation, taken

ANSWER = b"""<pacemaker-result api-version="2.25" request="stonith_admin --history *">
  <list name="fencing history" count="1">
    <fence_event action="off" target="alpha" client="pacemaker-controld.100" origin="bravo"
      status="success" delegate="charlie" completed="1970-01-01 00:16:55Z"/>
    <fence_event action="on" target="alpha" client="x" status="success" origin="bravo"
      completed="1970-01-01 00:16:58Z"/>
    <fence_event action="off" target="alpha" client="pacemaker-controld.100" origin="bravo"
      status="failed" completed="1970-01-01 00:16:51Z"/>
    <fence_event action="off" target="alpha" client="x" status="pending" origin="bravo"/>
  </list>
</pacemaker-result>"""


def test_a_fencing_says_when_and_by_whom() -> None:
    failed, fenced = parse_history(ANSWER)
    assert (failed.kind, failed.at, failed.node) == ("fencing-failed", 1011.0, "alpha")
    assert (fenced.kind, fenced.at, fenced.node) == ("node-fenced", 1015.0, "alpha")
    assert "by charlie" in fenced.text and "bravo" in fenced.text


def test_what_is_no_answer_says_nothing() -> None:
    assert parse_history(b"") == parse_history(b"stonith_admin: no") == ()


def test_a_stop_that_fails_leads_to_the_fencing_and_that_to_the_start_elsewhere() -> None:
    runs = {("web", "alpha"): [operation("start", 900)]}
    failed = {
        ("web", "alpha"): [operation("stop", 1005, 2, rc=1, status=4, call=20, reason="stuck")]
    }
    again = {("web", "bravo"): [operation("start", 1016, 2, call=3)]}
    inputs = [
        taken(cib(990, runs), 990),
        taken(cib(1008, failed), 1008, "pe-warn-1.bz2"),
        taken(cib(1030, again, fenced=["alpha"]), 1030, "pe-input-2.bz2"),
    ]
    (stop,) = story(inputs, parse_history(ANSWER))
    assert (stop.kind, stop.reason) == ("stop-failed", "stuck")
    failed_first, fenced = stop.effects
    assert (failed_first.kind, fenced.kind) == ("fencing-failed", "node-fenced")
    assert sorted(each.kind for each in fenced.effects) == ["node-left", "started"]
