"""From a picked-up VM to its proven end: verdicts, the plan, the move, and the clearing."""

from __future__ import annotations

from textual import on, work
from textual.content import Content
from textual.screen import Screen
from textual.worker import Worker

from backends import commands
from backends.base import Backend
from backends.errors import VmferryError
from backends.journal import Act, Journal
from backends.migration import clear, finish_move, migrate
from backends.model import VM
from backends.plan import Plan
from tui.bugs import report_bug
from tui.dialog import Dialog, error_content
from tui.messages import (
    ClearEnded,
    Move,
    MoveEnded,
    MoveFound,
    Reported,
    Trouble,
    VerdictsGiven,
)
from tui.plan_dialog import PlanDialog
from widgets.bars import literal
from widgets.board import Board
from widgets.details import constraint_text
from widgets.glyphs import Tone
from widgets.tones import heading, toned


class MovingScreen(Screen[None]):
    """A screen with a board on it, whose VMs can be moved."""

    def __init__(self, backend: Backend, journal: Journal) -> None:
        super().__init__()
        self.backend = backend
        self.journal = journal
        self.under_way: list[Move] = []
        """What was confirmed and has not come to its proven end."""

    @property
    def board(self) -> Board:
        return self.query_one(Board)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        report_bug(self.app, event)

    @on(Board.PickedUp)
    def _picked_up(self, event: Board.PickedUp) -> None:
        self._preview(event.vms)

    @on(Board.Unmovable)
    def _unmovable(self, event: Board.Unmovable) -> None:
        self.notify(literal(event.reason), severity="warning", markup=False)

    @on(Board.PutBack)
    def _put_back(self) -> None:
        self.workers.cancel_group(self, "preview")

    @work(group="preview", exclusive=True, exit_on_error=False)
    async def _preview(self, vms: tuple[str, ...]) -> None:
        try:
            verdicts = await self.backend.preview(vms)
        except VmferryError as error:
            self.post_message(Trouble("no verdicts", error))
        else:
            self.post_message(VerdictsGiven(vms, verdicts))

    @on(VerdictsGiven)
    def _verdicts_given(self, event: VerdictsGiven) -> None:
        self.board.show_verdicts(event.verdicts)

    @on(Board.Dropped)
    def _dropped(self, event: Board.Dropped) -> None:
        self.workers.cancel_group(self, "preview")
        vms, node = event.vms, event.node

        async def make_plan() -> Plan:
            return await self.backend.plan(vms, node)

        def is_current(plan: Plan) -> bool:
            return plan.verdict.version == self.backend.picture.version

        title = f"Move {_names(vms)} to {node}"
        dialog = PlanDialog(title, make_plan, is_current, read_only=self.backend.writer is None)
        self.app.push_screen(dialog, self._answered)

    def _answered(self, plan: Plan | None) -> None:
        if plan is not None:
            self.under_way.append(Move(plan.vms, plan.node))
            self._carry_out(plan)

    @work(group="move", exit_on_error=False)
    async def _carry_out(self, plan: Plan) -> None:
        move = Move(plan.vms, plan.node)
        try:
            async for report in migrate(self.backend, plan, self.journal):
                self.post_message(Reported(report))
        except VmferryError as error:
            self.post_message(MoveEnded(move, error))
        else:
            self.post_message(MoveEnded(move))

    @work(group="move", exit_on_error=False)
    async def finish_abandoned(self) -> None:
        """Bring the moves to their end that an earlier run left open."""
        if self.backend.writer is None:
            return
        for act in self.journal.abandoned():
            intent = act.intent
            here = intent.cluster == self.backend.picture.name
            if intent.kind == "move" and here and intent.target is not None:
                self._finish(act, Move((intent.vm,), intent.target))
            else:
                act.leave()

    @work(group="move", exit_on_error=False)
    async def _finish(self, act: Act, move: Move) -> None:
        self.post_message(MoveFound(move))
        try:
            async for report in finish_move(self.backend, act):
                self.post_message(Reported(report))
        except VmferryError as error:
            self.post_message(MoveEnded(move, error))
        else:
            self.post_message(MoveEnded(move))
        finally:
            act.leave()

    @on(MoveFound)
    def _move_found(self, event: MoveFound) -> None:
        self.under_way.append(event.move)
        names = literal(_names(event.move.vms))
        text = f"An earlier run moved {names} to {literal(event.move.node)}: finishing that."
        self.notify(text, title="Left open", markup=False)

    @on(MoveEnded)
    def _move_ended(self, event: MoveEnded) -> None:
        self.under_way.remove(event.move)
        names = literal(_names(event.move.vms))
        if event.error is None:
            text = f"{names} arrived on {literal(event.move.node)}"
            self.notify(text, title="Moved", markup=False)
            return
        parts = [error_content(event.error), *self._states(event.move.vms)]
        body = Content("\n").join(parts)
        self.app.push_screen(Dialog(f"{names}: the move did not come to its end", body, bad=True))

    def _states(self, vms: tuple[str, ...]) -> list[Content]:
        """How the VMs stand now, in words."""
        lines = [*heading("How it stands now")]
        for vm in map(self.backend.picture.vm, vms):
            if vm is not None:
                lines.append(toned(_state(vm)))
                lines += [toned(f"  ⚑ {c.id}: {constraint_text(c)}") for c in vm.constraints]
        return lines

    def action_clear(self) -> None:
        """Offer to remove the leftover constraints of the selected VM."""
        selected = self.board.selected_vm
        vm = self.backend.picture.vm(selected) if selected else None
        if vm is None:
            self.notify("Select a VM first.", severity="warning", markup=False)
        elif not vm.constraints:
            self.notify(f"No move has left a constraint on {literal(vm.id)}.", markup=False)
        else:
            self._offer_clear(vm)

    def _offer_clear(self, vm: VM) -> None:
        lines = [
            toned(f"⚑ {constraint.id}: {constraint_text(constraint)}", Tone.WARN)
            for constraint in vm.constraints
        ]
        command = str(commands.clear(vm.id))
        lines += [*heading("Exactly this command"), toned(f"$ {command}", Tone.ACCENT)]
        read_only, moving = self.backend.writer is None, self.backend.picture.migration(vm.id)
        if read_only:
            lines += [Content(""), toned("read-only: vmferry cannot change the cluster", Tone.WARN)]
        elif moving is not None:
            text = "It is being migrated: to remove a constraint now could reboot the guest."
            lines += [Content(""), toned(text, Tone.WARN)]
        confirm = None if read_only or moving else "Remove"
        title = f"Remove the leftover constraints of {vm.id}"
        dialog = Dialog(title, Content("\n").join(lines), confirm=confirm)

        def answered(confirmed: bool | None) -> None:
            if confirmed:
                self._clear(vm.id)

        self.app.push_screen(dialog, answered)

    @work(group="move", exit_on_error=False)
    async def _clear(self, vm: str) -> None:
        try:
            async for report in clear(self.backend, vm, self.journal):
                self.post_message(Reported(report))
        except VmferryError as error:
            self.post_message(ClearEnded(vm, error))
        else:
            self.post_message(ClearEnded(vm))

    @on(ClearEnded)
    def _clear_ended(self, event: ClearEnded) -> None:
        name = literal(event.vm)
        if event.error is None:
            self.notify(f"No constraint is left on {name}.", title="Cleared", markup=False)
        else:
            title = f"The constraints of {name} were not removed"
            self.app.push_screen(Dialog(title, error_content(event.error), bad=True))

    @on(Trouble)
    def _trouble(self, event: Trouble) -> None:
        text = literal(str(event.error))
        self.notify(text, title=event.asked, severity="error", timeout=15, markup=False)


def _names(vms: tuple[str, ...]) -> str:
    return ", ".join(vms) if len(vms) <= 3 else f"{len(vms)} VMs"


def _state(vm: VM) -> str:
    where = f" on {' and '.join(vm.nodes)}" if vm.nodes else f" on {vm.node}" if vm.node else ""
    return f"{vm.id} is {vm.state.value}{where}"
