"""A site's own placement looks like what moves leave: it is told apart where there is reason to."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backends.data.picture import VM, Constraint, ConstraintKind, Operation
from backends.data.plan import Action, ActionKind, Prediction, VerdictKind
from backends.judgement.judge import judge, make_plan, refusal
from backends.judgement.policy import SEAPATH, dropped, going, left_over, why_on_purpose
from core.pictures import cluster, vm

PREFER, BAN = ConstraintKind.PREFER, ConstraintKind.BAN


def prefer(node: str) -> Constraint:
    return Constraint("cli-prefer-web1", "web1", node, PREFER)


def ban(node: str, expires: str | None = None) -> Constraint:
    return Constraint(f"cli-ban-web1-on-{node}", "web1", node, BAN, expires)


def did(node: str, task: str, rc: int = 0) -> Operation:
    return Operation(node, task, 5, rc, 0, None)


NEVER_THERE = did("charlie", "monitor", 5)


def web1(*constraints: Constraint, history: tuple[Operation, ...] = (NEVER_THERE,)) -> VM:
    return replace(vm("web1", history=history), constraints=constraints)


@pytest.mark.parametrize(
    ("known", "constraint", "on_purpose"),
    [
        ((NEVER_THERE,), ban("charlie"), True),
        ((did("charlie", "monitor", 7),), ban("charlie"), False),
        ((NEVER_THERE,), ban("charlie", "2026-12-01"), False),
        ((did("charlie", "stop"),), ban("charlie"), False),
        ((did("charlie", "monitor", 0),), ban("charlie"), False),
        ((), ban("charlie"), False),
        ((NEVER_THERE,), prefer("charlie"), False),
    ],
)
def test_who_is_banned_from_where_he_never_was_is_so_on_purpose(
    known: tuple[Operation, ...], constraint: Constraint, on_purpose: bool
) -> None:
    placed = web1(constraint, history=known)
    assert (why_on_purpose(placed, constraint) is not None) is on_purpose
    assert left_over(placed) == (() if on_purpose else (constraint,))


def test_who_is_banned_from_several_nodes_where_he_never_was_is_so_on_purpose() -> None:
    looked = (did("bravo", "monitor", 7), did("charlie", "monitor", 7))
    assert left_over(web1(ban("bravo"), ban("charlie"), history=looked)) == ()
    assert left_over(web1(ban("charlie"), history=looked)) == (ban("charlie"),)


def test_a_preference_beside_such_a_ban_and_all_of_seapath_is_on_purpose() -> None:
    assert left_over(web1(prefer("alpha"), ban("charlie"))) == ()
    assert left_over(replace(web1(prefer("alpha"), history=()), agent=SEAPATH)) == ()
    assert len(left_over(web1(prefer("alpha"), ban("charlie"), history=()))) == 2


def test_a_ban_that_is_kept_on_purpose_is_not_lifted_by_a_move() -> None:
    looked = (did("bravo", "monitor", 7), did("charlie", "monitor", 7))
    kept = web1(ban("bravo"), ban("charlie"), history=looked)
    refused = refusal(cluster(kept), ("web1",), "charlie")
    assert refused is not None and refused.kind is VerdictKind.REFUSED
    assert "cli-ban-web1-on-charlie keeps web1 from charlie" in refused.reasons[0]
    assert "crm_resource --clear --resource web1 --node charlie" in refused.reasons[0]


def planned(placed: VM, *, keep: bool = False) -> tuple[tuple[str, ...], ...]:
    picture = cluster(placed)
    moves = Action(ActionKind.MIGRATE, "web1", "alpha", "bravo")
    verdict = judge(picture, ("web1",), "bravo", Prediction((moves,), ()))
    plan = make_plan(picture, verdict, keep=keep)
    return plan.steps, plan.warnings, tuple(map(str, plan.commands))


def test_a_move_elsewhere_leaves_it_and_says_so_first() -> None:
    steps, warnings, commands = planned(web1(prefer("alpha"), ban("charlie")))
    assert commands[-1] == "crm_resource --clear --resource web1 --node bravo"
    assert "cli-prefer-web1 seems to be kept on purpose" in warnings[0]
    assert "migrate --keep" in warnings[0] and "no longer prefers alpha" in warnings[0]
    assert warnings[1].startswith("cli-ban-web1-on-charlie stays")
    assert not any("lift" in step for step in steps)


def test_a_ban_that_a_move_drops_is_named_in_its_first_step() -> None:
    steps, warnings, commands = planned(web1(ban("charlie"), history=()))
    assert steps[0].startswith("lift cli-ban-web1-on-charlie")
    assert "cli-ban-web1-on-charlie" in warnings[0]
    assert commands[-1] == "crm_resource --clear --resource web1"


def test_what_is_to_be_kept_names_the_target_from_now_on() -> None:
    steps, warnings, commands = planned(web1(prefer("alpha"), ban("charlie")), keep=True)
    assert not any("--clear" in command for command in commands)
    assert steps[-1] == "leave the constraint, as was asked"
    assert "cli-prefer-web1 names bravo from now on" in warnings[0]


def test_what_is_offered_to_be_kept_is_on_purpose_and_would_go() -> None:
    kept = web1(prefer("alpha"), ban("charlie"))
    assert dropped(kept, "bravo") == (prefer("alpha"),)
    assert dropped(kept, "alpha") == ()
    assert dropped(web1(prefer("alpha"), history=()), "bravo") == ()


def test_what_goes_is_what_the_command_removes() -> None:
    kept = web1(prefer("bravo"), ban("alpha"), ban("charlie"))
    assert [c.id for c in going(kept, "bravo")] == ["cli-prefer-web1"]
    assert going(kept, None) == kept.constraints
    assert going(web1(prefer("bravo"), ban("alpha")), "bravo") == (prefer("bravo"), ban("alpha"))
