"""What a pointer asks for in any widget."""

from __future__ import annotations

from textual.message import Message

MENU_BUTTON = 3
"""The right one, as terminals number them."""


class MenuWanted(Message):
    """What can be done to what is highlighted now."""
