"""A change is drawn at once; numbers alone are drawn at a pace for the eye."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from backends.data.picture import CibVersion, Cluster, Migration, NodeState, Phase, VMState
from board_pictures import cluster, migrating, node, vm, with_node, with_vm
from tui.pace import COPY_S, LOADS_S, Pace


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


def copied(percent: float) -> Cluster:
    """The same, while a VM is copied and so much of it is there."""
    now = migrating(busy(percent), "web01", "node02")
    (copy,) = now.migrations
    further = replace(copy, total_bytes=100, remaining_bytes=100 - int(percent))
    return replace(now, migrations=(further,))


def test_a_copy_that_comes_further_is_drawn_twice_a_second_also_where_loads_waited() -> None:
    glass = Glass()
    glass.pace.take(copied(10))
    loaded = tuple(replace(each, cpu_percent=99.0) for each in copied(10).vms)
    glass.pace.take(replace(copied(10), vms=loaded))
    glass.wait(COPY_S / 2)
    glass.pace.take(copied(20))
    assert glass.drawn == [copied(10)]
    glass.wait(COPY_S / 2)
    assert glass.drawn == [copied(10), copied(20)]
    glass.wait(10 * LOADS_S)
    assert len(glass.drawn) == 2


@pytest.mark.parametrize(
    "change",
    [
        lambda copy: replace(copy, phase=Phase.SWITCHING),
        lambda copy: replace(copy, iteration=3),
        lambda copy: replace(copy, target=None),
    ],
)
def test_where_a_copy_stands_is_drawn_at_once(change: Callable[[Migration], Migration]) -> None:
    glass = Glass()
    glass.pace.take(copied(10))
    glass.pace.take(copied(20))
    changed = replace(copied(30), migrations=tuple(map(change, copied(30).migrations)))
    glass.pace.take(changed)
    assert glass.drawn == [copied(10), changed]
