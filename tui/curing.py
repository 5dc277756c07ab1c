"""What the doctor found, cured: at once, or when a VM stops the next time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from textual import on, work

from backends.acts.cures import cure
from backends.acts.next_stop import at_stops, call_off, waiting
from backends.acts.planning import foresee_beside
from backends.acts.resume import in_words, resume
from backends.acts.transaction import Report, Stage
from backends.data.plan import Action
from backends.judgement.remedies import Remedy, When, in_short, remedies
from tui.acting import names
from tui.doctoring import DoctoringScreen
from tui.messages import Doing, Due, Ended
from tui.proposal import Proposal, refused
from tui.proposals.cure import of_cure
from widgets.bars import literal
from widgets.doctor_rows import Waiting
from widgets.doctor_view import DoctorView


class CuringScreen(DoctoringScreen):
    """Carries out what the doctor proposes, and looks after what waits for a stop."""

    @on(DoctorView.CureWanted)
    def _propose_cure(self, event: DoctorView.CureWanted) -> None:
        chosen = remedies(event.report)
        vms = names(tuple(dict.fromkeys(remedy.vm for remedy in chosen)))
        checks = ", ".join(dict.fromkeys(check for each in chosen for check in each.checks))

        async def make(_variant: int) -> Proposal:
            if reason := self.queue_objection(alone=True):
                return refused(reason)
            foreseen = await self._foresee(chosen)
            shown = foreseen if len(chosen) == 1 else None
            return of_cure(
                self.backend.picture,
                chosen,
                foreseen,
                lambda when, reboot: self._cure(chosen, when, shown, reboot),
            )

        self.propose(f"Cure {vms}: {checks}", make)

    async def _foresee(self, chosen: Sequence[Remedy]) -> tuple[Action, ...]:
        """One question for all of them: each by itself would keep the scheduler busy for long."""
        if not chosen or self.backend.picture.migrations:
            return ()
        commands = tuple(command for remedy in chosen for command in remedy.commands)
        return await foresee_beside(self.backend, commands)

    def _cure(
        self,
        chosen: Sequence[Remedy],
        when: When,
        shown: Sequence[Action] | None,
        allow_reboot: bool,
    ) -> None:
        vms = tuple(dict.fromkeys(remedy.vm for remedy in chosen))
        doing = Doing(vms, f"curing {names(vms)}", f"{names(vms)}: not cured to the end")
        self.carry_out(doing, self._in_turn(chosen, when, shown, allow_reboot), self.examine)

    async def _in_turn(
        self,
        chosen: Sequence[Remedy],
        when: When,
        shown: Sequence[Action] | None,
        allow_reboot: bool,
    ) -> AsyncGenerator[Report]:
        """One after the other; the first that fails ends it."""
        for remedy in chosen:
            reports = cure(
                self.backend, remedy, self.journal, when, allow_reboot=allow_reboot, shown=shown
            )
            async with aclosing(reports):
                async for report in reports:
                    yield report
        if len(chosen) > 1:
            done = "cured" if when is When.NOW else "to be cured at their next stops"
            yield Report("", Stage.DONE, f"{len(chosen)} VMs {done}")

    # What waits

    def look_after_stops(self) -> None:
        """From now on carry out what waits, each when its VM stops."""
        self._know_waiting()
        if self.backend.writer is not None:
            self._watch_stops()

    @work(group="next stops", exclusive=True, exit_on_error=False)
    async def _watch_stops(self) -> None:
        async for act in at_stops(self.backend, self.journal):
            self.post_message(Due(act))

    @on(Due)
    def _due(self, event: Due) -> None:
        intent = event.act.intent
        doing = Doing((intent.vm,), in_words(intent), f"{intent.vm}: not cured to the end")
        self.carry_out(doing, resume(self.backend, event.act), self.examine)

    @on(Ended)
    def _know_waiting(self) -> None:
        name = self.backend.picture.name
        waits = tuple(
            Waiting(
                str(each.path),
                each.vm,
                in_short(each.commands),
                tuple(map(str, each.commands)),
                each.at,
            )
            for each in waiting(self.journal, name)
        )
        if waits != self.examination.waiting:
            self.know(replace(self.examination, waiting=waits))

    @on(DoctorView.CallOffWanted)
    def _call_off(self, event: DoctorView.CallOffWanted) -> None:
        known = waiting(self.journal, self.backend.picture.name)
        found = next((each for each in known if str(each.path) == event.waiting.key), None)
        if found is not None and call_off(self.journal, found):
            self.notify(literal(event.waiting.what), title="Called off", markup=False)
        else:
            self.tell(f"{event.waiting.what}: it is being carried out, or has ended")
        self._know_waiting()
