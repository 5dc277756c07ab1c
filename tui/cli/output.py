"""What leaves for the terminal: words, tables and JSON. Every name is shown literally."""

from __future__ import annotations

import errno
import json
import os
import termios
import unicodedata
from collections.abc import Mapping, Sequence
from enum import Enum, auto
from typing import Any, NamedTuple

import click

STDOUT = 1
STDERR = 2

_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_WIDE = frozenset({"W", "F"})


class Tone(Enum):
    """What a colour says; the words say it too."""

    STRONG = auto()
    QUIET = auto()
    GOOD = auto()
    WARNING = auto()
    BAD = auto()


_STYLES: Mapping[Tone, Mapping[str, Any]] = {
    Tone.STRONG: {"bold": True},
    Tone.QUIET: {"dim": True},
    Tone.GOOD: {"fg": "green"},
    Tone.WARNING: {"fg": "yellow"},
    Tone.BAD: {"fg": "red", "bold": True},
}


class Cell(NamedTuple):
    text: str
    tone: Tone | None = None
    right: bool = False


def literal(text: str) -> str:
    """The text on one line; what a terminal would obey or hide becomes `�`."""
    return "".join("�" if unicodedata.category(char) in _INVISIBLE else char for char in text)


def width(text: str) -> int:
    """How many terminal cells a literal text takes."""
    return sum(
        0 if unicodedata.combining(char) else 1 + (unicodedata.east_asian_width(char) in _WIDE)
        for char in text
    )


def paint(text: str, tone: Tone | None = None) -> str:
    """A literal text, ready for `click.echo`, which takes the colour away from files."""
    return click.style(literal(text), **_STYLES[tone]) if tone else literal(text)


def say(text: str, tone: Tone | None = None, *, err: bool = False) -> None:
    """Write one line, to stderr with `err`."""
    click.echo(paint(text, tone), err=err, color=colours())


def colours() -> bool | None:
    """`False` with NO_COLOR; `None` leaves it to whether the stream is a terminal."""
    return False if os.environ.get("NO_COLOR") else None


def emit(document: Mapping[str, object]) -> None:
    """Write one JSON object on a line of stdout, in ASCII, so that no terminal obeys it."""
    click.echo(json.dumps(document, allow_nan=False))


def table(header: Sequence[Cell], rows: Sequence[Sequence[Cell]]) -> None:
    """Write aligned columns."""
    lines = [[Cell(literal(cell.text), cell.tone, cell.right) for cell in row] for row in rows]
    widths = [
        max(width(row[column].text) for row in (header, *lines)) for column in range(len(header))
    ]
    for row in ([cell._replace(tone=Tone.QUIET) for cell in header], *lines):
        painted = "  ".join(map(_padded, row, widths))
        click.echo(painted.rstrip(), color=colours())


def _padded(cell: Cell, cells: int) -> str:
    room = " " * (cells - width(cell.text))
    text = paint(cell.text, cell.tone)
    return room + text if cell.right else text + room


def hush(*descriptors: int) -> None:
    """Whoever read these is gone: send what is still to come nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for descriptor in descriptors:
        os.dup2(nowhere, descriptor)
    os.close(nowhere)


def hush_if_lost() -> bool:
    """Hush what goes to a terminal that is gone; whether there is such a one."""
    lost = list(filter(_is_lost, (STDOUT, STDERR)))
    hush(*lost)
    return bool(lost)


def _is_lost(descriptor: int) -> bool:
    """Whether it was a terminal: one that was hung up answers nothing but EIO."""
    try:
        termios.tcgetattr(descriptor)
    except termios.error as error:
        return bool(error.args[0] == errno.EIO)
    return False
