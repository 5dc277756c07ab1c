"""What the doctor found, cured: at once, or when a VM stops the next time."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace

from backends.acts.cures import cure
from backends.acts.next_stop import at_stops, call_off, waiting
from backends.acts.planning import foresee_beside
from backends.acts.resume import in_words, resume
from backends.acts.transaction import Report, Stage
from backends.data.examination import Report as DoctorsReport
from backends.data.plan import Action
from backends.judgement.remedies import Remedy, When, in_short, remedies
from tui.acts.desk import Desk, names
from tui.acts.examining import Examining
from tui.acts.queueing import Queueing
from tui.messages import Doing, Due
from tui.proposal import Proposal, refused
from tui.proposals.cure import of_cure
from widgets.doctor_rows import Waiting


class Curing:
    """Carries out what the doctor proposes, and looks after what waits for a stop."""

    def __init__(self, desk: Desk, *, doctor: Examining, queue: Queueing) -> None:
        self._desk = desk
        self._doctor = doctor
        self._queue = queue

    def propose(self, report: DoctorsReport) -> None:
        """Offer to cure all that is in this part of a report."""
        chosen = remedies(report)
        vms = names(tuple(dict.fromkeys(remedy.vm for remedy in chosen)))
        checks = ", ".join(dict.fromkeys(check for each in chosen for check in each.checks))

        async def make(_variant: int) -> Proposal:
            if reason := self._queue.objection(alone=True):
                return refused(reason)
            foreseen = await self._foresee(chosen)
            shown = foreseen if len(chosen) == 1 else None
            return of_cure(
                self._desk.backend.picture,
                chosen,
                foreseen,
                lambda when, reboot: self._cure(chosen, when, shown, reboot),
            )

        self._desk.propose(f"Cure {vms}: {checks}", make)

    async def _foresee(self, chosen: Sequence[Remedy]) -> tuple[Action, ...]:
        """One question for all of them: each by itself would keep the scheduler busy for long."""
        if not chosen or self._desk.backend.picture.migrations:
            return ()
        commands = tuple(command for remedy in chosen for command in remedy.commands)
        return await foresee_beside(self._desk.backend, commands)

    def _cure(
        self,
        chosen: Sequence[Remedy],
        when: When,
        shown: Sequence[Action] | None,
        allow_reboot: bool,
    ) -> None:
        vms = tuple(dict.fromkeys(remedy.vm for remedy in chosen))
        ended = "Done" if when is When.NOW else "It waits"
        failed = f"{names(vms)}: not cured to the end"
        doing = Doing(vms, f"curing {names(vms)}", failed, ended=ended)
        self._desk.carry_out(
            doing, self._in_turn(chosen, when, shown, allow_reboot), self._doctor.examine
        )

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
                self._desk.backend,
                remedy,
                self._desk.journal,
                when,
                allow_reboot=allow_reboot,
                shown=shown,
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
        self.know_waiting()
        if self._desk.backend.writer is not None:
            self._desk.glass.work("next stops", self._watch_stops, exclusive=True)

    async def _watch_stops(self) -> None:
        async for act in at_stops(self._desk.backend, self._desk.journal):
            self._desk.glass.post(Due(act))

    def due(self, event: Due) -> None:
        """Carry out what waited: its VM has stopped."""
        intent = event.act.intent
        doing = Doing((intent.vm,), in_words(intent), f"{intent.vm}: not cured to the end")
        self._desk.carry_out(doing, resume(self._desk.backend, event.act), self._doctor.examine)

    def know_waiting(self) -> None:
        """Look in the journal for what waits."""
        name = self._desk.backend.picture.name
        waits = tuple(
            Waiting(
                str(each.path),
                each.vm,
                in_short(each.commands),
                tuple(map(str, each.commands)),
                each.at,
            )
            for each in waiting(self._desk.journal, name)
        )
        if waits != self._doctor.examination.waiting:
            self._doctor.know(replace(self._doctor.examination, waiting=waits))

    def call_off(self, wanted: Waiting) -> None:
        """Let a cure that waits be."""
        known = waiting(self._desk.journal, self._desk.backend.picture.name)
        found = next((each for each in known if str(each.path) == wanted.key), None)
        if found is not None and call_off(self._desk.journal, found):
            self._desk.glass.say(wanted.what, "Called off")
        else:
            self._desk.tell(f"{wanted.what}: it is being carried out, or has ended")
        self.know_waiting()
