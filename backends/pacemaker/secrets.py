"""What nothing that is kept may carry on: passwords of fence devices, and their like. Pure.

The names are those that `crm_report` masks (`passw.*`), and others that mean the same.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml import etree

from backends.pacemaker.xml import parse

STRUCK = "******"

_SECRET = re.compile(r"pass(w|phrase)|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_A_TIME = r"[\w.-]{0,30}\s{0,9}[=:]\s{0,9}\d+\b"
"""How Corosync goes on after `token`."""
_WORD = rf"(?:pass(?:w|phrase)|secret|credential|api_?key|private_?key|token(?!{_A_TIME}))"
"""In a name. All that is repeated here is bounded: a text may be long, and is read on the loop."""
_SPELT = tuple(
    re.compile(pattern, re.IGNORECASE | re.DOTALL)
    for pattern in (
        rf"""{_WORD}[^"'<>]{{0,99}}["'][^<>]{{0,999}}?\bvalue=["'](?P<secret>[^"']+)""",
        rf"""\bvalue=["'](?P<secret>[^"'<>]+)["'][^<>]{{0,999}}?\bname=["'][^"'<>]{{0,99}}?{_WORD}""",
        rf"""{_WORD}[\w.-]{{0,99}}["']?\s{{0,9}}[=:]\s{{0,9}}["']?(?P<secret>[^\s"'<>;,]+)""",
        rf"""--[\w.-]{{0,99}}?{_WORD}[\w.-]{{0,99}}\s{{1,9}}["']?(?P<secret>[^\s"'<>;,]+)""",
        r"-----BEGIN [A-Z ]*PRIVATE KEY-----(?P<secret>.+?)(?:-----END|\Z)",
    )
)
"""How a text that is no whole document spells one: XML, a setting, an option, a PEM file."""
_NO_SECRET = frozenset({"passwd_script", "password_script"})
"""Where a device is told which program knows the password."""
_SHORTEST = 4
"""A shorter secret is not looked for elsewhere: it would be found in every other word."""


def strike(cib: etree._Element) -> None:
    """Take the secrets out of a CIB, also where another value or a reason repeats one."""
    anywhere = _pattern(_found(cib))
    for pair in _pairs(cib):
        pair.set("value", STRUCK)
    if anywhere is None:
        return
    for element in cib.iter(etree.Element):
        for key in map(str, element.attrib):
            value = element.get(key) or ""
            if anywhere.search(value):
                element.set(key, anywhere.sub(STRUCK, value))


def struck(text: str, cib: bytes) -> str:
    """A text without the secrets of a CIB, wherever it has them from. Raises `BadAnswer`."""
    anywhere = _pattern(_found(parse(cib, "cibadmin")))
    return text if anywhere is None else anywhere.sub(STRUCK, text)


def masked(text: str) -> str:
    """A text of any kind without what it spells as a secret, and without what repeats it."""
    if not _SECRET.search(text) and "PRIVATE KEY" not in text:
        return text
    found = {match["secret"] for spelt in _SPELT for match in spelt.finditer(text)}
    anywhere = _pattern(found)
    text = text if anywhere is None else anywhere.sub(STRUCK, text)
    for spelt in _SPELT:
        text = spelt.sub(lambda match: match[0].replace(match["secret"], STRUCK), text)
    return text


def _pairs(cib: etree._Element) -> Iterator[etree._Element]:
    for pair in cib.iter("nvpair"):
        name = pair.get("name") or ""
        if pair.get("value") and _SECRET.search(name) and name not in _NO_SECRET:
            yield pair


def _found(cib: etree._Element) -> set[str]:
    return {pair.get("value") or "" for pair in _pairs(cib)}


def _pattern(secrets: set[str]) -> re.Pattern[str] | None:
    long = sorted((each for each in secrets if len(each) >= _SHORTEST), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, long))) if long else None
