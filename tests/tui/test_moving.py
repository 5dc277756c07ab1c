"""The main promise: a VM is moved as was read and confirmed, and nothing else happens to it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from app_operator import at_the_app
from app_scene import arrived, writes
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.plan import Prediction


async def test_a_vm_dragged_with_the_mouse_arrives_and_leaves_no_constraint(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move --resource web1 --node bravo")
        assert operator.sees("LIVE")
        assert not writes(operator)
        await operator.press("enter")
        await operator.until(lambda: bool(backend.picture.migrations), "migrating")
        await operator.until(lambda: arrived(operator, "web1", "bravo"), "arrived")
        assert writes(operator) == [
            "crm_resource --move --resource web1 --node bravo",
            "crm_resource --clear --resource web1",
        ]
        await operator.until_sees("web1 is on bravo (live, nothing was restarted)")


async def test_a_vm_moved_with_the_keyboard_arrives(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.pick_up("web1")
        await operator.until_sees("nothing else moves")
        await operator.type("char")
        await operator.press("enter")
        await operator.until_sees("crm_resource --move --resource web1 --node charlie")
        await operator.press("enter")
        await operator.until(lambda: arrived(operator, "web1", "charlie"), "arrived")


async def test_a_second_drop_waits_until_the_first_has_arrived(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        at_once = 0

        def both_arrived() -> bool:
            nonlocal at_once
            at_once = max(at_once, len(backend.picture.migrations))
            return arrived(operator, "web1", "bravo") and arrived(operator, "vpn", "charlie")

        for vm, node in (("web1", "bravo"), ("vpn", "charlie")):
            await operator.drag(vm, node)
            await operator.until_sees(f"crm_resource --move --resource {vm} --node {node}")
            await operator.press("enter")
        assert len(operator.house.desk.under_way) == 2
        await operator.until(both_arrived, "both arrived")
        assert at_once == 1


async def test_a_large_cluster_is_asked_for_its_verdicts_a_few_nodes_at_a_time(
    journal: Journal,
) -> None:
    """The first columns need not wait for the last."""
    large = SimulatedBackend(nodes=20, vms=20, seed=1, speed=0, scenario="calm")

    def questions() -> int:
        return sum("crm_simulate" in sent.command for sent in large.commands.sent)

    async with at_the_app(large, journal, size=(120, 40)) as operator:
        vm = next(vm for vm in large.picture.vms if vm.live_migration.possible and vm.node)
        await operator.until(
            lambda: bool(operator.house.judging.judged.prospects), "everybody has looked"
        )
        operator.board.select(vm.id)
        before = questions()
        await operator.press("m")
        await operator.until_sees("★")
        assert questions() - before == 4, "two nodes, four, eight, and what is left"


async def test_escape_leaves_everything_as_it_is(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        await operator.press("escape")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")
        assert not writes(operator)


async def test_a_reboot_is_never_confirmed_by_enter_alone(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("legacy-erp", "charlie")
        await operator.until_sees("REBOOT")
        await operator.until_sees("allow-migrate")
        await operator.press("enter", "enter")
        await operator.type("legacy")
        await operator.press("enter", "tab", "enter")
        assert not writes(operator)
        assert not operator.house.desk.under_way


@pytest.mark.parametrize("word", ["legacy-erp", "REBOOT"])
async def test_a_reboot_is_carried_out_when_the_word_is_typed(
    backend: SimulatedBackend, journal: Journal, word: str
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("legacy-erp", "charlie")
        await operator.until_sees("allow-migrate")
        await operator.type(word)
        await operator.press("enter")
        await operator.until(lambda: bool(operator.house.desk.under_way), "under way")
        await operator.until(lambda: arrived(operator, "legacy-erp", "charlie"), "arrived")


async def test_a_refused_move_says_why_and_can_only_be_closed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.execute(("crm_standby", "--node", "charlie", "--update", "on"))
    async with at_the_app(backend, journal) as operator:
        await operator.until_sees("standby")
        await operator.drag("web1", "charlie")
        await operator.until_sees("charlie cannot take it: it is in standby")
        await operator.press("enter", "enter")
        assert not writes(operator)


async def test_read_only_shows_the_plan_and_offers_nothing(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm", read_only=True)
    async with at_the_app(backend, journal) as operator:
        assert operator.sees("read-only")
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move --resource web1 --node bravo")
        assert operator.sees("read-only: vmferry was started so")
        assert not operator.app.screen.query_one("#confirm").display
        await operator.press("enter")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")
        assert not writes(operator)


async def test_a_plan_that_has_become_another_is_shown_again(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        backend.world.execute(("crm_standby", "--node", "bravo", "--update", "on"))
        await backend.advance(0.25)
        await operator.press("enter")
        await operator.until_sees("The cluster has changed meanwhile")
        await operator.until_sees("bravo cannot take it: it is in standby")
        assert not writes(operator)


async def test_a_failed_move_says_how_the_vm_stands(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.fail_next_migration("web1")
    async with at_the_app(backend, journal) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        await operator.press("enter")
        await operator.until_sees("the move did not come to its end")
        assert operator.sees("How it stands now")
        assert operator.sees("web1 is ")
        await operator.press("escape")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")


async def test_leftover_constraints_are_removed_when_confirmed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.execute(("crm_resource", "--move", "--resource", "web1", "--node", "bravo"))
    async with at_the_app(backend, journal) as operator:
        await operator.until(
            lambda: not backend.picture.migrations and backend.picture.vm("web1").node == "bravo",  # type: ignore[union-attr]
            "moved by a colleague",
        )
        operator.board.select("web1")
        await operator.press("c")
        await operator.until_sees("crm_resource --clear --resource web1")
        assert not writes(operator)
        await operator.press("enter")
        await operator.until(lambda: arrived(operator, "web1", "bravo"), "cleared")
        assert writes(operator) == ["crm_resource --clear --resource web1"]


async def test_quitting_disturbs_no_migration_and_the_next_start_finishes_it(
    tmp_path: Path,
) -> None:
    first = SimulatedBackend(nodes=3, vms=12, seed=1, speed=0, scenario="calm")
    async with at_the_app(first, Journal(tmp_path)) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("crm_resource --move")
        await operator.press("enter")
        await operator.until(lambda: bool(first.picture.migrations), "migrating")
        await operator.press("q")
        await operator.until_sees("Something is under way")
        await operator.press("enter")
        await operator.until(lambda: not operator.app.is_running, "left")
        assert writes(operator) == ["crm_resource --move --resource web1 --node bravo"]
    first.world.advance(60)

    again = SimulatedBackend(nodes=3, vms=12, seed=1, speed=0, scenario="calm")
    again.world = first.world
    async with at_the_app(again, Journal(tmp_path)) as operator:
        await operator.until(lambda: arrived(operator, "web1", "bravo"), "finished")
        assert writes(operator) == ["crm_resource --clear --resource web1"]


class Slowly(SimulatedBackend):
    """Notes which nodes it is asked about, in turn."""

    def __init__(self) -> None:
        super().__init__(20, 60, 1, 0, "calm")
        self.asked: list[str] = []

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        self.asked += nodes
        return await super().predict(vms, nodes)

    async def configuration(self) -> bytes:
        """Never: the doctor begins with it, and has nodes asked about all VMs, too."""
        never: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        return await never


async def test_the_columns_in_sight_have_their_verdicts_before_the_others(
    journal: Journal,
) -> None:
    backend = Slowly()
    async with at_the_app(backend, journal) as operator:
        board = operator.main.board
        await operator.until(lambda: 0 < len(board.sight.nodes()) < 20, "a part is in sight")
        board.scroll_end(animate=False)
        await operator.until(
            lambda: backend.picture.nodes[-1].name in board.sight.nodes(), "the end is in sight"
        )
        seen = set(board.sight.nodes())
        last = next(
            vm for vm in backend.picture.vms if vm.node in seen and vm.live_migration.possible
        )
        backend.asked.clear()
        others = {node.name for node in backend.picture.nodes} - {last.node}
        await operator.pick_up(last.id)
        await operator.until(lambda: others <= set(backend.asked), "all were asked about")
        begun = len(seen) - 1
        assert set(backend.asked[:begun]) == seen - {last.node}
