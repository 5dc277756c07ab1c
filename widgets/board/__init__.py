"""The board, and the parts that it owns.

::

    picture ──▶ stage (scene, layout) ──┐
    keys, mouse ──▶ grip (selection, ───┼─▶ Shown ──▶ painter ──▶ glass ──▶ what differs
                    hand)               │
    scrolling ──▶ sight ────────────────┘
"""

from widgets.board.board import Board

__all__ = ["Board"]
