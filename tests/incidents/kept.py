"""What an incident left behind, in one small file: kept by a lab, judged again without one."""

from __future__ import annotations

import bz2
import io
import json
import re
import subprocess
import tarfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from backends.data.timeline import Entry
from backends.past.fencings import HISTORY, parse_history
from backends.past.inputs import Input, read_input
from backends.past.recorded import DIRECTORY, Recorded
from incidents.truth import Link, Truth
from lab import Lab

_INPUT = re.compile(r"(\w+)/(pe-\w+-\d+)\.xml")


@dataclass(frozen=True, slots=True)
class Kept:
    truth: Truth
    inputs: Sequence[Input]
    fencings: Sequence[Entry]

    @classmethod
    def read(cls, file: Path) -> Self:
        texts: dict[str, tuple[bytes, float]] = {}
        with tarfile.open(file) as archive:
            for member in archive:
                content = archive.extractfile(member)
                assert content is not None
                texts[member.name] = content.read(), member.mtime
        said = json.loads(texts["truth.json"][0])
        links = tuple(Link(**each) for each in said.pop("links"))
        return cls(
            Truth(links=links, **said),
            sorted(_inputs(texts), key=lambda each: each.at),
            parse_history(texts["fencings.xml"][0]),
        )


def _inputs(texts: Mapping[str, tuple[bytes, float]]) -> Iterator[Input]:
    for name, (text, at) in texts.items():
        if name == "present.xml":
            yield read_input(text, None, at)
        elif (found := _INPUT.fullmatch(name)) is not None:
            yield read_input(text, Recorded(found[1], f"{found[2]}.bz2", at, len(text)))


def keep(lab: Lab, nodes: Sequence[str], truth: Truth, file: Path, now: float) -> None:
    """Of these nodes, with the truth beside it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with tarfile.open(file, "w:xz", format=tarfile.PAX_FORMAT) as archive:
        _add(archive, "truth.json", json.dumps(asdict(truth)).encode(), now)
        _add(archive, "fencings.xml", lab.cluster.ask(*HISTORY).encode(), now)
        _add(archive, "present.xml", lab.cluster.ask("cibadmin", "--query").encode(), now)
        for node in nodes:
            words = ("tar", "--create", "--format=posix", f"--directory={DIRECTORY}", ".")
            packed = subprocess.run(
                lab.members[node].command(*words), capture_output=True, check=True
            )
            with tarfile.open(fileobj=io.BytesIO(packed.stdout)) as recorded:
                for member in recorded:
                    content = recorded.extractfile(member)
                    if content is not None and member.name.endswith(".bz2"):
                        name = f"{node}/{Path(member.name).with_suffix('.xml').name}"
                        _add(archive, name, bz2.decompress(content.read()), member.mtime)


def _add(archive: tarfile.TarFile, name: str, content: bytes, at: float) -> None:
    member = tarfile.TarInfo(name)
    member.size, member.mtime = len(content), at
    archive.addfile(member, io.BytesIO(content))
