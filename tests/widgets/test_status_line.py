"""The status line: what is wrong is there even where its column is out of sight."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.app import App, ComposeResult

import glass
from backends.data.picture import Cluster, Migration, NodeState, Phase, Stale
from core.pictures import NODES, cluster, vm
from widgets.status_line import StatusLine

NOW = 1000.0


async def shown(picture: Cluster) -> str:
    class Glass(App[None]):
        def compose(self) -> ComposeResult:
            yield StatusLine("prod", clock=lambda: NOW)

    app = Glass()
    async with app.run_test(size=(100, 8)) as pilot:
        app.query_one(StatusLine).picture = replace(picture, quorum=True, dc="alpha")
        await pilot.pause()
        return glass.text(app)


def with_nodes(*states: NodeState) -> Cluster:
    nodes = (replace(node, state=state) for node, state in zip(NODES, states, strict=True))
    return cluster(vm(), nodes=tuple(nodes))


UP, UNCLEAN, OFFLINE = NodeState.ONLINE, NodeState.UNCLEAN, NodeState.OFFLINE


@pytest.mark.parametrize(
    ("states", "said"),
    [
        ((UP, UP, UNCLEAN), "✖ charlie unclean"),
        ((UP, OFFLINE, UP), "✖ bravo offline"),
        ((UP, OFFLINE, UNCLEAN), "✖ 2 nodes lost"),
    ],
)
async def test_a_node_that_is_lost_is_named(states: tuple[NodeState, ...], said: str) -> None:
    assert said in await shown(with_nodes(*states))


async def test_a_node_that_joins_or_rests_is_not_lost() -> None:
    assert "✖" not in await shown(with_nodes(UP, NodeState.PENDING, NodeState.STANDBY))


async def test_what_was_known_before_pacemaker_fell_silent_does_not_look_fresh() -> None:
    silent = Stale("pacemaker", None, NOW - 7000, "connection timed out")
    text = await shown(replace(cluster(vm()), stale=(silent,)))
    assert "quorum?" in text and "DC alpha?" in text and "✔" not in text
    assert "(1:56:40)  connection timed out" in text


async def test_sources_that_have_no_line_of_their_own_are_counted() -> None:
    many = tuple(Stale("libvirt", f"node{n}", NOW - 5, "refused") for n in range(5))
    text = await shown(replace(cluster(vm()), stale=many))
    assert "libvirt on node2: not reachable" in text and "(5 s)" in text
    assert "node3" not in text and "and 2 more that do not answer" in text


async def test_one_is_no_plural() -> None:
    assert "3 nodes  1 VM " in await shown(cluster(vm()))


async def test_who_is_on_the_way_and_who_takes_no_vm_is_counted() -> None:
    one = with_nodes(UP, NodeState.STANDBY, UP)
    assert "◐ bravo standby" in await shown(one)
    assert "◐ 2 nodes standby" in await shown(with_nodes(UP, NodeState.STANDBY, NodeState.STANDBY))
    assert "standby" not in await shown(with_nodes(UP, UP, UP))
    moving = Migration("web1", "alpha", "bravo", Phase.COPYING)
    assert "➜ 1 migrating" in await shown(replace(one, migrations=(moving,)))
