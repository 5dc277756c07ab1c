"""What is highlighted: a VM, or a node."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Selection:
    """`node` is also known where a VM is highlighted that runs on it."""

    vm: str | None = None
    node: str | None = None
