"""Whether each node can be fenced, by the devices that are in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from backends.data.examination import State
from backends.doctor import fencing
from backends.doctor.case import Case
from backends.doctor.configuration import Resource
from doctor.cases import make

Pairs = Mapping[str, str]


def device(name: str, parameters: Pairs | None = None, meta: Pairs | None = None) -> Resource:
    return Resource(name, "stonith:fence_ipmilan", parameters or {}, meta or {})


def told(case: Case) -> list[tuple[State, str | None]]:
    return [(each.state, each.node) for each in fencing.judge(case)]


def with_devices(*devices: Resource) -> Case:
    return make(others=devices)


def test_devices_that_are_disabled_fence_nobody() -> None:
    stopped = {"target-role": "Stopped"}
    both = with_devices(device("f1", meta=stopped), device("f2", meta=stopped))
    (finding,) = fencing.judge(both)
    assert finding.state is State.WRONG and "f1, f2 disabled" in finding.seen
    one = with_devices(device("f1", meta=stopped), device("f2"))
    assert sorted(state for state, _ in told(one)) == [State.OK, State.WARNING]


def test_a_device_that_is_kept_from_every_node_fences_nobody() -> None:
    case = with_devices(device("f1"))
    for nodes, state in (({"alpha"}, State.OK), ({"alpha", "bravo"}, State.WRONG)):
        barred = {"f1": frozenset(nodes)}
        configuration = replace(case.configuration, barred=barred)
        assert told(replace(case, configuration=configuration)) == [(state, None)]


@pytest.mark.parametrize(
    "parameters",
    [
        {},
        {"pcmk_host_list": "alpha bravo"},
        {"pcmk_host_list": "alpha,bravo"},
        {"pcmk_host_map": "alpha:1;bravo:2,3"},
        {"pcmk_host_list": "alpha", "pcmk_host_map": "bravo:2"},
        {"pcmk_host_list": "alpha", "pcmk_host_check": "none"},
        {"pcmk_host_list": "alpha", "pcmk_host_check": "dynamic-list"},
    ],
)
def test_every_node_is_covered(parameters: Pairs) -> None:
    assert told(with_devices(device("f1", parameters))) == [(State.OK, None)]


def test_a_node_that_no_device_is_for_is_named() -> None:
    listed = {"pcmk_host_list": "alpha"}
    assert told(with_devices(device("f1", listed))) == [(State.WRONG, "bravo")]
    both = (device("f1", listed), device("f2", {"pcmk_host_map": "bravo:7"}))
    assert told(with_devices(*both)) == [(State.OK, None)]
    watched = make(others=both[:1], options={"stonith-watchdog-timeout": "10s"})
    assert told(watched) == [(State.OK, None)]
