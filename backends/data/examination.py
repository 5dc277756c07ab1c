"""What the doctor asks, what it is answered, and what it finds: frozen data."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from backends.data.plan import Command


class Topic(StrEnum):
    NODE = "node"
    LIBVIRT = "libvirt"
    TRANSPORT = "transport"
    NAMES = "names"
    RESOURCE = "resource"
    CPU = "cpu"
    DEVICES = "devices"
    MEMORY = "memory"
    STORAGE = "storage"
    LOCKING = "locking"

    @property
    def rank(self) -> int:
        """In the order in which they are told."""
        return _TOPICS.index(self)


_TOPICS = tuple(Topic)


class State(StrEnum):
    """The worst first."""

    WRONG = "wrong"
    """A live migration fails or reboots the guest, or the guest's data is in danger."""
    UNKNOWN = "unknown"
    WARNING = "warning"
    OK = "ok"
    NOT_USED = "not used"

    @property
    def rank(self) -> int:
        """0 for the worst."""
        return _STATES.index(self)


_STATES = tuple(State)


class Family(StrEnum):
    """Distributions that keep a thing in the same place."""

    DEBIAN = "debian"
    RHEL = "rhel"
    SUSE = "suse"
    ANY = "any"

    @property
    def label(self) -> str:
        """As people call it; empty for any."""
        return _LABELS.get(self.value, "")


_LABELS = {"debian": "Debian, Ubuntu", "rhel": "RHEL, Fedora", "suse": "SUSE"}


@dataclass(frozen=True, slots=True)
class Cure:
    """Lines to type, or to put into `file`. One that vmferry can carry out has its `command`."""

    lines: tuple[str, ...]
    file: str | None = None
    family: Family = Family.ANY
    command: Command | None = None
    node: str | None = None
    """Where to do it; `None` means on the node of the finding, or on any."""
    restarts: bool = False
    """Whether it restarts a running VM."""

    @classmethod
    def of(cls, *commands: Command, restarts: bool = False) -> tuple[Cure, ...]:
        """Cures that vmferry can carry out itself."""
        return tuple(
            cls((str(command),), command=command, restarts=restarts) for command in commands
        )


class Effect(StrEnum):
    """What becomes of a live migration that leads past a finding."""

    RESTARTS = "restarts"
    """There is none: Pacemaker stops the guest and starts it elsewhere."""
    SENDING_FAILS = "sending fails"
    """Its migrate_to fails, while the guest runs on the source."""
    ARRIVING_FAILS = "arriving fails"
    """Its migrate_from fails, when the guest is on the target already."""
    HARMS = "harms"
    """It comes to its end, and the guest crashes or its data is lost."""


@dataclass(frozen=True, slots=True)
class Way:
    """Live migrations from one node to another; `None` is any."""

    source: str | None = None
    target: str | None = None

    def covers(self, source: str, target: str) -> bool:
        return self.source in (None, source) and self.target in (None, target)


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `check` names it within its topic, the same in every cluster.

    `seen` is a fact, `why` one sentence on what follows from it.
    """

    topic: Topic
    check: str
    state: State
    seen: str
    why: str = ""
    node: str | None = None
    vm: str | None = None
    cures: tuple[Cure, ...] = ()
    concerns: tuple[str, ...] = ()
    """The VMs that it stands in the way of, where it is no VM's own and not everyone's."""
    effect: Effect | None = None
    ways: tuple[Way, ...] = ()
    """The migrations that lead past it; without any, all from and to its node, or simply all."""

    def about(self, vm: str) -> bool:
        """Whether this VM's way to a live migration leads past it."""
        return vm == self.vm or (self.vm is None and (not self.concerns or vm in self.concerns))

    def meets(self, vm: str, source: str, target: str) -> bool:
        """Whether this migration leads past it."""
        if self.ways:
            here = any(way.covers(source, target) for way in self.ways)
        else:
            here = self.node in (None, source, target)
        return here and self.about(vm)


