"""How each node's load went over the last minutes, for the line in its head. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from backends.data.picture import Cluster

KEPT = 240
SAMPLE_S = 1.0

Trend: TypeAlias = tuple[float | None, ...]
"""A node's load in percent, a sample a second; `None` where it was not known."""


@dataclass(frozen=True, slots=True)
class Trends:
    """About a sample a second, whatever the pace of the pictures is."""

    of: Mapping[str, Trend] = field(default_factory=dict)
    """The trend of each node, by its name."""
    sampled_at: float = float("-inf")

    def after(self, picture: Cluster) -> Trends:
        """With the picture's loads: in place of the last, where that is not a second old."""
        newer = picture.taken_at - self.sampled_at >= SAMPLE_S
        of: dict[str, Trend] = {}
        for node in picture.nodes:
            before = self.of.get(node.name, ())
            kept = before[-(KEPT - 1) :] if newer else before[:-1]
            of[node.name] = (*kept, node.cpu_percent)
        return Trends(of, picture.taken_at if newer else self.sampled_at)
