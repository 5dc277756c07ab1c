"""What a test left behind: guests that were rebooted, constraints, failed actions, maintenance."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from difflib import unified_diff
from enum import StrEnum

from lab import VMS, Guest, Lab


class Cause(StrEnum):
    """Why a guest was rebooted though nobody was surprised."""

    CONFIRMED = "confirmed REBOOT"
    WARNED = "its migration failed, as the plan warned"
    POWER = "its node lost power"


@dataclass
class Tally:
    """The sums of a whole run."""

    tests: int = 0
    surprised: int = 0
    constraints: int = 0
    expected: Counter[Cause] = field(default_factory=Counter)

    def __str__(self) -> str:
        causes = ", ".join(f"{cause}: {count}" for cause, count in sorted(self.expected.items()))
        return (
            f"guests rebooted by surprise: {self.surprised} · constraints left: {self.constraints}"
            f" (after {self.tests} tests; rebooted otherwise: {causes or 'none'})"
        )


class Aftermath:
    """Remembers the lab as it is before an act, and compares."""

    def __init__(self, lab: Lab, tally: Tally) -> None:
        self._lab = lab
        self._tally = tally
        self.begin()

    def begin(self, *, but: str = "") -> None:
        """Whatever was changed until now, the test wanted it so; only this element must go."""
        self._guests = {vm.name: self._lab.guest(vm.name) for vm in VMS}
        lines = configuration(self._lab)
        self._configuration = [line for line in lines if not but or repr(but) not in line]
        self._reboots: dict[str, Cause] = {}

    def expect_reboot(self, vm: str, cause: Cause) -> None:
        self._reboots[vm] = cause

    def check(self, *, failures: bool = False) -> None:
        """Assert that no guest was rebooted but those expected, and that nothing is left.

        `failures`: this scenario must leave a failed action.
        """
        self._tally.tests += 1
        after = {vm: self._next_tick(vm, guest) for vm, guest in self._guests.items()}
        rebooted = {vm for vm, guest in after.items() if guest.boot_id != self._guests[vm].boot_id}
        surprised = rebooted - self._reboots.keys()
        self._tally.surprised += len(surprised)
        self._tally.expected.update(self._reboots[vm] for vm in rebooted - surprised)
        left = leftovers(self._lab)
        self._tally.constraints += len(left)
        assert not surprised, f"rebooted by surprise: {sorted(surprised)}"
        assert rebooted == self._reboots.keys(), f"not rebooted: {self._reboots.keys() - rebooted}"
        assert not left, f"constraints left: {left}"
        changed = "\n".join(unified_diff(self._configuration, configuration(self._lab), n=0))
        assert not changed, changed
        assert self._lab.cluster.failures() is failures

    def _next_tick(self, vm: str, before: Guest) -> Guest:
        """A tick printed from now on; ticks of one boot only grow."""
        guest = self._lab.wait_guest(vm)
        if guest.boot_id == before.boot_id:
            assert guest.ticks > before.ticks
        return guest


def configuration(lab: Lab) -> list[str]:
    """All that is configured and means something, one element a line, to compare.

    An attribute that is removed leaves its empty set behind, and `crm_resource --refresh` notes
    when it was used.
    """
    section = lab.cib().find("./configuration")
    assert section is not None
    return [
        f"{element.tag} {sorted(element.items())}"
        for element in section.iter()
        if not (element.tag.endswith("_attributes") and len(element) == 0)
        and element.get("name") != "last-lrm-refresh"
    ]


def leftovers(lab: Lab) -> list[str]:
    """The ids of the constraints that moves and bans left."""
    ids = [location.get("id", "") for location in lab.cib().iter("rsc_location")]
    return [name for name in ids if name.startswith("cli-")]
