"""Nodes that are folders of this machine: the same commands are run, over their files."""

from __future__ import annotations

import asyncio
import bz2
import os
from collections.abc import Sequence
from pathlib import Path

from backends.clusters.base import Answer
from backends.data.errors import Unreachable
from backends.past import recorded
from backends.past.archive import Site


class Folders(Site):
    """`gone`: nodes that do not answer. `asked`: what was asked, and of whom."""

    def __init__(self, base: Path, nodes: Sequence[str], gone: Sequence[str] = ()) -> None:
        self._base = base
        self._nodes = tuple(nodes)
        self.gone = set(gone)
        self.asked: list[tuple[str | None, tuple[str, ...]]] = []
        self.present = b""
        for node in nodes:
            (base / node).mkdir()

    @property
    def nodes(self) -> tuple[str, ...]:
        return self._nodes

    async def open(self) -> None:
        pass

    async def close(self) -> None:
        pass

    async def ask(
        self, node: str | None, argv: Sequence[str], stdin: bytes = b"", *, timeout_s: float = 10.0
    ) -> Answer:
        self.asked.append((node, tuple(argv)))
        if node in self.gone:
            raise Unreachable("no route to host", where=node)
        if argv[0] == "cibadmin":
            return Answer(0, self.present)
        folder = str(self._base / (node or self._nodes[0]))
        process = await asyncio.create_subprocess_exec(
            *(word.replace(recorded.DIRECTORY, folder) for word in argv),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await process.communicate(stdin)
        return Answer(process.returncode, stdout, stderr)

    def put(self, node: str, name: str, data: bytes, at: float, *, raw: bool = False) -> Path:
        """Leave a recorded input there, as it was written at that moment; `raw`: as it is."""
        file = self._base / node / name
        file.write_bytes(data if raw else bz2.compress(data))
        os.utime(file, (at, at))
        return file
