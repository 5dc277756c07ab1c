"""XML from a cluster, parsed without trusting it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress

from lxml import etree

from backends.data.errors import BadAnswer
from backends.pacemaker import mending

LIMIT_BYTES = 64 << 20
"""A CIB of ten thousand resources is about 30 MB; more than this is no answer of a cluster."""


def parse(data: bytes, what: str) -> etree._Element:
    """Parse one document, as its tools write it. Entities are not resolved, nothing is fetched.

    Raises `BadAnswer` for anything empty, truncated, too large or not XML.
    """
    data = in_letters(data, what)
    try:
        return parse_strictly(data)
    except (etree.XMLSyntaxError, ValueError) as error:
        for mended in mending.attempts(data):
            with suppress(etree.XMLSyntaxError, ValueError):
                return parse_strictly(mended)
        raise BadAnswer(
            f"{what} answered something that is no XML: {_where(data, error)}{error}"
        ) from error


def in_letters(data: bytes, what: str) -> bytes:
    """What may be parsed. Raises `BadAnswer` for anything empty or too large."""
    if not data or data.isspace():
        raise BadAnswer(f"{what} answered nothing")
    if len(data) > LIMIT_BYTES:
        raise BadAnswer(f"{what} answered {len(data) >> 20} MiB, which no cluster does")
    return mending.letters(data)


def parse_strictly(data: bytes) -> etree._Element:
    """As `parse`, but of XML only. Raises `XMLSyntaxError` or `ValueError`."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    return etree.fromstring(data, parser)


def _where(data: bytes, error: Exception) -> str:
    if not isinstance(error, etree.XMLSyntaxError):
        return ""
    place = mending.place(data, *error.position)
    return f"{place}: " if place else ""


def primitives(cib: etree._Element) -> Iterator[etree._Element]:
    """All resources that are no groups, clones or bundles. None holds another: what stands in them
    is not looked through."""
    for top in cib.iterfind("configuration/resources/*"):
        if top.tag == "primitive":
            yield top
        else:
            yield from top.iter("primitive")


def flag(element: etree._Element, name: str) -> bool | None:
    """A boolean attribute as Pacemaker writes and reads them; `None` where it is not there."""
    return truth(element.get(name))


_TRUTH = dict.fromkeys(("true", "on", "yes", "y", "1"), True)
_TRUTH |= dict.fromkeys(("false", "off", "no", "n", "0"), False)


def truth(value: str | None) -> bool | None:
    """Pacemaker's words for true and false (`crm_str_to_boolean`)."""
    return _TRUTH.get(value.strip().lower()) if value else None


def number(value: str | None) -> int | None:
    """A whole number, or `None` for anything else; Pacemaker's own have 64 bits."""
    try:
        found = int(value or "")
    except ValueError:
        return None
    return found if -(1 << 63) <= found < 1 << 63 else None


def errors_of(answer: bytes) -> str | None:
    """What a tool of Pacemaker says, in its XML, of its own failure: newer ones say whole sentences
    below, and some report the success of having failed."""
    try:
        status = parse(answer, "Pacemaker's tool").find("status")
    except BadAnswer:
        return None
    if status is None:
        return None
    message = status.get("message") if number(status.get("code")) else None
    errors = [error.text or "" for error in status.iterfind("errors/error")]
    return "; ".join(filter(None, [message, *errors]))
