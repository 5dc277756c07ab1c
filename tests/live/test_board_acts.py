"""An operator's acts at the board over a real cluster: no guest notices, and nothing is left."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

import glass
from backends.acts.journal import Journal
from backends.clusters.live.backend import LiveBackend
from backends.data.picture import Phase
from engine.acting import modify
from engine.aftermath import Aftermath
from engine.tally import Tally
from lab import Lab
from lab.pace import held, hurried
from tui.app import VmferryApp
from waiting import until

Connect = Callable[..., LiveBackend]
BOTH = ("web1", "web2")
TIMEOUT_S = 40
"""Long enough to guard a copy that is held, on a busy machine."""


class Operator:
    """Somebody who reads the glass, presses keys, and clicks on what is to be selected."""

    def __init__(self, app: VmferryApp, pilot: Pilot[None], backend: LiveBackend) -> None:
        self.app = app
        self.backend = backend
        self.press = pilot.press
        self._pilot = pilot

    async def sees(self, pattern: str) -> tuple[int, int]:
        return await glass.shows(self.app, pattern, f"{pattern!r} on the glass")

    async def select(self, name: str) -> None:
        """The card of a VM, or the head of a node."""
        await self._pilot.click(offset=await self.sees(rf"[●➜◐] {name}\b"))

    async def drop(self, hand: str, node: str) -> None:
        """What is selected or marked, on a node; `hand`: how the board calls it."""
        await self.press("m", *node)
        await self.sees(rf"{hand} → {node} .*LIVE")
        await self.press("enter")

    async def confirm(self, *patterns: str) -> None:
        """With Enter, when all of this can be read in the dialog."""
        for pattern in patterns:
            await self.sees(pattern)
        dialog = self.app.screen
        await until(lambda: bool(dialog.query("#confirm:focus")), "a way to confirm")
        await self.press("enter")
        await until(lambda: self.app.screen is not dialog, "the dialog closed")

    async def copying(self, *vms: str) -> None:
        """All of them at the same moment."""

        def copied() -> bool:
            known = self.backend.picture.migrations
            return {m.vm for m in known if m.phase is Phase.COPYING and m.percent} >= set(vms)

        await until(copied, f"{' and '.join(vms)} being copied")


@asynccontextmanager
async def at_the_board(backend: LiveBackend, journal: Journal) -> AsyncIterator[Operator]:
    app = VmferryApp(backend, journal)
    async with app.run_test(size=(120, 70), notifications=True) as pilot:
        operator = Operator(app, pilot, backend)
        await operator.sees(r"● web1")
        yield operator
        app.exit()
        await until(lambda: not app.is_running, "the app to leave")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "acts")


async def test_a_copy_is_aborted_another_guarded_and_a_leftover_cleared(
    settled_lab: Lab, connect: Connect, journal: Journal, tally: Tally
) -> None:
    lab = settled_lab
    modify(lab, f'<op id="web2-migrate_to" timeout="{TIMEOUT_S}s"/>')
    aftermath = Aftermath(lab, tally)
    async with at_the_board(connect(), journal) as operator:
        await operator.select("web1")
        await operator.drop("web1", "bravo")
        with held(lab, "web1"):
            await operator.confirm("crm_resource --move --resource web1 --node bravo")
            await operator.copying("web1")
            await operator.sees(r"web1 → bravo +(\d+%|⚠)")
            await operator.press("a")
            await operator.confirm("virsh domjobabort web1", "The guest goes on running on alpha")
            await operator.sees("web1 is on alpha; its guest was not restarted")

        await operator.select("web2")
        await operator.drop("web2", "charlie")
        with held(lab, "web2"):
            await operator.confirm(f"Pacemaker gives the live migration {TIMEOUT_S} s")
            await operator.copying("web2")
            await operator.sees(r"web2 → charlie +⚠ late")
            await operator.press("g")
            await operator.confirm("Pacemaker keeps its hands off web2")
            await operator.sees("web2 is on alpha; its guest was not restarted")

        lab.run("bravo", "crm_resource", "--ban", "--resource", "app1", "--node", "alpha")
        await operator.sees(r"● app1 .*⚑")
        await operator.select("app1")
        await operator.press("c")
        await operator.confirm("cli-ban-app1-on-alpha", "nothing moves, and nothing stops")
        await operator.sees("app1 has no leftover constraints")

        await operator.press("4")
        await operator.sees("migrate_to of web2 failed on alpha")
        for vm in BOTH:
            await operator.sees(f"· +the move was called off: {vm} is running on alpha")
        assert not glass.place(operator.app, r"web\d (is stopped|runs is not known)"), (
            "they ran throughout"
        )
    assert not list(journal.abandoned())
    aftermath.check()


async def test_two_go_side_by_side_a_node_is_emptied_and_its_vms_come_home(
    settled_lab: Lab, connect: Connect, journal: Journal, tally: Tally
) -> None:
    lab = settled_lab
    aftermath = Aftermath(lab, tally)
    seeded = lab.cluster.configuration()
    async with at_the_board(connect(), journal) as operator:
        for vm in BOTH:
            await operator.select(vm)
            await operator.press("x")
        await operator.drop("2 VMs", "charlie")
        await operator.sees("should the migration of web1 or web2 fail")
        await operator.press("o")
        with held(lab, *BOTH):
            await operator.confirm(*(rf'id="{vm}-migrate_to".*on-fail="block"' for vm in BOTH))
            await operator.press("7")
            await operator.sees("2 running, 0 waiting")
            await operator.copying(*BOTH)
        with hurried(lab):
            await operator.sees("✔ finished.*2 of 2 done")

        await operator.press("1")
        await operator.select("charlie")
        await operator.press("e")
        with hurried(lab):
            await operator.confirm("3 VMs on charlie", "crm_standby --node charlie --update on")
            await operator.sees("charlie is in standby and empty")
        assert "charlie" not in lab.cluster.placement().values()

        await operator.select("charlie")
        await operator.press("b")
        await operator.confirm("crm_standby --node charlie --update off")
        with hurried(lab):
            home = ("app1", *BOTH)
            await operator.confirm(*(rf"✔ +{vm} → charlie" for vm in home))
            await operator.press("7")
            await operator.sees("✔ finished.*3 of 3 done")
        assert {vm: lab.where(vm) for vm in home} == dict.fromkeys(home, "charlie")
    assert not list(journal.abandoned())
    for section in ("resources", "nodes"):  # on-fail=block stays, and so does standby=off
        text = seeded[section]
        lab.cluster.ask("cibadmin", "--replace", "--scope", section, "--xml-pipe", stdin=text)
    aftermath.check()
