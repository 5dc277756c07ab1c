"""A Pacemaker cluster in memory, with time: the demo, the screenshots, and most tests."""

from backends.simulated.backend import SimulatedBackend
from backends.simulated.scenarios import SCENARIOS
from backends.simulated.world import World

__all__ = ["SCENARIOS", "SimulatedBackend", "World"]
