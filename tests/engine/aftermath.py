"""What a test left behind: guests that were rebooted, constraints, failed actions, maintenance."""

from __future__ import annotations

from difflib import unified_diff
from xml.etree import ElementTree

from engine.tally import Cause, Tally
from lab import VMS, Lab

REST_S = 60


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
        # What Pacemaker would still do might restart a guest.
        self._lab.wait(self._lab.cluster.is_idle, REST_S, "the cluster at rest")
        after = self._lab.wait_guests()
        for vm, guest in self._guests.items():
            if after[vm].boot_id == guest.boot_id:
                assert after[vm].ticks > guest.ticks, f"the guest of {vm} has lost time"
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


def configuration(lab: Lab) -> list[str]:
    """All that is configured and means something, one element a line, to compare."""
    return [
        f"{element.tag} {sorted(element.items())}"
        for section in lab.cluster.configuration().values()
        for element in ElementTree.fromstring(section).iter()
    ]


def leftovers(lab: Lab) -> list[str]:
    """The ids of the constraints that moves and bans left."""
    ids = [location.get("id", "") for location in lab.cib().iter("rsc_location")]
    return [name for name in ids if name.startswith("cli-")]
