"""The details: in a low window the first lines say what is wrong."""

from __future__ import annotations

from dataclasses import replace

from textual.app import App, ComposeResult

from backends.data.picture import Cluster, Constraint, ConstraintKind, Failure, VMState
from board_pictures import cluster, migrating, vm, with_vm
from widgets.details import Details

BAN = Constraint("cli-ban-web01-on-node02", "web01", "node02", ConstraintKind.BAN)


class Glass(App[None]):
    def compose(self) -> ComposeResult:
        yield Details()


async def lines(picture: Cluster) -> list[str]:
    app = Glass()
    async with app.run_test():
        details = app.query_one(Details)
        details.show(picture, "web01", None)
        return details.content.plain.splitlines()


async def test_what_is_wrong_comes_before_what_the_vm_is() -> None:
    found = replace(vm("web01", "node01", VMState.FAILED), constraints=(BAN,))
    failure = Failure("web01", "node01", "monitor", 1, "gone", 1.0)
    told = await lines(replace(with_vm(cluster(), found), failures=(failure,)))
    where = {
        what: next(index for index, line in enumerate(told) if what in line)
        for what in ("recover it", BAN.id, "monitor of web01", "vCPUs")
    }
    assert list(where) == sorted(where, key=lambda what: where[what])


async def test_a_speed_that_is_not_configured_is_not_called_unknown() -> None:
    told = await lines(cluster())
    assert any("speed" in line and "no limit is configured" in line for line in told)


async def test_the_constraint_that_a_migration_follows_is_not_offered_for_removal() -> None:
    prefer = Constraint("cli-prefer-web01", "web01", "node02", ConstraintKind.PREFER)
    found = replace(vm("web01", "node01", VMState.MIGRATING), constraints=(prefer,))
    told = await lines(migrating(with_vm(cluster(), found), "web01", "node02"))
    assert any(prefer.id in line for line in told)
    assert not any("left by" in line or "remove them" in line for line in told)
