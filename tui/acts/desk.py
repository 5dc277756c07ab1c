"""What all acts share on the screen: proposed, confirmed, carried out, told of."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from functools import partial

from textual.content import Content

from backends.acts.journal import Act, Journal
from backends.acts.resume import in_words, left_open, resume
from backends.acts.transaction import Report, Stage
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, VmferryError
from backends.data.picture import VM, CibVersion
from backends.judgement.proof import in_words_where
from tui.dialog import error_content
from tui.glass import Glass
from tui.messages import Doing, Ended, Proposed, Reported, Trouble
from tui.proposal import READ_ONLY, Make, Proposal, Then
from widgets.facts import constraint_text
from widgets.selection import Selection
from widgets.tones import heading, toned

GROUP = "acts"
NO_VM = "Select a VM first."
NO_NODE = "Select a node first."
_BUG = "a bug in vmferry ended this before its end"
_BUG_CURE = "what was begun is in the journal: the next start of vmferry finishes it"


class Desk:
    """Over which every act goes, whatever it is, and where the operator hears of its end."""

    def __init__(self, backend: Backend, journal: Journal, glass: Glass) -> None:
        self.glass = glass
        self.backend = backend
        self.journal = journal
        self.under_way: list[Doing] = []
        """What was confirmed and has not come to its proven end."""
        self._superseded: set[Doing] = set()
        self._joined: dict[Doing, list[Doing]] = {}

    @property
    def read_only(self) -> bool:
        return self.backend.writer is None

    def refresh(self) -> None:
        """Look at the cluster again now."""
        self.glass.say("Looking at the cluster again.")
        self.glass.work("refresh", self._refresh, exclusive=True)

    async def _refresh(self) -> None:
        try:
            await self.backend.refresh()
        except VmferryError as error:
            self.glass.post(Trouble("not refreshed", error))

    # What is chosen

    def known_vm(self, chosen: Selection) -> VM | None:
        """The VM that is chosen, as it is now."""
        return self.backend.picture.vm(chosen.vm) if chosen.vm is not None else None

    def vm(self, chosen: Selection) -> VM | None:
        """The VM that is chosen; says so where there is none."""
        vm = self.known_vm(chosen)
        if vm is None:
            self.tell(NO_VM)
        return vm

    def node(self, chosen: Selection) -> str | None:
        """The node that is chosen, also when one of its VMs is; says so where there is none."""
        if chosen.node is None:
            self.tell(NO_NODE)
        return chosen.node

    def tell(self, text: str, title: str = "") -> None:
        """Why something is not done now."""
        self.glass.say(text, title, severity="warning")

    # Proposing

    def propose(self, heading: str, make: Make) -> None:
        """Show what would be done, for the operator to confirm."""

        def version() -> CibVersion | None:
            return self.backend.picture.version

        self.glass.ask(heading, make, version, read_only=self.read_only)

    def proposed(self, event: Proposed) -> None:
        """Show what an act proposes that nobody has asked for just now."""

        async def make(_variant: int) -> Proposal:
            return event.proposal

        self.propose(event.heading, make)

    # Carrying out

    def carry_out(
        self, doing: Doing, reports: AsyncGenerator[Report], then: Then | None = None
    ) -> None:
        """Begin an act; `then` follows when it has come to its proven end."""
        self.under_way.append(doing)
        self.glass.work(GROUP, partial(self._carry_out, doing, reports, then))

    async def _carry_out(
        self, doing: Doing, reports: AsyncGenerator[Report], then: Then | None
    ) -> None:
        if await self._see_through(doing, reports) and then is not None:
            then()

    async def _see_through(self, doing: Doing, reports: AsyncGenerator[Report]) -> bool:
        """To its end, whatever that is; whether it is the proven one."""
        said, ended = "", Ended(doing, error=ActFailed(_BUG, cure=_BUG_CURE))
        try:
            async for report in reports:
                if report.stage is Stage.DONE and (not report.vm or doing.vms == (report.vm,)):
                    said = report.text
                self.glass.post(Reported(report))
            ended = Ended(doing, said)
        except VmferryError as error:
            ended = Ended(doing, error=error)
        finally:
            self.glass.post(ended)
        return ended.error is None

    def ended(self, event: Ended) -> None:
        """Take what has ended off the desk, and say how."""
        doing = event.doing
        joined = self._joined.pop(doing, [])
        for each in (doing, *joined):
            self.under_way.remove(each)
        silent = doing in self._superseded and not joined
        self._superseded -= {doing, *joined}
        if event.error is None:
            whats = "; ".join(each.what for each in (doing, *joined))
            said = whats if joined else event.said or whats
            self.glass.say(said, "Done" if joined else doing.ended)
        elif not silent:
            vms = tuple(vm for each in (doing, *joined) for vm in each.vms)
            parts = [error_content(event.error), *self._states(vms)]
            heading = "The queue stopped" if joined else doing.failed
            self.glass.alarm(heading, Content("\n").join(parts))

    def join(self, doing: Doing, host: Doing) -> None:
        """It is carried out by what is under way already, and ends with it."""
        self.under_way.append(doing)
        self._joined.setdefault(host, []).append(doing)

    def supersede(self, vm: str) -> None:
        """Another act decides now what becomes of this VM: how its move ends is no news."""
        self._superseded |= {doing for doing in self.under_way if doing.vms == (vm,)}

    def is_superseded(self, doing: Doing | None) -> bool:
        """Whether how it ends was for another act to decide."""
        return doing in self._superseded

    def _states(self, vms: tuple[str, ...]) -> list[Content]:
        """How the VMs stand now, in words."""
        known = [vm for vm in map(self.backend.picture.vm, vms) if vm is not None]
        lines = [*heading("How it stands now")] if known else []
        for vm in known:
            lines.append(toned(_state(vm)))
            lines += [toned(f"  ⚑ {c.id}: {constraint_text(c)}") for c in vm.constraints]
        return lines

    def trouble(self, event: Trouble) -> None:
        """Say what could not be had."""
        self.glass.say(str(event.error), event.asked, severity="error", timeout_s=15)

    # What an earlier run left open

    def finish_left_open(self) -> None:
        """Tell what is found in the journal, and bring it to its end: it was confirmed."""
        acts = list(left_open(self.backend, self.journal))
        if not acts:
            return
        found = "; ".join(in_words(act.intent) for act in acts)
        if self.backend.writer is None:
            for act in acts:
                act.leave()
            text = f"{found}. It stays as it is: {READ_ONLY}."
        else:
            text = f"{found}. vmferry finishes that now."
            self._finish(acts)
        self.glass.say(text, "Left open by an earlier run", timeout_s=15)

    def _finish(self, acts: list[Act]) -> None:
        doings = [_left(act) for act in acts]
        self.under_way += doings
        pairs = list(zip(doings, acts, strict=True))
        self.glass.work(GROUP, partial(self._finish_in_order, pairs))

    async def _finish_in_order(self, acts: list[tuple[Doing, Act]]) -> None:
        """One after the other: a rescue before the move it ends, those of whole nodes last."""
        for doing, act in acts:
            await self._see_through(doing, resume(self.backend, act))


def _left(act: Act) -> Doing:
    intent, what = act.intent, in_words(act.intent)
    vms = (intent.vm,) if intent.vm else tuple(evacuee.vm for evacuee in intent.evacuees)
    return Doing(vms, what, f"{what}: left open, and it did not come to its end")


def _state(vm: VM) -> str:
    where = f" on {in_words_where(vm)}" if vm.nodes or vm.node else ""
    return f"{vm.id} is {vm.state.value}{where}"


def names(vms: tuple[str, ...]) -> str:
    """Some VMs, or how many."""
    return ", ".join(vms) if len(vms) <= 3 else f"{len(vms)} VMs"
