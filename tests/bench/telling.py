"""How a figure is told: in milliseconds, beside what ran at the same time."""

from __future__ import annotations


def say(what: str, ours_s: float, beside: str, beside_s: float) -> None:
    ratio = ours_s / beside_s
    print(f"{what}: {ours_s * 1000:.0f} ms; {beside}: {beside_s * 1000:.0f} ms; ratio {ratio:.1f}")
