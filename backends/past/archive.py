"""Where recorded inputs are fetched from, once each, and kept for a while without their secrets."""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Sequence
from typing import Self

from backends.clusters.base import Answer
from backends.data.errors import BadAnswer, VmferryError
from backends.data.timeline import Entry
from backends.pacemaker.agents import KNOWN, Agents
from backends.past import fencings, recorded
from backends.past.inputs import Input, read_input
from backends.past.recorded import Recorded

MOST_KEPT_BYTES = 48 << 20
FETCH_S = 30.0
_AT_ONCE = 200
"""Files in one question: a command line has an end."""


class Site(ABC):
    """The nodes of a cluster, as far as they can be asked."""

    @property
    @abstractmethod
    def nodes(self) -> tuple[str, ...]:
        """All nodes of the cluster, by name."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and learn the nodes. Raises what `Backend.open` raises."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""

    @abstractmethod
    async def ask(
        self, node: str | None, argv: Sequence[str], stdin: bytes = b"", *, timeout_s: float = 10.0
    ) -> Answer:
        """Run a command that only reads, on a node or on any (`None`).

        Raises `Unreachable`, `TimedOut`, `NotPermitted`.
        """


class Archive:
    """What all nodes together have recorded. `dark`: those that could not be asked, and why."""

    def __init__(self, site: Site, agents: Agents = KNOWN) -> None:
        self.site = site
        self.agents = agents
        self.files: tuple[Recorded, ...] = ()
        self.dark: dict[str, str] = {}
        self.damaged: dict[Recorded, str] = {}
        self._kept: OrderedDict[Recorded, Input] = OrderedDict()
        self._kept_bytes = 0

    async def __aenter__(self) -> Self:
        """Connect and index. Raises what `Site.open` raises."""
        await self.site.open()
        try:
            await self.index()
        except BaseException:
            await self.site.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.site.close()

    async def index(self) -> None:
        """List the files of all nodes, one question each, side by side."""
        found = await asyncio.gather(*map(self._list, self.site.nodes))
        self.files = recorded.by_date(file for files in found for file in files)

    async def _list(self, node: str) -> tuple[Recorded, ...]:
        try:
            answer = await self.site.ask(node, recorded.LIST)
        except VmferryError as error:
            self.dark[node] = error.what
            return ()
        if answer.exit_status != 0:
            said = " ".join(answer.stderr.decode(errors="replace").split())
            self.dark[node] = said or f"find ended with {answer.exit_status}"
            return ()
        self.dark.pop(node, None)
        return recorded.parse_list(node, answer.stdout)

    async def present(self) -> Input:
        """The CIB as it is now. Raises what `Site.ask` raises, and `BadAnswer`."""
        answer = await self.site.ask(None, ("cibadmin", "--query"))
        return read_input(answer.stdout, None, time.time(), self.agents)

    async def fencings(self) -> tuple[Entry, ...]:
        """What the fencer of any node remembers; nothing where none can be asked."""
        try:
            answer = await self.site.ask(None, fencings.HISTORY)
        except VmferryError:
            return ()
        return fencings.parse_history(answer.stdout)

    async def read(self, files: Sequence[Recorded]) -> list[Input]:
        """These inputs, by their own dates; one that cannot be read is noted and left out."""
        missing = [f for f in files if f not in self._kept and f not in self.damaged]
        by_node: dict[str, list[Recorded]] = {}
        for file in missing:
            by_node.setdefault(file.node, []).append(file)
        fetched = await asyncio.gather(
            *(
                self._fetch(node, theirs[start : start + _AT_ONCE])
                for node, theirs in by_node.items()
                for start in range(0, len(theirs), _AT_ONCE)
            )
        )
        found = [each for batch in fetched for each in batch]
        found += [self._kept[file] for file in files if file in self._kept]
        for each in found:
            self._keep(each)
        unique = {each.file: each for each in found}
        return sorted(unique.values(), key=lambda each: each.at)

    async def span(self, since: float) -> list[Input]:
        """The inputs from the newest that is not younger than a moment until the present one.

        The present is left out where nobody can be asked for it.
        """
        base = recorded.before(self.files, since)
        files = [file for file in self.files if file is base or file.at > since]
        inputs = await self.read(files)
        try:
            return [*inputs, await self.present()]
        except VmferryError as error:
            self.dark.setdefault("the present", error.what)
            return inputs

    async def _fetch(self, node: str, files: Sequence[Recorded]) -> list[Input]:
        try:
            answer = await self.site.ask(node, recorded.fetch(files), timeout_s=FETCH_S)
        except VmferryError as error:
            self.damaged.update((file, f"{file.name} of {node}: {error.what}") for file in files)
            return []
        texts = recorded.parse_fetch(answer.stdout)
        found: list[Input] = []
        for file in files:
            what = f"{file.name} of {node}"
            try:
                if file.name not in texts:
                    raise BadAnswer(f"{what} is gone")
                text = recorded.expand(texts[file.name], what)
                found.append(read_input(text, file, agents=self.agents))
            except VmferryError as error:
                self.damaged[file] = error.what
        return found

    def _keep(self, each: Input) -> None:
        if each.file is None or each.file in self._kept:
            return
        self._kept[each.file] = each
        self._kept_bytes += len(each.text)
        while self._kept_bytes > MOST_KEPT_BYTES:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.text)
