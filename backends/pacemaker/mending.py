"""XML as Pacemaker's tools really write it, mended until a parser takes it. Pure.

Source: `crm_xml_escape` in lib/common/xml.c of Pacemaker. Up to 2.1.2 it writes each byte of a
letter beyond ASCII as an octal number, with the sign carried along where a char has one
(`\\37777777703`). From 2.1.3 to 2.1.7 it leaves a value as it is behind the first such letter:
& < > and quotes stand there bare. crm_mon escapes exit reasons by the same function, and what it
writes is escaped again, by all releases.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from io import BytesIO
from itertools import islice

from backends.data.xml_text import escaped

_BYTE = re.compile(rb"\\(?:37777777([67][0-7]{2})|([23][0-7]{2}))")
_OCTAL = re.compile(rb"(?:\\(?:37777777[67][0-7]{2}|[23][0-7]{2}))++")
"""Several in a row; without groups, which Python 3.11 miscounts in what it does not give back."""

_NO_CHARACTER = re.compile(
    rb"[\x00-\x08\x0b\x0c\x0e-\x1f]|\xef\xbf[\xbe\xbf]"
    rb"|&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcef]|1[0-9a-f]));",
    re.IGNORECASE,
)
"""What XML 1.0 cannot carry, as it is or as a reference."""
_REPLACEMENT = "\ufffd".encode()

_BEGIN = re.compile(rb'[\w.-]="')
_END = re.compile(rb'"(?=\s{1,9}[A-Za-z_][\w:.-]{0,99}="|\s{0,9}[/?]?>\s*(?:<|\Z))')
"""A quote behind which an attribute begins or the tag ends: that of a value, also of one with bare
quotes in it."""
_LETTER = re.compile(rb'[^"<>\x80-\xff]*[\x80-\xff]{2}')
"""A value up to its first letter beyond ASCII."""
_BARE = re.compile(rb"[&<>\"'\t\n\r]")


def letters(data: bytes) -> bytes:
    """The same with its octal numbers as the letters that they stand for."""
    return _joined(_replaced(_OCTAL, _as_letters, data)) if b"\\" in data else data


def _replaced(
    pattern: re.Pattern[bytes], by: Callable[[re.Match[bytes]], bytes], data: bytes | memoryview
) -> Iterator[bytes | memoryview]:
    """The pieces of `re.sub`, which takes a hundred bytes for each hit until it joins them, and
    damaged data may be nothing else."""
    view, taken = memoryview(data), 0
    for found in pattern.finditer(data):
        yield view[taken : found.start()]
        yield by(found)
        taken = found.end()
    yield view[taken:]


def _joined(pieces: Iterable[bytes | memoryview]) -> bytes:
    whole = BytesIO()  # its value is no copy of it, as that of a bytearray would be
    whole.writelines(pieces)
    return whole.getvalue()


def _as_letters(found: re.Match[bytes]) -> bytes:
    written = bytes(int(one[1] or one[2], 8) & 0xFF for one in _BYTE.finditer(found[0]))
    try:
        written.decode()
    except UnicodeDecodeError:
        return found[0]
    return written


def attempts(data: bytes) -> Iterator[bytes]:
    """What to try next, one after the other, where this is no XML."""
    text = data.decode(errors="replace").encode()
    readable = _joined(_replaced(_NO_CHARACTER, lambda _: _REPLACEMENT, text))
    del text
    if readable != data:
        yield readable
    closed = _joined(_closed(readable))
    if closed != readable:
        yield closed


def _closed(data: bytes) -> Iterator[bytes | memoryview]:
    """The same with all escaped that stands in a value behind its first letter beyond ASCII; in
    one pass, whatever the data is, and in little more memory than that."""
    ends = _END.finditer(data)
    end, at = next(ends, None), 0
    view, taken = memoryview(data), 0
    for begin in _BEGIN.finditer(data):
        while end is not None and end.start() < begin.end():
            end = next(ends, None)
        if end is None:
            break
        if begin.end() >= at:
            at = end.start()
            letter = _LETTER.match(data, begin.end(), at)
            if letter is not None:
                yield view[taken : letter.end()]
                yield from _replaced(_BARE, _escaped, view[letter.end() : at])
                taken = at
    yield view[taken:]


def _escaped(found: re.Match[bytes]) -> bytes:
    return escaped(found[0].decode()).encode()


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
    there = next(islice(BytesIO(data), max(line - 1, 0), None), b"")
    before = there[: max(column, 0)][-_SEEN:].decode(errors="replace")
    names = re.findall(r'([\w:.-]{1,99})="', before)
    owners = re.findall(r'<([\w.-]{1,99})\s(?:[^<>]*?\s)?id="([^"<>]*)"', before)
    if not names:
        return ""
    return f"in {names[-1]}{' of {} {}'.format(*owners[-1]) if owners else ''}"


_SEEN = 2000
"""So many bytes of a line are looked at, before what is wrong in it."""
