"""Against which schema crm_mon is to check a CIB, and whether it must. Pure.

Before crm_mon reads a CIB it compiles the schema that the CIB names, and checks it: more than half
of all its work (2.1.5, 3.0.0). Pacemaker 3 tries the later schemas too, and transforms what does
not conform to its own first one; what does it takes as it is (`pcmk__update_schema`). So what has
conformed and was taken as it is may be read unchecked, whatever its status.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from backends.pacemaker.release import release_of
from backends.pacemaker.upgraded import schema_major
from backends.pacemaker.xml import parse

_NAME = re.compile(rb'(?<=\svalidate-with=")[^"]*')
_PLAIN_LOCATION = re.compile(
    rb'<rsc_location(?:\s+(?:(?:id|rsc|node|score)="[^"]*"|role="Started"))*\s*/>\s*'
)
"""What a move or a ban leaves, and a clearing takes: in this form it conforms to each schema."""
_UNCHECKED = "none"
_FIRST_OF_3 = "pacemaker-4.0"
_MAJOR_OF_3, _MAJOR_OF_2 = 4, 3


@dataclass(frozen=True, slots=True)
class Form:
    """`frees`: where this conforms, others of the same configuration need no check."""

    text: bytes
    frees: bool


def forms(cib: bytes, freed: bool | None) -> tuple[Form, ...]:
    """The forms in which to ask for a CIB: the next where one does not conform.

    `freed`: what came of one with the same configuration; `None` where there was none. Raises
    `BadAnswer`.
    """
    as_recorded = Form(cib, frees=False)
    if freed is False:
        return (as_recorded,)
    if freed:
        return (Form(_named(cib, _UNCHECKED), frees=True), as_recorded)
    root = parse(cib, "a recorded input")
    major = schema_major(root)
    if major is None or major < _MAJOR_OF_2:
        return (as_recorded,)
    if major < _MAJOR_OF_3 and release_of(root).upgrades_older_schemas:
        return (Form(_named(cib, _FIRST_OF_3), frees=True), as_recorded)
    return (Form(cib, frees=True),)


def shape(cib: bytes) -> bytes:
    """A digest of what a schema may mind: its name, and the configuration without what is plain."""
    start, end = cib.find(b"<configuration"), cib.rfind(b"</configuration>")
    name = _NAME.search(cib, 0, start) if 0 <= start < end else None
    if name is None:
        return hashlib.blake2b(cib).digest()
    return hashlib.blake2b(name[0] + b">" + _PLAIN_LOCATION.sub(b"", cib[start:end])).digest()


def _named(cib: bytes, schema: str) -> bytes:
    return _NAME.sub(schema.encode(), cib, count=1)
