"""Many at once: a queue whose order can be changed, nodes emptied and taken back."""

from __future__ import annotations

from app_operator import STRIDE_S, Operator, at_the_app
from app_scene import (
    boots,
    colleague_moves,
    confirm,
    left_behind,
    until_arrived,
    vm_of,
    writes,
)
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.judgement.moves import ItemState

FOUR = ("build-7", "gitlab", "db-replica", "web1")
"""Each goes to bravo by itself."""


def idle(backend: SimulatedBackend) -> None:
    """Guests that write nothing: those that share a link are copied all the same."""
    for guest in backend.world.state.guests.values():
        guest.dirty_rate_bytes_per_s = 0.0


async def drop_together(operator: Operator, vms: tuple[str, ...], node: str) -> None:
    for vm in vms:
        operator.board.select(vm)
        await operator.press("x")
    await operator.press("m")
    await operator.type(node)
    await operator.press("enter")
    await operator.until_sees("They wait in a queue")


def order(operator: Operator) -> list[str]:
    state = operator.house.queue.state
    assert state is not None
    return [item.vm for item in state.items]


async def test_vms_dropped_together_become_a_queue_that_can_be_changed(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(120, 50)) as operator:
        await drop_together(operator, FOUR, "bravo")
        for vm in FOUR:
            assert operator.sees(f"{vm} moves to bravo, live")
        assert not writes(operator)
        await confirm(operator)
        await operator.press("7")
        await operator.until_sees("1 running, 3 waiting")
        waiting = order(operator)[1:]
        await operator.press("space")
        await operator.until_sees("‖ paused")
        await operator.press("down", "down", "u")
        await operator.until(lambda: order(operator)[1] == waiting[1], "moved up")
        await operator.press("down", "down", "x")
        await operator.until(lambda: len(order(operator)) == 3, "taken out")
        gone = (set(FOUR) - set(order(operator))).pop()
        await operator.press("space")
        await operator.until_sees("✔ finished", step_s=STRIDE_S)
        await until_arrived(operator, order(operator), "bravo")
        assert vm_of(operator, gone).node != "bravo"
        assert not left_behind(operator)


async def test_those_that_no_failure_restarts_go_side_by_side_as_many_as_the_operator_wants(
    backend: SimulatedBackend, journal: Journal
) -> None:
    idle(backend)
    async with at_the_app(backend, journal, size=(120, 50)) as operator:
        await drop_together(operator, FOUR, "bravo")
        assert not operator.sees("rsc_location")
        await operator.press("o")
        await operator.until_sees("cli-prefer-db-replica")
        await confirm(operator)
        await operator.press("7")
        await operator.until_sees("2 running, 2 waiting, up to 2 at once")
        await operator.press("minus")
        await operator.until_sees("up to 1 at once")
        await operator.until_sees("1 running, 1 waiting")
        await operator.until_sees("✔ finished", step_s=STRIDE_S)
        await operator.until_sees("moving 4 VMs to bravo")
        await until_arrived(operator, FOUR, "bravo")
        assert not left_behind(operator)


async def test_an_evacuation_can_protect_the_guests_in_the_same_confirmation(
    backend: SimulatedBackend, journal: Journal
) -> None:
    idle(backend)
    async with at_the_app(backend, journal, size=(120, 70)) as operator:
        before = boots(operator)
        operator.board.select(None, "charlie")
        await operator.press("e")
        await operator.until_sees("one after the other")
        await operator.until_sees("Pacemaker stops the guest and starts it again")
        await operator.press("o")
        await operator.until_sees("up to 2 at once")
        assert not operator.sees("starts it again")
        assert operator.sees('on-fail="block"')
        assert not writes(operator)
        await confirm(operator)
        await operator.until_sees("charlie is in standby and empty", step_s=STRIDE_S)
        assert boots(operator) == before
        assert not left_behind(operator)


async def test_a_failure_stops_the_queue_and_says_so(
    backend: SimulatedBackend, journal: Journal
) -> None:
    backend.world.fail_next_migration("vpn")
    async with at_the_app(backend, journal) as operator:
        await drop_together(operator, ("vpn", "web1"), "bravo")
        await confirm(operator)
        await operator.until_sees("The queue stopped")
        await operator.press("escape", "7")
        await operator.until_sees("✖ failed")
        assert operator.sees("⊘ left out")
        assert vm_of(operator, "web1").node == "alpha"


