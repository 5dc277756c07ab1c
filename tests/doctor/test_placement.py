"""Constraints with the names of moves: what is to go, and what a move would take away for good."""

from __future__ import annotations

import shlex
from dataclasses import replace

from lxml import etree

from backends.data.examination import State
from backends.data.picture import VM, Constraint, ConstraintKind, Operation
from backends.doctor import placement
from backends.judgement.policy import SEAPATH, told
from doctor.cases import found, lines, make, only, vm
from doctor.cases import resource as configured

PREFER = Constraint("cli-prefer-web1", "web1", "alpha", ConstraintKind.PREFER)
BAN = Constraint("cli-ban-web1-on-bravo", "web1", "bravo", ConstraintKind.BAN)
NODES = ("alpha", "bravo", "charlie")
NO_AGENT = Operation("bravo", "monitor", 5, 5, 0, None)
"""What a probe says where no VM can run: who is banned from there is so on purpose."""


def placed(*constraints: Constraint, agent: str = "", history: tuple[Operation, ...] = ()) -> VM:
    return replace(vm(), constraints=constraints, agent=agent, history=history)


def test_leftover_constraints_are_a_warning_with_the_command_that_clears_them() -> None:
    case = make(vms=[(placed(BAN), configured())])
    finding = only(placement.judge, case, "leftover constraints")
    assert finding.state is State.WARNING and "does not come back" in finding.why
    assert lines(finding) == ["crm_resource --clear --resource web1"]
    assert found(placement.judge, case, "placement") == []


def test_a_preference_that_is_meant_is_lost_with_the_next_move_and_gets_a_name_of_its_own() -> None:
    kept = placed(PREFER, BAN, history=(NO_AGENT,))
    case = make(nodes=NODES, vms=[(kept, configured())])
    assert found(placement.judge, case, "leftover constraints") == []
    lost, stays = (each for each in placement.judge(case) if each.check == "placement")
    assert (lost.state, lost.vm) == (State.WARNING, "web1") and "cli-prefer-web1" in lost.seen
    assert "no longer prefers alpha" in lost.why
    assert stays.state is State.NOT_USED and "cli-ban-web1-on-bravo" in stays.seen
    said = list(told(kept, "charlie"))
    assert "cli-prefer-web1" in said[0] and "goes" in said[0], "the plan says the same"
    assert said[1].startswith("cli-ban-web1-on-bravo stays")


def test_its_cure_makes_the_new_one_first_and_below_what_a_move_sets() -> None:
    case = make(vms=[(placed(PREFER, agent=SEAPATH), configured())])
    create, clear = lines(only(placement.judge, case, "placement"))
    *words, text = shlex.split(create)
    assert words == ["cibadmin", "--create", "--scope", "constraints", "--xml-text"]
    wish = etree.fromstring(text)
    assert (wish.tag, wish.get("rsc"), wish.get("node")) == ("rsc_location", "web1", "alpha")
    assert not wish.get("id", "cli-").startswith("cli-") and 0 < int(wish.get("score", "")) < 10**6
    assert clear == "crm_resource --clear --resource web1 --node alpha"


def test_who_may_move_nowhere_loses_nothing() -> None:
    case = make(nodes=["alpha"], vms=[(placed(PREFER, agent=SEAPATH), configured())])
    assert found(placement.judge, case, "placement") == [(State.NOT_USED, None, "web1")]
