"""Who was lost, and is to be brought into sight."""

from __future__ import annotations

from backends.data.picture import Cluster
from widgets.board.dealing import SILENT


class Lookout:
    """Follows the pictures, and keeps who is still to be shown."""

    def __init__(self) -> None:
        self._lost: frozenset[str] | None = None
        self._due: list[str] = []

    def take(self, picture: Cluster) -> None:
        """Another picture."""
        lost = frozenset(node.name for node in picture.nodes if node.state in SILENT)
        self._due = [name for name in self._due if name in lost]
        if self._lost is not None:
            self._due += sorted(lost - self._lost)
        self._lost = lost

    def due(self) -> str | None:
        """The next one to be shown; each once."""
        return self._due.pop(0) if self._due else None