async def test_a_queue_that_is_stopped_begins_no_more(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await drop_together(operator, ("vpn", "web1"), "bravo")
        await confirm(operator)
        await operator.press("7")
        await operator.until_sees("1 running")
        await operator.press("z")
        await operator.until(lambda: not operator.house.desk.under_way, "ended")
        state = operator.house.queue.state
        assert state is not None
        assert [item.state for item in state.items] == [ItemState.DONE, ItemState.SKIPPED]
        assert vm_of(operator, "web1").node == "alpha"
        await operator.press("space")
        await operator.until_sees("no queue is under way")


async def test_a_node_is_emptied_taken_back_and_its_vms_come_home(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        before = boots(operator)
        home = {vm.id for vm in backend.picture.vms if vm.node == "charlie"}
        operator.board.select(None, "charlie")
        await operator.press("e")
        await operator.until_sees("Evacuate charlie")
        await operator.until_sees("Does the memory fit?")
        for vm in home:
            assert operator.sees(f"{vm} (")
        await operator.press("o", "o")
        await operator.until_sees("Pacemaker moves all at once")
        await operator.press("ctrl+o", "ctrl+o")
        await operator.until_sees("one after the other")
        assert not writes(operator)
        await confirm(operator)
        await operator.until_sees("charlie is in standby and empty", step_s=STRIDE_S)
        assert not left_behind(operator)

        operator.board.select(None, "charlie")
        await operator.press("b")
        await operator.until_sees("crm_standby --node charlie --update off")
        await confirm(operator)
        await operator.until_sees("Bring the VMs of charlie home")
        await operator.until_sees("should the migration of")
        await operator.until_sees("crm_resource --move")
        await confirm(operator)
        await operator.until(
            lambda: (
                not operator.house.desk.under_way
                and home <= {vm.id for vm in backend.picture.vms if vm.node == "charlie"}
            ),
            "home",
            step_s=STRIDE_S,
        )
        assert boots(operator) == before
        assert not left_behind(operator)


async def test_who_would_be_rebooted_by_an_evacuation_needs_the_word(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(120, 60)) as operator:
        home = vm_of(operator, "legacy-erp").node
        operator.board.select(None, home)
        await operator.press("e")
        await operator.until_sees("legacy-erp")
        await operator.until_sees("allow-migrate")
        await operator.press("ctrl+o")
        await operator.until_sees("way: VM by VM, on-fail=block")
        await operator.press("ctrl+o")
        await operator.until_sees("Pacemaker moves all at once")
        await operator.press("enter", "enter")
        assert not writes(operator)
        await operator.type("REBOOT")
        await confirm(operator)
        await operator.until(lambda: not operator.house.desk.under_way, "emptied", step_s=STRIDE_S)
        assert not any(vm.node == home for vm in backend.picture.vms)
        assert writes(operator)[0] == f"crm_standby --node {home} --update on"


async def test_without_the_word_the_others_move_and_that_is_a_good_end(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(120, 60)) as operator:
        before, home = boots(operator), vm_of(operator, "legacy-erp").node
        operator.board.select(None, home)
        await operator.press("e")
        await operator.until_sees("Move the others")
        await confirm(operator)
        await operator.until_sees("legacy-erp stays on", step_s=STRIDE_S)
        await operator.until_sees("Done")
        assert operator.app.screen is operator.main, "no dialog that speaks of a failure"
        assert [vm.id for vm in backend.picture.vms if vm.node == home] == ["legacy-erp"]
        assert boots(operator) == before
        assert not any("crm_standby" in command for command in writes(operator))


async def test_evacuate_and_take_back_say_why_they_cannot(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        operator.board.select(None, "bravo")
        await operator.press("b")
        await operator.until_sees("bravo is not in standby: it is online")
        await operator.press("escape")
        colleague_moves(operator, "web1", "bravo")
        await operator.until(lambda: bool(backend.picture.migrations), "migrating")
        await operator.press("e")
        await operator.until_sees("web1 is being migrated from or to it")


async def test_the_best_target_is_marked_while_carrying(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.pick_up("web1")
        await operator.until_sees("★ most room")


async def test_balance_previews_each_move_and_carries_out_none_without_confirmation(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.press("colon")
        await operator.type("balance")
        await operator.until_sees("Propose a few live moves")
        await operator.press("enter")
        await operator.until_sees("Previewed by the scheduler")
        assert operator.sees("LIVE")
        assert operator.sees("Memory of the nodes, before and after")
        assert any("→" in line and "GiB" in line for line in operator.lines())
        await operator.until_sees("should the migration of")
        await operator.press("escape")
        await operator.until(lambda: operator.app.screen is operator.main, "closed")
        assert not writes(operator)


async def test_clearing_shows_what_would_move_then(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        backend.world.guest("web1").preferences = {"alpha": 500}
        colleague_moves(operator, "web1", "bravo")
        await operator.until(
            lambda: not backend.picture.migrations and vm_of(operator, "web1").node == "bravo",
            "moved by a colleague",
        )
        operator.board.select("web1")
        await operator.press("i")
        await operator.until_sees("set at")
        await operator.press("c")
        await operator.until_sees("migrate web1 from bravo to alpha")


async def test_the_word_is_taken_wherever_the_focus_is_and_the_commands_are_those_of_the_answer(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal, size=(120, 60)) as operator:
        operator.board.select(None, vm_of(operator, "legacy-erp").node)
        await operator.press("e")
        await operator.until_sees("Move the others")
        assert not operator.sees("crm_standby --node")
        await operator.type("REBOOT")
        await operator.until_sees("Evacuate with reboot")
        await operator.until_sees("crm_standby --node")
        assert not writes(operator)
