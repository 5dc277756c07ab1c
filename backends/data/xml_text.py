"""Text inside XML that others parse. The standard library's own way loads its HTTP client."""

from __future__ import annotations

_ESCAPES = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        '"': "&quot;",
        "'": "&apos;",
        "\t": "&#9;",
        "\n": "&#10;",
        "\r": "&#13;",
    }
)
"""White space too: a parser turns it into blanks in an attribute."""


def escaped(text: str) -> str:
    """As it stands in an element, or within quotes as an attribute.

    What XML 1.0 cannot carry (control characters) stays, and makes whoever parses it refuse.
    """
    return text.translate(_ESCAPES)
