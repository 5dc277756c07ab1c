"""XML as Pacemaker's tools really write it, mended until a parser takes it. Pure.

Source: `crm_xml_escape` in lib/common/xml.c of Pacemaker. Up to 2.1.2 it writes each byte of a
letter beyond ASCII as an octal number, with the sign carried along where a char has one
(`\\37777777703`). From 2.1.3 to 2.1.7 it leaves a value as it is behind the first such letter:
& < > and quotes stand there bare. crm_mon escapes exit reasons by the same function, and what it
writes is escaped again, by all releases.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from backends.data.xml_text import escaped

_BYTE = re.compile(rb"\\(?:37777777([67][0-7]{2})|([23][0-7]{2}))")
_OCTAL = re.compile(rb"(?:%s)+" % _BYTE.pattern)

_NO_CHARACTER = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])"
    "|x0*(?:[0-8bcef]|1[0-9a-f]));",
    re.IGNORECASE,
)
"""What XML 1.0 cannot carry, as it is or as a reference."""
_REPLACEMENT = "\ufffd"

_LONGEST = 1 << 16
"""Of one value that is mended."""
_BARE = re.compile(
    rb'(?<=[\w.-]=")([^"<>\x80-\xff]{0,%d}[\x80-\xff]{2})(.{0,%d}?)'
    rb'(?="(?:\s+[A-Za-z_][\w:.-]*="|\s*[/?]?>\s*(?:<|\Z)))' % (_LONGEST, _LONGEST),
    re.DOTALL,
)
"""A value with a letter beyond ASCII in it, up to a quote behind which an attribute begins or the
tag ends: in two parts, up to that letter and behind it."""


def letters(data: bytes) -> bytes:
    """The same with its octal numbers as the letters that they stand for."""
    return _OCTAL.sub(_as_letters, data) if b"\\" in data else data


def _as_letters(found: re.Match[bytes]) -> bytes:
    written = bytes(int(a or b, 8) & 0xFF for a, b in _BYTE.findall(found[0]))
    try:
        written.decode()
    except UnicodeDecodeError:
        return found[0]
    return written


def attempts(data: bytes) -> Iterator[bytes]:
    """What to try next, one after the other, where this is no XML."""
    text = data.decode(errors="replace")
    readable = _NO_CHARACTER.sub(_REPLACEMENT, text).encode()
    if readable != data:
        yield readable
    closed = _BARE.sub(_with_the_rest_escaped, readable)
    if closed != readable:
        yield closed


def _with_the_rest_escaped(found: re.Match[bytes]) -> bytes:
    return found[1] + escaped(found[2].decode("latin-1")).encode("latin-1")  # ASCII alone changes


_UNREADABLE = str.maketrans({"&": "＆", "<": "＜", '"': "＂"})
"""Each by a letter of its own: values that were equal stay so, and only they."""


def readable_again(value: str) -> str:
    """A value that those releases can write and read back, as close to this one as can be."""
    head = next((n for n, letter in enumerate(value) if letter > "\x7f"), len(value))
    return value[:head] + value[head:].translate(_UNREADABLE)


_ENTITIES = {"quot": '"', "apos": "'", "lt": "<", "gt": ">", "amp": "&"}
_REFERENCE = re.compile(r"&(?:(quot|apos|lt|gt|amp)|#([0-9]{1,7}));")
_NEVER_ESCAPED = re.compile(r'[<>"]|&(?!(?:quot|apos|lt|gt|amp|#[0-9]{1,7});)')


def in_words(text: str) -> str:
    """A text that crm_mon escaped twice, as it was meant; one that it did not stays as it is.

    Its releases stop at different letters, so what stands behind the first beyond ASCII is judged
    by itself.
    """
    text = letters(text.encode(errors="replace")).decode(errors="replace")
    end = next((n for n, letter in enumerate(text) if letter > "\x7f"), len(text))
    return _unescaped(text[:end]) + _unescaped(text[end:])


def _unescaped(text: str) -> str:
    return text if _NEVER_ESCAPED.search(text) else _REFERENCE.sub(_meant, text)


def _meant(found: re.Match[str]) -> str:
    if found[1]:
        return _ENTITIES[found[1]]
    code = int(found[2])
    return chr(code) if 0x20 <= code < 0xD800 or code == 0x0A else found[0]


def place(data: bytes, line: int, column: int) -> str:
    """Which attribute of which element stands there, in words; empty where that is not to be seen.

    `line` and `column` count from one, as a parser's errors do.
    """
    lines = data.splitlines()
    if not 0 < line <= len(lines):
        return ""
    before = lines[line - 1][: max(column, 0)].decode(errors="replace")
    names = re.findall(r'([\w:.-]+)="', before)
    owners = re.findall(r'<([\w.-]+)\s(?:[^<>]*?\s)?id="([^"<>]*)"', before)
    if not names:
        return ""
    return f"in {names[-1]}{' of {} {}'.format(*owners[-1]) if owners else ''}"
