"""The constraints that commands leave behind. Pure."""

from __future__ import annotations


def is_leftover(constraint_id: str) -> bool:
    """Whether `crm_resource --move` or `--ban` made it (their ids begin with `cli-`)."""
    return constraint_id.startswith(("cli-prefer-", "cli-ban-", "cli-standby-"))
