"""A move of a VM whose constraints are somebody's policy says so, and offers to keep them."""

from __future__ import annotations

from app_operator import Operator, at_the_app
from app_scene import vm_of, writes
from backends.acts.journal import Journal
from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import ConstraintKind, Operation

KEPT_FROM = ("delta", "echo")
MOVE = "crm_resource --move --resource web1 --node charlie"


async def placed(backend: SimulatedBackend) -> None:
    """On bravo, which it prefers; kept from two nodes where it never was."""
    world = backend.world
    for node in KEPT_FROM:
        world.execute(("crm_resource", "--ban", "--resource", "web1", "--node", node))
        probe = Operation(node, "monitor", 1, 7, 0, world.state.now)
        world.state.guests["web1"].history[node, "last"] = probe
    world.execute(("crm_resource", "--move", "--resource", "web1", "--node", "bravo"))
    await backend.advance(120)


def preferred(operator: Operator) -> list[str | None]:
    constraints = vm_of(operator, "web1").constraints
    return [c.node for c in constraints if c.kind is ConstraintKind.PREFER]


def banned(operator: Operator) -> set[str | None]:
    constraints = vm_of(operator, "web1").constraints
    return {c.node for c in constraints if c.kind is ConstraintKind.BAN}


async def proposed(operator: Operator) -> None:
    await operator.until(lambda: vm_of(operator, "web1").node == "bravo", "placed")
    await operator.drag("web1", "charlie")
    await operator.until_sees("keep the constraint: off")
    assert operator.sees("cli-prefer-web1 seems to be kept on purpose")


async def there(operator: Operator) -> None:
    await operator.until(
        lambda: vm_of(operator, "web1").nodes == ("charlie",) and not operator.house.desk.under_way,
        "arrived",
    )


async def test_what_is_to_be_kept_names_the_new_node_and_stays(journal: Journal) -> None:
    backend = SimulatedBackend(nodes=5, vms=12, seed=1, speed=0, scenario="calm")
    async with at_the_app(backend, journal, size=(120, 50)) as operator:
        await placed(backend)
        await proposed(operator)
        await operator.press("o")
        await operator.until_sees("on-fail=block: on")
        await operator.press("o")
        await operator.until_sees("keep the constraint: on")
        await operator.until_sees("cli-prefer-web1 names charlie from now on")
        await operator.until(lambda: not operator.sees("--clear"), "no command to clear it")
        assert not writes(operator)
        await operator.press("enter")
        await there(operator)
        assert writes(operator) == [MOVE]
        assert (preferred(operator), banned(operator)) == (["charlie"], set(KEPT_FROM))


async def test_by_default_the_preference_goes_and_the_bans_stay(journal: Journal) -> None:
    backend = SimulatedBackend(nodes=5, vms=12, seed=1, speed=0, scenario="calm")
    async with at_the_app(backend, journal, size=(120, 50)) as operator:
        await placed(backend)
        await proposed(operator)
        await operator.press("enter")
        await there(operator)
        assert writes(operator) == [MOVE, "crm_resource --clear --resource web1 --node charlie"]
        assert (preferred(operator), banned(operator)) == ([], set(KEPT_FROM))


async def test_nothing_is_offered_to_be_kept_where_nothing_is_on_purpose(
    backend: SimulatedBackend, journal: Journal
) -> None:
    async with at_the_app(backend, journal) as operator:
        await operator.drag("web1", "bravo")
        await operator.until_sees("on-fail=block: off")
        assert not operator.sees("keep the constraint")
