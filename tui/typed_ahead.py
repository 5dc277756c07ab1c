"""Keys that come faster than they act: typed ahead on a slow line, or pasted.

Textual hands a key to whoever has the focus when it arrives, before the keys in front of it have
acted. What follows the key of a view or of the filter would go to who had the keys before: `3 ↓`
would move the board's cursor, `/web1` would lose its letters. Here a key waits until the one before
it has acted. It goes no further than the screen that it was typed at: nobody confirms a dialog that
was not there to be read.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable

from textual import events
from textual.app import App
from textual.dom import DOMNode
from textual.message import Message
from textual.screen import Screen

PATIENCE_S = 0.5
"""A key whose receiver is gone meanwhile, as a dialog's is that it closes, holds up no other."""


class Acted(Message):
    """Goes the way of a key, behind it: where it arrives, the key has arrived and acted."""

    def __init__(self, key: events.Key) -> None:
        super().__init__()
        self.key = key


class TypedAhead:
    """The keys that have come and have not acted yet, the first of them on its way.

    `pass_on`: hands a key to whoever has the focus, and tells who that was.
    """

    def __init__(self, app: App[None], pass_on: Callable[[events.Key], Awaitable[DOMNode]]) -> None:
        self._app = app
        self._pass_on = pass_on
        self._keys: deque[tuple[events.Key, Screen[object]]] = deque()
        """With the screen at which each was typed."""

    async def take(self, key: events.Key) -> None:
        """Pass a key on, when its turn comes."""
        self._keys.append((key, self._app.screen))
        if len(self._keys) == 1:
            await self._pass_first_on()

    def acted(self, key: events.Key) -> None:
        """The key has acted; the next goes behind what that has set going, such as a focus."""
        self._app.call_later(self._acted, key)

    async def _acted(self, key: events.Key) -> None:
        if self._keys and self._keys[0][0] is key:
            self._keys.popleft()
            in_sight = self._app.screen_stack[-1:]  # an app that ends has none
            while self._keys and self._keys[0][1] not in in_sight:
                self._keys.popleft()
            if self._keys:
                await self._pass_first_on()

    async def _pass_first_on(self) -> None:
        key, _ = self._keys[0]
        self._app.set_timer(PATIENCE_S, lambda: self._acted(key))
        receiver = await self._pass_on(key)
        receiver.post_message(Acted(key))
