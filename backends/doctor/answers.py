"""JSON that a tool printed, taken in by the types that are expected."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from backends.data.errors import BadAnswer

T = TypeVar("T")


def decode(text: str, kind: type[T], what: str) -> T:
    """Parse one document; fields that `kind` does not have are passed over. Raises `BadAnswer`."""
    try:
        return msgspec.json.decode(text.encode(errors="replace"), type=kind)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BadAnswer(f"{what} answered something that cannot be understood: {error}") from error
