"""A change is drawn at once; loads alone are drawn at a pace for the eye."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backends.data.picture import CibVersion, Cluster, NodeState, VMState
from board_pictures import cluster, migrating, node, vm, with_node, with_vm
from tui.pace import LOADS_S, Pace


class Glass:
    """What was drawn, under a clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 100.0
        self.drawn: list[Cluster] = []
        self._alarms: list[tuple[float, Callable[[], None]]] = []
        self.pace = Pace(self.drawn.append, self._later, lambda: self.now)

    def _later(self, after_s: float, call: Callable[[], None]) -> None:
        self._alarms.append((self.now + after_s, call))

    def wait(self, seconds: float) -> None:
        self.now += seconds
        due = [alarm for alarm in self._alarms if alarm[0] <= self.now]
        self._alarms = [alarm for alarm in self._alarms if alarm not in due]
        for _, call in due:
            call()


def busy(percent: float) -> Cluster:
    busier = with_vm(cluster(), vm("web01", "node01", cpu_percent=percent))
    return with_node(busier, node("node01", cpu_percent=percent, memory_used_bytes=int(percent)))


def test_of_loads_the_newest_is_drawn_when_a_second_is_over() -> None:
    glass = Glass()
    for percent in (10, 20, 30):
        glass.pace.take(busy(percent))
        glass.wait(LOADS_S / 5)
    assert glass.drawn == [busy(10)]
    glass.wait(LOADS_S)
    assert glass.drawn == [busy(10), busy(30)]
    glass.wait(10 * LOADS_S)
    glass.pace.take(busy(40))
    assert glass.drawn[-1] == busy(40), "nothing was drawn for long"


@pytest.mark.parametrize(
    "change",
    [
        with_vm(busy(20), vm("web01", "node01", VMState.PAUSED)),
        with_vm(busy(20), vm("web01", "node02")),
        with_node(busy(20), node("node01", NodeState.UNCLEAN)),
        migrating(busy(20), "web01", "node02"),
        replace(busy(20), vms=busy(20).vms[1:]),
        replace(busy(20), quorum=False),
        replace(busy(20), version=CibVersion(0, 1, 2)),
    ],
)
def test_anything_else_is_drawn_at_once_and_what_waited_before_it_never(change: Cluster) -> None:
    glass = Glass()
    glass.pace.take(busy(10))
    glass.pace.take(busy(20))
    glass.pace.take(change)
    assert glass.drawn == [busy(10), change]
    glass.wait(10 * LOADS_S)
    assert len(glass.drawn) == 2
