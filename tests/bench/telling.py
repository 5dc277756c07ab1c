"""How a figure is told: beside what ran at the same time, and beside what is wanted of it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Row:
    """One figure. `theirs` is of the same unit, and of what `beside` names; `limit` says what keeps
    it from what is wanted."""

    what: str
    ours: float
    unit: str
    beside: str = ""
    theirs: float | None = None
    wanted: str = ""
    limit: str = ""

    @property
    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.theirs else None

    def __str__(self) -> str:
        told = f"{self.what}: {self.ours:.3g} {self.unit}"
        if self.theirs is not None:
            told += f"; {self.beside}: {self.theirs:.3g} {self.unit}"
        if self.ratio is not None:
            told += f"; ratio {self.ratio:.2g}"
        if self.wanted:
            told += f"  (wanted: {self.wanted})"
        return f"{told}  [{self.limit}]" if self.limit else told


def told(rows: Iterable[Row]) -> Iterator[Row]:
    """The same rows, each printed when it is there."""
    for row in rows:
        print(row, flush=True)
        yield row


def write(rows: Iterable[Row], to: Path) -> None:
    """As JSON, with the ratios."""
    written = [{**asdict(row), "ratio": row.ratio} for row in rows]
    to.write_text(json.dumps(written, indent=2, ensure_ascii=False) + "\n")


def timed_s(work: Callable[[], object]) -> float:
    started = time.monotonic()
    work()
    return time.monotonic() - started
