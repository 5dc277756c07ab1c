"""What no recorded input may carry any further: passwords of fence devices, and their like. Pure.

The names are those that `crm_report` masks (`passw.*`), and others that mean the same.
"""

from __future__ import annotations

import re

from lxml import etree

STRUCK = "******"

_SECRET = re.compile(r"pass(w|phrase)|secret|token|credential|api_?key|private_?key", re.IGNORECASE)
_NO_SECRET = frozenset({"passwd_script", "password_script"})
"""Where a device is told which program knows the password."""
_SHORTEST = 4
"""A shorter secret is not looked for elsewhere: it would be found in every other word."""


def strike(cib: etree._Element) -> None:
    """Take the secrets out of a CIB, also where another value or a reason repeats one."""
    found: set[str] = set()
    for pair in cib.iter("nvpair"):
        name = pair.get("name") or ""
        value = pair.get("value")
        if value and _SECRET.search(name) and name not in _NO_SECRET:
            found.add(value)
            pair.set("value", STRUCK)
    long = sorted((secret for secret in found if len(secret) >= _SHORTEST), key=len, reverse=True)
    if not long:
        return
    anywhere = re.compile("|".join(map(re.escape, long)))
    for element in cib.iter(etree.Element):
        for key in map(str, element.attrib):
            value = element.get(key) or ""
            if anywhere.search(value):
                element.set(key, anywhere.sub(STRUCK, value))
