"""How many keys it takes an operator who is in a hurry, on the demo's clusters."""

from __future__ import annotations

import pytest

from app_operator import Operator, at_the_app
from app_scene import arrived, boots, colleague_moves, until_copying
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import NodeState
from tui.views.listed import VIEWS
from widgets.board import Board


class Hand:
    """Presses keys, and counts them."""

    def __init__(self, operator: Operator) -> None:
        self._operator = operator
        self.pressed = 0

    async def press(self, *keys: str) -> None:
        self.pressed += len(keys)
        await self._operator.press(*keys)

    async def type(self, text: str) -> None:
        self.pressed += len(text)
        await self._operator.type(text)


@pytest.mark.parametrize("scenario", ["failed", "unfit", "stubborn", "node-loss"])
async def test_the_sickest_thing_and_its_reason_take_two_keys(
    scenario: str, journal: Journal
) -> None:
    backend = SimulatedBackend(4, 16, 1, 0, scenario)
    async with at_the_app(backend, journal) as operator:
        judging = operator.house.judging
        await operator.until(lambda: bool(judging.judged.health.urgent), "something wrong")
        hand = Hand(operator)
        await hand.press("n")
        worst = judging.judged.health.urgent[0]
        await operator.until_sees(worst.text[:24])
        if worst.vm is not None:
            assert operator.main.selection.vm == worst.vm
        elif worst.node is not None:
            assert operator.main.selection.node == worst.node
        assert hand.pressed <= 2


async def test_any_vm_of_two_thousand_takes_its_name_and_two_keys(journal: Journal) -> None:
    backend = SimulatedBackend(32, 2000, 1, 0, "calm")
    async with at_the_app(backend, journal) as operator:
        names = sorted(vm.id for vm in operator.main.picture.vms)
        for name in (names[0], names[len(names) // 2], names[-1], min(names, key=len)):
            hand = Hand(operator)
            await hand.press("slash")
            await hand.type(name)
            await hand.press("enter")
            assert operator.main.selection.vm == name
            assert operator.sees(name)
            assert hand.pressed <= len(name) + 2
            await operator.press("escape")


@pytest.mark.parametrize("view", [tab for tab, _ in VIEWS], ids=lambda tab: str(tab.name))
async def test_a_mistaken_move_is_stopped_with_three_keys_from_anywhere(
    view: object, journal: Journal
) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    tab = next(tab for tab, _ in VIEWS if tab is view)
    async with at_the_app(backend, journal) as operator:
        before = boots(operator)
        home = next(vm.node for vm in operator.main.picture.vms if vm.id == "web1")
        colleague_moves(operator, "web1", "bravo")
        await until_copying(operator, "web1")
        operator.app.query_one(Board).select("web2")
        await operator.press(tab.key)
        hand = Hand(operator)
        await hand.press("a")
        await operator.until_sees("crm_resource --refresh --resource web1 --force")
        await hand.press("enter")
        await operator.until(lambda: arrived(operator, "web1", str(home)), "back at rest")
        assert boots(operator) == before
        assert hand.pressed <= 3


async def test_a_node_is_emptied_with_a_reboot_by_the_word_and_three_keys(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    async with at_the_app(backend, journal) as operator:
        node = next(vm.node for vm in operator.main.picture.vms if vm.id == "mail")
        operator.board.select(None, node)
        hand = Hand(operator)
        await hand.press("e")
        await operator.until_sees("Type REBOOT")
        await hand.type("REBOOT")
        await hand.press("enter")
        assert hand.pressed <= len("REBOOT") + 3
        await operator.until(
            lambda: not [vm for vm in operator.main.picture.vms if vm.node == node], "empty"
        )
        assert node is not None
        there = operator.main.picture.node(node)
        assert there is not None
        assert there.state is not NodeState.OFFLINE
