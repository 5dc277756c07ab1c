"""What all acts share on the screen: proposed, confirmed, carried out, told of."""

from __future__ import annotations

from collections.abc import AsyncGenerator

from textual import on, work
from textual.content import Content
from textual.screen import Screen
from textual.worker import Worker

from backends.acts.journal import Act, Journal
from backends.acts.resume import in_words, left_open, resume
from backends.acts.transaction import Report, Stage
from backends.clusters.base import Backend
from backends.data.errors import ActFailed, VmferryError
from backends.data.picture import VM, CibVersion
from backends.judgement.proof import in_words_where
from tui.bugs import report_bug
from tui.dialog import Dialog, error_content
from tui.messages import Doing, Ended, Proposed, Reported, Trouble
from tui.proposal import Proposal, Then
from tui.proposal_dialog import READ_ONLY, Make, ProposalDialog
from widgets.bars import literal
from widgets.board import Board
from widgets.facts import constraint_text
from widgets.tones import heading, toned

_BUG = "a bug in vmferry ended this before its end"
_BUG_CURE = "what was begun is in the journal: the next start of vmferry finishes it"


class ActingScreen(Screen[None]):
    """A screen with a board on it, whose VMs and nodes can be acted on."""

    def __init__(self, backend: Backend, journal: Journal) -> None:
        super().__init__()
        self.backend = backend
        self.journal = journal
        self.under_way: list[Doing] = []
        """What was confirmed and has not come to its proven end."""
        self._superseded: set[Doing] = set()
        self._joined: dict[Doing, list[Doing]] = {}

    @property
    def board(self) -> Board:
        return self.query_one(Board)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self.app, event)

    # What is selected

    def selected_vm(self) -> VM | None:
        """The VM under the cursor; says so where there is none."""
        name = self.board.selected_vm
        vm = self.backend.picture.vm(name) if name else None
        if vm is None:
            self.tell("Select a VM first.")
        return vm

    def selected_node(self) -> str | None:
        """The node under the cursor, also when one of its VMs is; says so where there is none."""
        node = self.board.selected_node
        if node is None:
            self.tell("Select a node first.")
        return node

    def tell(self, text: str, title: str = "") -> None:
        """Why a key does nothing now."""
        self.notify(literal(text), title=title, severity="warning", markup=False)

    # Proposing

    def propose(self, heading: str, make: Make) -> None:
        """Show what would be done, for the operator to confirm."""

        def version() -> CibVersion | None:
            return self.backend.picture.version

        read_only = self.backend.writer is None
        dialog = ProposalDialog(heading, make, version, read_only=read_only)
        self.app.clear_notifications()  # they could cover what is to be read
        self.app.push_screen(dialog, _follow)

    @on(Proposed)
    def _proposed(self, event: Proposed) -> None:
        async def make(_variant: int) -> Proposal:
            return event.proposal

        self.propose(event.heading, make)

    # Carrying out

    def carry_out(
        self, doing: Doing, reports: AsyncGenerator[Report], then: Then | None = None
    ) -> None:
        """Begin an act; `then` follows when it has come to its proven end."""
        self.under_way.append(doing)
        self._carry_out(doing, reports, then)

    @work(group="acts", exit_on_error=False)
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
                self.post_message(Reported(report))
            ended = Ended(doing, said)
        except VmferryError as error:
            ended = Ended(doing, error=error)
        finally:
            self.post_message(ended)
        return ended.error is None

    @on(Ended)
    def _ended(self, event: Ended) -> None:
        doing = event.doing
        joined = self._joined.pop(doing, [])
        for each in (doing, *joined):
            self.under_way.remove(each)
        silent = doing in self._superseded and not joined
        self._superseded -= {doing, *joined}
        if event.error is None:
            whats = "; ".join(each.what for each in (doing, *joined))
            said = whats if joined else event.said or whats
            self.notify(literal(said), title="Done", markup=False)
        elif not silent:
            vms = tuple(vm for each in (doing, *joined) for vm in each.vms)
            parts = [error_content(event.error), *self._states(vms)]
            heading = "The queue stopped" if joined else doing.failed
            self.app.push_screen(Dialog(heading, Content("\n").join(parts), bad=True))

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

    @on(Trouble)
    def _trouble(self, event: Trouble) -> None:
        text = literal(str(event.error))
        self.notify(text, title=event.asked, severity="error", timeout=15, markup=False)

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
        self.notify(literal(text), title="Left open by an earlier run", timeout=15, markup=False)

    def _finish(self, acts: list[Act]) -> None:
        doings = [_left(act) for act in acts]
        self.under_way += doings
        self._finish_in_order(list(zip(doings, acts, strict=True)))

    @work(group="acts", exit_on_error=False)
    async def _finish_in_order(self, acts: list[tuple[Doing, Act]]) -> None:
        """One after the other: a rescue before the move it ends, those of whole nodes last."""
        for doing, act in acts:
            await self._see_through(doing, resume(self.backend, act))


def _left(act: Act) -> Doing:
    intent, what = act.intent, in_words(act.intent)
    vms = (intent.vm,) if intent.vm else tuple(evacuee.vm for evacuee in intent.evacuees)
    return Doing(vms, what, f"{what}: left open, and it did not come to its end")


def _follow(then: Then | None) -> None:
    if then is not None:
        then()


def _state(vm: VM) -> str:
    where = f" on {in_words_where(vm)}" if vm.nodes or vm.node else ""
    return f"{vm.id} is {vm.state.value}{where}"


def names(vms: tuple[str, ...]) -> str:
    """Some VMs, or how many."""
    return ", ".join(vms) if len(vms) <= 3 else f"{len(vms)} VMs"
