"""The details: in a low window the first lines say what is wrong."""

from __future__ import annotations

import re
from dataclasses import replace

from textual.app import App, ComposeResult

from backends.clusters.simulated import SimulatedBackend
from backends.data.picture import Cluster, Constraint, ConstraintKind, Failure, VMState
from backends.doctor.examine import examine
from backends.judgement.health import Judged, Known
from backends.judgement.problems import judge_health
from board_pictures import cluster, migrating, vm, with_vm
from widgets.details import Details

BAN = Constraint("cli-ban-web01-on-node02", "web01", "node02", ConstraintKind.BAN)


class Glass(App[None]):
    def compose(self) -> ComposeResult:
        yield Details()


async def lines(
    picture: Cluster,
    vm: str | None = "web01",
    node: str | None = None,
    judged: Judged | None = None,
) -> list[str]:
    app = Glass()
    async with app.run_test():
        details = app.query_one(Details)
        details.show(picture, vm, node, judged=judged)
        return details.content.plain.splitlines()


async def of_each_node(scenario: str) -> dict[str, list[str]]:
    """Once the doctor has looked."""
    async with SimulatedBackend(speed=0, scenario=scenario) as backend:
        report, picture = await examine(backend), backend.picture
        health = judge_health(picture, Known(report))
        judged = Judged(health, report=report)
        return {node.name: await lines(picture, None, node.name, judged) for node in picture.nodes}


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


async def test_a_node_tells_its_versions_what_memory_is_left_and_who_would_fence_it() -> None:
    for told in (await of_each_node("calm")).values():
        for pattern in (r"libvirt +9\.0\.0", r"QEMU +7\.2\.\d+", r" +[\d.]+ GiB left"):
            assert any(re.match(pattern, line) for line in told), told
        assert any("✔ on: fencing" in line for line in told[told.index("Fencing") :])
        assert "What is wrong" not in told


async def test_a_node_that_is_not_examined_yet_does_not_tell_who_would_fence_it() -> None:
    told = await lines(cluster(), None, "node01")
    assert told[told.index("Fencing") + 1] == "? not examined yet"


async def test_what_the_doctor_finds_wrong_with_a_node_is_in_its_details() -> None:
    told = await of_each_node("unfit")
    wrong = {name: its for name, its in told.items() if "What is wrong" in its}
    assert wrong and len(wrong) < len(told)
