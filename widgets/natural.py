"""The order that people expect of names with numbers in them. Pure."""

from __future__ import annotations

import re
from functools import lru_cache


def natural(name: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key under which web2 comes before web10."""
    return tuple(
        (0, int(piece), "") if piece.isdecimal() else (1, 0, piece)
        for piece in re.split(r"(\d+)", name.casefold())
        if piece
    )


@lru_cache(maxsize=4)
def natural_order(names: tuple[str, ...]) -> tuple[int, ...]:
    """Their places in this order; names change seldom, and comparing them is slow."""
    return tuple(sorted(range(len(names)), key=lambda place: natural(names[place])))
