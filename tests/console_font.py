"""What the font of a Linux console has, whichever is loaded: code page 437."""

from __future__ import annotations

_PICTURES_OF_CONTROLS = "•◘○◙♂♀☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼♦"

IN_EVERY_FONT = frozenset(
    bytes(range(32, 127)).decode() + bytes(range(128, 256)).decode("cp437") + _PICTURES_OF_CONTROLS
)
