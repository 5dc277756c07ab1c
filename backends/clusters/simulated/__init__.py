"""A Pacemaker cluster in memory, with time: the demo, the screenshots, and most tests."""

from backends.clusters.simulated.backend import SimulatedBackend
from backends.clusters.simulated.scenarios import SCENARIOS
from backends.clusters.simulated.world import World

__all__ = ["SCENARIOS", "SimulatedBackend", "World"]
