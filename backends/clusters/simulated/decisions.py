"""What the scheduler of a simulated cluster keeps: its input, each time that it decides."""

from __future__ import annotations

from collections import OrderedDict

from backends.clusters.simulated.state import State
from backends.data.picture import CibVersion
from backends.past.recorded import Recorded

_MOST_GUESTS = 40_000
"""So many guests in all that is kept: of a cluster of 500, eighty decisions."""


class Decisions:
    """The newest of them, each under the name of the file that Pacemaker would have written."""

    def __init__(self) -> None:
        self.kept: OrderedDict[Recorded, State] = OrderedDict()
        self._count = 0
        self._last: CibVersion | None = None

    def note(self, state: State) -> None:
        """Keep what is decided on now. An unchanged input is not kept again, and without a DC
        nobody decides."""
        if state.dc is None or state.version == self._last:
            return
        self._last = state.version
        file = Recorded(state.dc, f"pe-input-{self._count}.bz2", state.now, 0)
        self._count += 1
        newest = next(reversed(self.kept.values()), None)
        self.kept[file] = state.kept(newest)
        while len(self.kept) * max(1, len(state.guests)) > _MOST_GUESTS:
            self.kept.popitem(last=False)
