"""What may become of an answer on its way, and what somebody could make of it on purpose."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from random import Random

from lxml import etree

Mutation = Callable[[bytes, Random], bytes]

_ENCODINGS = (
    "utf-16",
    "utf-16-le",
    "utf-32",
    "latin-1",
    "cp037",
    "utf-7",
    "utf-8-sig",
    "shift_jis",
)
_ODD = (
    b"\x00", b"\xff", b"\xc3", b"\xed\xa0\x80", b"\x1b[2J", b"\r", b'"', b"'", b"<", b">", b"&",
    b"&#0;", b"&#x1b;", b"&amp", b"&lt;", b"]]>", b"<!--", b"<![CDATA[", b"<?x", b"/>",
    b"\\303\\274", b"\\37777777703\\37777777674", "ü & \"x\" <y>".encode(), b"xmlns:a='b'",
    b"9" * 400, b'" id="',
)  # fmt: skip


def _cut(data: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return random.choice((data[:end], data[start:], data[:start] + data[end:]))


def _doubled(data: bytes, random: Random) -> bytes:
    start, end = sorted(random.randrange(len(data) + 1) for _ in range(2))
    return random.choice((data + data, data[:end] + data[start:end] + data[end:]))


def _reordered(data: bytes, random: Random) -> bytes:
    parts = data.split(random.choice((b"\n", b"<", b" ", b'"', b"/>")))
    first, second = random.randrange(len(parts)), random.randrange(len(parts))
    parts[first], parts[second] = parts[second], parts[first]
    return random.choice((b"\n", b"<", b" ", b'"', b"/>")).join(parts)


def _shuffled(data: bytes, random: Random) -> bytes:
    parts = data.split(b"<")
    random.shuffle(parts)
    return b"<".join(parts)


def _encoded(data: bytes, random: Random) -> bytes:
    name = random.choice(_ENCODINGS)
    head = f'<?xml version="1.0" encoding="{random.choice((name, "utf-8", "klingon"))}"?>'
    text = data.decode(errors="replace")
    return (random.choice((head, "")) + text).encode(name, errors="replace")


def _damaged(data: bytes, random: Random) -> bytes:
    for _ in range(random.randint(1, 8)):
        at, put = random.randrange(len(data) + 1), random.choice(_ODD)
        data = data[:at] + put + data[at + random.choice((0, len(put))) :]
    return data


def _in_values(data: bytes, random: Random) -> bytes:
    parts = data.split(b'"')
    for _ in range(random.randint(1, 5)):
        at = random.randrange(len(parts))
        parts[at] = random.choice((parts[at] + random.choice(_ODD), random.choice(_ODD), b""))
    return b'"'.join(parts)


def _nested(data: bytes, random: Random) -> bytes:
    tag, depth = random.choice((b"a", b"group", b"nodes", b"rule")), random.choice((50, 300, 5000))
    at = data.find(b">", random.randrange(len(data) + 1)) + 1
    return data[:at] + b"<%s>" % tag * depth + b"</%s>" % tag * depth + data[at:]


def _entities(data: bytes, random: Random) -> bytes:
    kind = random.choice(
        (b'"ha"', b'SYSTEM "/etc/hostname"', b'PUBLIC "x" "http://[::1]/"', b'"&l0;"')
    )
    more = b"".join(b'<!ENTITY l%d "%s">' % (n, b"&l%d;" % (n - 1) * 10) for n in range(1, 9))
    root = data.split(b"<", 1)[-1].split(b" ", 1)[0].split(b">", 1)[0]
    parts = data.split(b'"')
    parts[random.randrange(len(parts))] = b"&l8;"
    return b"<!DOCTYPE %s [<!ENTITY l0 %s>%s]>" % (root, kind, more) + b'"'.join(parts)


def _restructured(data: bytes, random: Random) -> bytes:
    """Sound XML still, with elements and attributes that are gone, doubled, or somewhere else."""
    try:
        root = etree.fromstring(data, etree.XMLParser(resolve_entities=False))
    except (etree.XMLSyntaxError, ValueError):
        return data
    for _ in range(random.randint(1, 6)):
        one, other = (random.choice(list(root.iter("*"))) for _ in range(2))
        above = one.getparent()
        names = [str(name) for name in one.attrib]
        match random.randrange(5):
            case 0 if above is not None:
                above.remove(one)
            case 1:
                other.append(deepcopy(one))
            case 2 if names:
                del one.attrib[random.choice(names)]
            case 3 if names:
                one.set(random.choice(names), random.choice(_VALUES))
            case _:
                one.tag = random.choice((one.tag, other.tag))
    return etree.tostring(root)


_VALUES = ("", "-1", "9" * 5000, "true", "INFINITY", "٣", "0001-01-01", "web:0", "a_b_c_0", "alpha")

_STRUCTURE = 4
"""What is sound is tried as often as what is not: only that gets past the parser."""
MUTATIONS: tuple[Mutation, ...] = (
    _cut, _doubled, _reordered, _shuffled, _encoded, _damaged, _in_values, _nested, _entities,
    *[_restructured] * _STRUCTURE,
)  # fmt: skip


def mutated(data: bytes, random: Random) -> bytes:
    """One to three of these, one after the other."""
    for _ in range(random.choice((1, 1, 2, 3))):
        data = random.choice(MUTATIONS)(data, random) or b"<"
    return data
