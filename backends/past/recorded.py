"""The inputs that Pacemaker's scheduler recorded: how a node is asked for them, and the answers.

Wherever a node is the DC, each run of the scheduler leaves its whole input there, the CIB with its
status (`PE_STATE_DIR`, pacemaker-schedulerd of 2.1 and 3.0); an unchanged one is not kept again.
The numbers of the files begin anew (`pe-input-series-max`): only their dates order them. Pure.
"""

from __future__ import annotations

import bz2
import io
import re
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from backends.data.errors import BadAnswer

DIRECTORY = "/var/lib/pacemaker/pengine"

LIST = (
    *("find", DIRECTORY, "-maxdepth", "1", "-type", "f", "-name", "pe-*.bz2"),
    *("-printf", r"%f %s %T@\n"),
)

_LINE = re.compile(r"(pe-(?:input|warn|error)-[0-9]+\.bz2) ([0-9]+) ([0-9]+(?:\.[0-9]+)?)")
_MOST_BYTES = 64 << 20
"""No CIB is larger; what claims to be would fill the memory."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """One recorded input, where it lies. `at`: when it was written, in that node's clock."""

    node: str
    name: str
    at: float
    size_bytes: int


def parse_list(node: str, answer: bytes) -> tuple[Recorded, ...]:
    """One node's answer to `LIST`; lines that are none of its files are passed over."""
    found = map(_LINE.fullmatch, answer.decode(errors="replace").splitlines())
    return tuple(
        Recorded(node, line[1], float(line[3]), int(line[2])) for line in found if line is not None
    )


def fetch(files: Iterable[Recorded]) -> tuple[str, ...]:
    """The command that hands over these files as they lie there, in one archive."""
    options = ("--create", "--file=-", "--blocking-factor=1", "--ignore-failed-read")
    return ("tar", *options, f"--directory={DIRECTORY}", "--", *(file.name for file in files))


def parse_fetch(answer: bytes) -> dict[str, bytes]:
    """The files of one archive, still compressed; what was cut off is not among them."""
    files: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=io.BytesIO(answer), mode="r:") as archive:
            for member in archive:
                content = archive.extractfile(member)
                if content is not None:
                    files[member.name] = content.read()
    except tarfile.TarError:
        pass
    return files


def expand(compressed: bytes, what: str) -> bytes:
    """One stream of bzip2. Raises `BadAnswer` where it is cut off, or is none."""
    expander = bz2.BZ2Decompressor()
    try:
        text = expander.decompress(compressed, _MOST_BYTES)
    except OSError as error:
        raise BadAnswer(f"{what} is damaged: {error}") from error
    if not expander.eof:
        raise BadAnswer(f"{what} is cut off")
    return text


def by_date(files: Iterable[Recorded]) -> tuple[Recorded, ...]:
    return tuple(sorted(files, key=lambda file: (file.at, file.node, file.name)))


def before(files: Sequence[Recorded], at: float) -> Recorded | None:
    """The newest that is not younger than a moment."""
    return next((file for file in reversed(files) if file.at <= at), None)


def after(files: Sequence[Recorded], at: float) -> Recorded | None:
    """The oldest that is younger than a moment."""
    return next((file for file in files if file.at > at), None)


def beside(files: Sequence[Recorded], file: Recorded) -> list[Recorded]:
    """What each other node recorded last before a file, and next after it."""
    found: list[Recorded] = []
    for node in sorted({each.node for each in files} - {file.node}):
        own = [each for each in files if each.node == node]
        found += filter(None, (before(own, file.at), after(own, file.at)))
    return found
