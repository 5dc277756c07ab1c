"""The consoles of the guests, on which each counts its seconds: waiting for one to tick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.cib import VMS
from lab.guest import Guest, read_console
from lab.system import LabError, wait
from waiting import PATIENCE_S


class Silent(LabError):
    """The guest of a VM does not tick."""

    def __init__(self, vm: str, what: str) -> None:
        super().__init__(what)
        self.vm = vm


@dataclass(frozen=True, slots=True)
class Consoles:
    """All consoles of a lab, in one directory of its shared storage."""

    directory: Path

    def path(self, vm: str) -> Path:
        """The console of a VM; its guests write one after the other."""
        return self.directory / f"{vm}.log"

    def last(self, vm: str) -> Guest | None:
        """What the guest of a VM last said."""
        return read_console(self.path(vm))

    def all(self) -> dict[str, Guest | None]:
        """What every guest last said."""
        return {vm.name: self.last(vm.name) for vm in VMS}

    def wait(
        self,
        vm: str,
        before: Guest | None,
        *,
        after_ticks: int = 0,
        boots: int = 0,
        timeout_s: float = PATIENCE_S,
    ) -> Guest:
        """Wait for a tick that is not `before`, beyond `after_ticks`, in boot `boots` or later.

        Raises Silent.
        """

        def ticked() -> Guest | None:
            guest = self.last(vm)
            if guest is None or guest == before:
                return None
            return guest if guest.ticks > after_ticks and guest.boots >= boots else None

        what = f"the guest of {vm} ticks (last seen: {before}; wanted: tick > {after_ticks})"
        try:
            return wait(ticked, timeout_s, what)
        except LabError as error:
            raise Silent(vm, str(error)) from error

    def wait_all(
        self, before: Mapping[str, Guest | None], timeout_s: float = PATIENCE_S
    ) -> dict[str, Guest]:
        """Wait for a tick of each. Raises Silent for the first that does not."""
        return {vm: self.wait(vm, guest, timeout_s=timeout_s) for vm, guest in before.items()}
