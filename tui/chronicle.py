"""What has been seen so far: the newest picture, and since when what is in it is there."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace

from backends.acts.journal import Journal
from backends.acts.origins import set_at
from backends.acts.transaction import Report, Stage
from backends.data.picture import Cluster
from backends.data.timeline import Severity
from backends.judgement.changes import Event, changes
from tui.event_log import KEPT, EventLog
from tui.messages import Ended

_ALARMS = frozenset({"fencing"})
"""Also when they went well: somebody should know."""

_TOLD_BY_PICTURES = frozenset({Stage.FOLLOWING, Stage.MOVING, Stage.PROVING, Stage.CLEARING})
"""Steps of an act that are seen to happen: what is set, migrates, and is removed."""

_WITH_IT = frozenset({Stage.MOVING, Stage.FOLLOWING})
"""Of an act that sees a migration through to its end."""

_BY_ABORT = frozenset({"migration-failed", "vm", "failure"})
"""What an abort brings about on purpose, until its VM runs again."""

_RECENT = 5


class Chronicle:
    """Takes every picture, and notes what has changed in it."""

    def __init__(self, journal: Journal, clock: Callable[[], float]) -> None:
        self._journal = journal
        self._clock = clock
        self.log = EventLog()
        self.newest: Cluster | None = None
        self.constraints_since: dict[str, float] = {}
        """When leftover constraints were seen to be set, by their ids."""
        self.recorded: tuple[Event, ...] = ()
        """What happened before the first picture, as the cluster recorded it."""
        self._unread: deque[Event] = deque(maxlen=KEPT)
        self._ours: set[str] = set()
        """VMs that acts of ours move, or follow: these acts say themselves how they arrived."""
        self._arrived: dict[str, Event] = {}
        """What pictures would have said of that."""
        self._said: set[str | None] = set()
        """VMs whose arrival an act has told before the pictures do."""
        self._aborted: set[str | None] = set()
        """VMs whose copy was stopped by an act of ours."""

    def take(self, picture: Cluster) -> None:
        before, self.newest = self.newest, picture
        if before is None:
            self.constraints_since = set_at(self._journal, picture)
        elif picture.then is None:  # who steps through the past makes nothing happen
            self.note(self._not_told_by_acts(changes(before, picture)))
            self._date_constraints(before, picture)

    def note(self, events: Iterable[Event]) -> None:
        """Add these; what is bad is unread until somebody looks at it."""
        for event in events:
            self.log.add([event])
            if event.severity is Severity.BAD or event.kind in _ALARMS:
                self._unread.append(event)

    def remember(self, events: Iterable[Event]) -> None:
        """Take what was recorded; what was seen besides is not told twice."""
        first = next((event.at for event in self.log.events), None)
        self.recorded = tuple(each for each in events if first is None or each.at < first)

    @property
    def recent(self) -> Sequence[Event]:
        """The newest as of the newest picture, oldest first."""
        then = self.newest.then if self.newest is not None else None
        if then is None:
            return (*self.recorded[-_RECENT:], *self.log.events)
        return [event for event in self.recorded if event.at <= then.at][-_RECENT:]

    @property
    def alarms(self) -> tuple[Event, ...]:
        """What was bad and was not looked at yet, oldest first."""
        return tuple(self._unread)

    def read(self) -> None:
        """Somebody has looked at all of it."""
        self._unread.clear()

    def reported(self, report: Report) -> None:
        """Note a step of an act of ours."""
        if report.stage in _WITH_IT:
            self._ours.add(report.vm)
        if report.stage is Stage.ABORTING:
            self._aborted.add(report.vm)
        if report.stage not in _TOLD_BY_PICTURES:
            done = report.stage is Stage.DONE
            severity = Severity.GOOD if done else Severity.NEUTRAL
            self._note("report", severity, report.text, report.vm)
            if done and report.vm in self._ours:
                self._ours.discard(report.vm)
                if self._arrived.pop(report.vm, None) is None:
                    self._said.add(report.vm)

    def ended(self, event: Ended, *, wanted: bool) -> None:
        """Note how an act failed; `wanted`: another one ended it."""
        self._ours -= set(event.doing.vms)
        untold = [self._arrived.pop(vm) for vm in event.doing.vms if vm in self._arrived]
        self.note(untold)
        if event.error is not None:
            self._aborted -= set() if wanted else set(event.doing.vms)
            vm = next(iter(event.doing.vms), "")
            severity = Severity.NEUTRAL if wanted else Severity.BAD
            self._note("act-failed", severity, str(event.error), vm)

    def _not_told_by_acts(self, events: Iterable[Event]) -> Iterator[Event]:
        """Without what an act tells itself; what an abort of ours brought about is no alarm."""
        for event in events:
            vm = event.vm
            if vm in self._aborted and event.kind in _BY_ABORT:
                if event.severity is Severity.GOOD:
                    self._aborted.discard(vm)
                elif event.node is not None:  # it is held somewhere: it was not lost by this
                    event = replace(event, severity=Severity.NEUTRAL)
            if event.kind == "migration-started":
                self._said.discard(vm)
                self._aborted.discard(vm)
            if event.kind == "migration-done" and vm in self._said:
                self._said.discard(vm)
            elif event.kind == "migration-done" and vm in self._ours:
                self._arrived[vm] = event
            else:
                yield event

    def _note(self, kind: str, severity: Severity, text: str, vm: str) -> None:
        self.note([Event(self._clock(), kind, severity, text, vm or None)])

    def _date_constraints(self, before: Cluster, picture: Cluster) -> None:
        known = {constraint.id for vm in before.vms for constraint in vm.constraints}
        now = {constraint.id for vm in picture.vms for constraint in vm.constraints}
        dated = dict.fromkeys(now - known, picture.taken_at)
        self.constraints_since = {
            name: at for name, at in {**self.constraints_since, **dated}.items() if name in now
        }