@dataclass(frozen=True, slots=True)
class Probe:
    """One look at a node, that changes nothing there: text for a POSIX shell.

    One with the same name is the same probe, whoever asks for it. Its stdin is empty; more output
    than `round.MOST_BYTES` is cut off.
    """

    name: str
    script: str
    limit_s: int = 8

    @classmethod
    def of(cls, name: str, *argv: str) -> Probe:
        """A probe that is one command."""
        return cls(name, shlex.join(argv))


@dataclass(frozen=True, slots=True)
class Output:
    """How a probe ended. Without an exit status it gave no answer, in time or at all."""

    exit_status: int | None = None
    stdout: str = ""
    stderr: str = ""

    @property
    def answered(self) -> bool:
        """Whether the probe ran to an end of its own, whatever that was."""
        return self.exit_status is not None

    @property
    def ok(self) -> bool:
        return self.exit_status == 0

    @property
    def missing(self) -> bool:
        """Whether there is no such command on that node."""
        return self.exit_status == 127

    @property
    def lines(self) -> list[str]:
        """What it printed, without blank lines."""
        return [line for line in self.stdout.splitlines() if line.strip()]

    @property
    def said(self) -> str:
        """What it complained of, in one line."""
        return " ".join(self.stderr.split())


NO_ANSWER = Output()


@dataclass(frozen=True, slots=True)
class Facts:
    """What one node answered in one round, by the names of the probes.

    `error` says why it answered nothing at all. The moments are this machine's clock.
    """

    node: str
    outputs: Mapping[str, Output] = field(default_factory=dict)
    error: str | None = None
    asked_at: float = 0.0
    answered_at: float = 0.0


@dataclass(frozen=True)
class Report:
    """All findings, the worst first. Without slots, so that they are sorted by VM only once."""

    findings: tuple[Finding, ...]
    families: Mapping[str, Family] = field(default_factory=dict)
    """Of each node's distribution, where it is known."""
    at: float | None = None
    """When the nodes had answered (epoch seconds); `None` when none did."""
    worked_s: float = field(default=0.0, compare=False)
    """The CPU seconds that it took here."""

    @property
    def wrong(self) -> bool:
        return any(finding.state is State.WRONG for finding in self.findings)

    def cures(self, finding: Finding) -> tuple[Cure, ...]:
        """Those that are for the distribution of the node in question, or for any."""
        return tuple(
            cure
            for cure in finding.cures
            if cure.family is Family.ANY
            or self.families.get(cure.node or finding.node or "", cure.family) is cure.family
        )

    @cached_property
    def failing(self) -> Report:
        """What a live migration fails by, or harms the guest by. What a login other than root's did
        not find proves nothing."""
        unsure = {finding.node for finding in self.findings if finding.check == "login"}
        return Report(
            tuple(
                finding
                for finding in self.findings
                if finding.effect not in (None, Effect.RESTARTS) and finding.node not in unsure
            )
        )

    @cached_property
    def _whose(
        self,
    ) -> tuple[Mapping[str, list[int]], tuple[tuple[frozenset[str], list[int]], ...]]:
        """Where in the list each VM's own findings stand, and those that concern several VMs, the
        same ones often many times; nobody in particular means all."""
        own: dict[str, list[int]] = {}
        several: dict[tuple[str, ...], list[int]] = {}
        for place, finding in enumerate(self.findings):
            if finding.vm is not None:
                own.setdefault(finding.vm, []).append(place)
            else:
                several.setdefault(finding.concerns, []).append(place)
        return own, tuple((frozenset(vms), places) for vms, places in several.items())

    def about(self, vm: str) -> tuple[Finding, ...]:
        """What this VM's way to a live migration leads past: its own, and what is no VM's."""
        own, several = self._whose
        places = list(own.get(vm, ()))
        for vms, theirs in several:
            if not vms or vm in vms:
                places += theirs
        return tuple(self.findings[place] for place in sorted(places))

    def of_vm(self, vm: str) -> tuple[Finding, ...]:
        """What stands between this VM and a live migration.

        That it would be restarted wherever it is moved to can be meant so, and is a warning of the
        cluster; to who asks for this VM it is wrong.
        """
        return tuple(map(_asked_for, self.about(vm)))


def _asked_for(finding: Finding) -> Finding:
    if finding.effect is Effect.RESTARTS and not finding.ways:
        return replace(finding, state=State.WRONG)
    return finding
