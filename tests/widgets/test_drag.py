"""The drag as a state machine: whatever happens, in whatever order, it stays sane."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from widgets.drag import (
    ERASE,
    Aim,
    Carrying,
    Changed,
    Confirm,
    Drop,
    Escape,
    Input,
    Intent,
    Lift,
    Move,
    PickUp,
    Press,
    Pressed,
    PutBack,
    Release,
    Resting,
    State,
    Type,
    named,
    step,
)

NODES = ("alpha", "beta", "gamma", "delta-alpha")
VMS = ("web", "db", "mail")
vms = st.lists(st.sampled_from(VMS), unique=True, max_size=3).map(tuple)
homes = st.frozensets(st.sampled_from(NODES), min_size=1)
cells = st.integers(-3, 30)
nodes = st.one_of(st.none(), st.sampled_from(NODES))
inputs: st.SearchStrategy[Input] = st.one_of(
    st.builds(Press, vms, homes, cells, cells),
    st.builds(Move, cells, cells, nodes),
    st.builds(Release, cells, cells, nodes),
    st.builds(Lift, vms, homes),
    st.builds(Aim, nodes),
    st.builds(Type, st.sampled_from(["a", "b", "-", ERASE]), st.just(NODES)),
    st.just(Confirm()),
    st.just(Escape()),
    st.builds(
        Changed,
        st.dictionaries(st.sampled_from(VMS), st.sampled_from(NODES)),
        st.lists(st.sampled_from(NODES), unique=True).map(tuple),
    ),
)


def run(*happened: Input) -> tuple[State, list[Intent]]:
    state: State = Resting()
    meant: list[Intent] = []
    for one in happened:
        state, intents = step(state, one)
        meant += intents
    return state, meant


@given(st.lists(inputs, max_size=40))
def test_every_pick_up_ends_once(happened: list[Input]) -> None:
    state: State = Resting()
    hand: tuple[str, ...] | None = None
    for one in happened:
        state, intents = step(state, one)
        for intent in intents:
            match intent:
                case PickUp(taken):
                    assert hand is None
                    assert taken
                    hand = taken
                case PutBack(dropped) | Drop(dropped):
                    assert hand == dropped
                    hand = None
        assert isinstance(state, Carrying) == (hand is not None)
        if isinstance(state, Carrying):
            assert state.vms == hand
            assert state.homes


@given(st.lists(inputs, max_size=20))
def test_escape_always_ends_with_an_empty_hand(happened: list[Input]) -> None:
    state, _ = run(*happened, Escape())
    assert state == Resting()


@given(st.lists(inputs, max_size=30))
def test_what_vanished_is_never_dropped(happened: list[Input]) -> None:
    state, _ = run(*happened)
    state, _ = step(state, Changed({}, NODES))
    _, intents = step(state, Confirm())
    assert not intents


PRESS = Press(("web",), frozenset({"alpha"}), 5, 5)


def test_a_press_is_a_drag_from_two_cells_on() -> None:
    assert isinstance(run(PRESS, Move(6, 5, "alpha"))[0], Pressed)
    assert isinstance(run(PRESS, Move(7, 5, "alpha"))[0], Carrying)


def test_a_terminal_without_motion_can_drop() -> None:
    _, meant = run(PRESS, Release(40, 9, "beta"))
    assert meant == [PickUp(("web",)), Drop(("web",), "beta")]


def test_a_release_nowhere_or_at_home_puts_back() -> None:
    for node in (None, "alpha"):
        _, meant = run(PRESS, Move(9, 9, "beta"), Release(1, 1, node))
        assert meant[-1] == PutBack(("web",))


def test_mouse_and_keys_mean_the_same() -> None:
    _, by_mouse = run(PRESS, Move(30, 5, "beta"), Release(30, 5, "beta"))
    _, by_keys = run(Lift(("web",), frozenset({"alpha"})), Aim("beta"), Confirm())
    assert by_mouse == by_keys


def test_nothing_drops_without_a_target() -> None:
    state, meant = run(Lift(("web",), frozenset({"alpha"})), Confirm())
    assert isinstance(state, Carrying)
    assert meant == [PickUp(("web",))]


def test_the_target_can_be_typed_and_corrected() -> None:
    lift = Lift(("web",), frozenset({"alpha"}))
    state, _ = run(lift, Type("g", NODES), Type("x", NODES))
    assert isinstance(state, Carrying)
    assert (state.typed, state.target) == ("gx", None)
    state, _ = step(state, Type(ERASE, NODES))
    assert isinstance(state, Carrying)
    assert (state.typed, state.target) == ("g", "gamma")


@pytest.mark.parametrize(
    ("typed", "node"),
    [("al", "alpha"), ("A", "alpha"), ("-a", "delta-alpha"), ("eta", "beta"), ("zz", None)],
)
def test_a_part_of_a_name_means_the_node(typed: str, node: str | None) -> None:
    assert named(typed, NODES) == node


def test_a_vm_that_begins_to_migrate_leaves_the_hand() -> None:
    lift = Lift(("web", "db"), frozenset({"alpha"}))
    state, meant = run(lift, Aim("beta"), Changed({"db": "alpha"}, NODES))
    assert isinstance(state, Carrying)
    assert state.vms == ("db",)
    assert meant[-2:] == [PutBack(("web", "db")), PickUp(("db",))]


def test_a_node_that_disappears_is_no_target() -> None:
    state, _ = run(
        Lift(("web",), frozenset({"alpha"})), Aim("beta"), Changed({"web": "alpha"}, ("alpha",))
    )
    assert isinstance(state, Carrying)
    assert state.target is None
