"""When each cluster was looked at last, in the state of the user."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

FILE = "looks.json"


class Looks:
    """`directory`: of the user's state. What cannot be read or written there is not known."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE

    def last(self, cluster: str) -> float | None:
        """Epoch seconds."""
        at = self._read().get(cluster)
        return float(at) if isinstance(at, int | float) else None

    def note(self, cluster: str, at: float) -> None:
        """It was looked at then."""
        known = {**self._read(), cluster: at}
        with suppress(OSError):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            fresh = self._file.with_suffix(".new")
            fresh.write_text(json.dumps(known))
            fresh.replace(self._file)

    def _read(self) -> dict[str, object]:
        with suppress(OSError, ValueError):
            known = json.loads(self._file.read_text())
            if isinstance(known, dict):
                return known
        return {}
