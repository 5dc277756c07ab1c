"""How busy the guests are: gentle waves, a share of the VMs at a time."""

from __future__ import annotations

import math

from backends.clusters.simulated.state import State

_PERIOD = 12
"""In how many ticks every VM is looked at once."""


def step(state: State, tick: int) -> None:
    """Give one share of the VMs a new load."""
    for index, guest in enumerate(state.guests.values()):
        if (index + tick) % _PERIOD:
            continue
        load = 0
        if guest.host is not None and not guest.paused:
            wave = math.sin(state.now / (11 + index % 7) + index) * (4 + guest.load_percent / 5)
            load = round(min(100.0, max(0.0, guest.load_percent + wave)))
        if load != guest.cpu_percent:
            guest.cpu_percent = load
            state.touched.add(guest.id)
