"""What nobody foresaw ends what it struck, is told, and leaves nothing that looks under way."""

from __future__ import annotations

from acts.scene import open_acts
from app_operator import at_the_app
from backends.acts.journal import Journal
from backends.clusters.base import Answer, Writer
from backends.clusters.simulated import SimulatedBackend
from backends.data.plan import Command
from tui.dialog import Dialog


class Broken(Writer):
    async def send(self, command: Command) -> Answer:
        raise RuntimeError(f"nobody thought of {command.argv[0]}")


async def test_an_act_that_ends_in_a_bug_is_not_under_way_any_more(journal: Journal) -> None:
    backend = SimulatedBackend(3, 12, 1, 0, "calm")
    backend.writer = Broken()
    async with at_the_app(backend, journal) as operator:
        node = next(n.name for n in backend.picture.nodes if n.name != backend.picture.vms[0].node)
        backend.world.execute(("crm_resource", "--ban", "-r", "web1", "-N", node))
        await backend.refresh()
        operator.board.select("web1")
        await operator.press("c")
        await operator.until_sees("Remove the leftover constraints of web1")
        await operator.press("enter")
        await operator.until_sees("a bug in vmferry ended this")
        assert isinstance(operator.app.screen, Dialog)
        assert operator.sees("the next start of vmferry")
        assert operator.house.desk.under_way == []
    assert open_acts(journal) == ["clear"]
