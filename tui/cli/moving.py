"""A migration in one line of words."""

from __future__ import annotations

from backends.data.picture import Migration
from tui.cli.quantities import percent, seconds, size


def progress_words(migration: Migration) -> str:
    """`copying 41 %, 3.1 of 8.0 GiB left, …`; what is not known is left out."""
    words = [migration.phase.value]
    if migration.percent is not None:
        words[0] += f" {percent(migration.percent)}"
    if migration.remaining_bytes is not None and migration.total_bytes:
        words.append(f"{size(migration.remaining_bytes)} of {size(migration.total_bytes)} left")
    if migration.rate_bytes_per_s is not None:
        words.append(f"{size(migration.rate_bytes_per_s)}/s")
    if migration.dirty_rate_bytes_per_s is not None:
        words.append(f"dirty {size(migration.dirty_rate_bytes_per_s)}/s")
    if migration.eta_s is not None:
        words.append(f"{seconds(migration.eta_s)} to go")
    if migration.deadline_s is not None:
        words.append(f"deadline in {seconds(migration.deadline_s)}")
    return ", ".join(words)
