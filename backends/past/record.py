"""What a cluster has recorded of itself, wherever it lies: listed, read once each, and asked.

Whatever is behind it lists files and hands over texts; here they are put in order, freed of their
secrets, kept for a while, and the moments between them are made of them.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import accumulate
from typing import Protocol, Self, runtime_checkable

from backends.aio.heavy import heavy
from backends.data.errors import BadAnswer, Unknown, VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Action, Command, Prediction
from backends.data.timeline import Entry
from backends.pacemaker.agents import KNOWN, Agents
from backends.past import partitions, recorded
from backends.past.between import cib_at
from backends.past.causes import FENCED
from backends.past.inputs import Input, read_input
from backends.past.recorded import Recorded

MOST_KEPT_BYTES = 48 << 20
_AHEAD_BYTES = 24_000
"""What one question brings for the next steps: on a thin line three quarters of a second."""


@dataclass(frozen=True, slots=True)
class Moment:
    """`decision`: the input on which it stands. `cib`: as it stood `at` then, without secrets."""

    at: float
    decision: Input
    cib: bytes


class Record(ABC):
    """`files`: in the order of time. `dark`: the nodes that could not be asked, and why.
    `damaged`: files that could not be read, and why. `cut_off`: of a node that was alone, as far as
    they were looked at."""

    def __init__(self, agents: Agents = KNOWN) -> None:
        self.agents = agents
        self.files: tuple[Recorded, ...] = ()
        self.dark: dict[str, str] = {}
        self.damaged: dict[Recorded, str] = {}
        self.cut_off: set[Recorded] = set()
        self._kept: OrderedDict[Recorded, Input] = OrderedDict()
        self._kept_bytes = 0
        self._last_read: Input | None = None
        self._remembered: tuple[Entry, ...] | None = None

    async def __aenter__(self) -> Self:
        """Connect, unless it is, and index. Raises what `open` raises."""
        try:
            await self.ready()
        except BaseException:
            await self.close()
            raise
        return self

    async def __aexit__(self, *error: object) -> None:
        await self.close()

    @property
    @abstractmethod
    def nodes(self) -> tuple[str, ...]:
        """All nodes of the cluster, by name; known once it is open."""

    @abstractmethod
    async def open(self) -> None:
        """Connect, and learn the nodes. Raises what `Backend.open` raises."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection."""

    @abstractmethod
    async def listed(self, node: str) -> tuple[Recorded, ...]:
        """The files of one node. Raises `VmferryError` where it cannot be asked for them."""

    @abstractmethod
    async def texts(
        self, node: str, files: Sequence[Recorded]
    ) -> Mapping[Recorded, bytes | VmferryError]:
        """What these files of a node hold, each by itself, or why it cannot be had."""

    @abstractmethod
    async def current(self) -> tuple[bytes, float]:
        """The CIB as it is now, and when that is. Raises `VmferryError`."""

    @abstractmethod
    async def fencings(self) -> tuple[Entry, ...]:
        """What the fencer of any node remembers; nothing where none can be asked."""

    @abstractmethod
    async def picture(self, moment: Moment) -> Cluster:
        """How it looked. Raises `Unknown`, and what `Backend.predict` raises."""

    @abstractmethod
    async def predict(
        self, moment: Moment, vms: Sequence[str], nodes: Sequence[str]
    ) -> Mapping[str, Prediction]:
        """`Backend.predict`, as of then."""

    @abstractmethod
    async def foresee(
        self, moment: Moment, commands: Sequence[Command], in_time: str | None = None
    ) -> tuple[Action, ...]:
        """`Backend.foresee`, as of then. `in_time`: a VM whose copy had timed out, as if it had
        ended well."""

    @abstractmethod
    async def scores(self, moment: Moment) -> Mapping[str, Mapping[str, int]]:
        """`Backend.scores`, as of then."""

    async def ready(self) -> None:
        """Connect, unless it is, and list what there is by now. Raises what `open` raises."""
        if not self.nodes:
            await self.open()
        await self.index()

    async def index(self) -> None:
        """List the files of all nodes, one question each, side by side."""
        self._remembered = None
        found = await asyncio.gather(*map(self._list, self.nodes))
        self.files = recorded.by_date(file for files in found for file in files)

    async def _list(self, node: str) -> tuple[Recorded, ...]:
        try:
            files = await self.listed(node)
        except VmferryError as error:
            self.dark[node] = error.what
            return ()
        self.dark.pop(node, None)
        return files

    async def present(self) -> Input:
        """The input of now. Raises what `current` raises, and `BadAnswer`."""
        text, now = await self.current()
        return await self._parsed(text, None, now)

    async def _parsed(self, text: bytes, file: Recorded | None, now: float) -> Input:
        """In a thread: a parser is quick, but of hundreds the screen need not wait for the last."""
        last = self._last_read
        self._last_read = read = await heavy(read_input, text, file, now, self.agents, last)
        return read

    async def read(self, files: Sequence[Recorded]) -> list[Input]:
        """These inputs, by their own dates; one that cannot be read is noted and left out."""
        missing = [f for f in files if f not in self._kept and f not in self.damaged]
        by_node: dict[str, list[Recorded]] = {}
        for file in missing:
            by_node.setdefault(file.node, []).append(file)
        fetched = await asyncio.gather(*(self._fetch(*each) for each in by_node.items()))
        found = [each for batch in fetched for each in batch]
        found += [self._kept[file] for file in files if file in self._kept]
        for each in found:
            self._keep(each)
        unique = {each.file: each for each in found}
        return sorted(unique.values(), key=lambda each: each.at)

    async def read_on(self, file: Recorded, towards: int) -> None:
        """Read a file, and with it those that follow in a direction (1 or −1), so that who steps
        on asks once for some; nothing where a step there needs nothing."""
        files = self.telling[:: 1 if towards > 0 else -1]
        ahead = files[files.index(file) :]
        if all(each in self._kept for each in ahead[:2]):
            return
        sizes = accumulate(each.size_bytes for each in ahead)
        some = [each for each, bytes_ in zip(ahead, sizes, strict=True) if bytes_ <= _AHEAD_BYTES]
        await self.read(some)

    async def _fetch(self, node: str, files: Sequence[Recorded]) -> list[Input]:
        found: list[Input] = []
        for file, text in (await self.texts(node, files)).items():
            try:
                if isinstance(text, VmferryError):
                    raise text
                found.append(await self._parsed(text, file, 0.0))
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

    async def moment(self, at: float) -> Moment:
        """What stood then. Raises `Unknown` where nothing that old is left."""
        before, after = await self._around(at)
        fenced = await self._fenced(before.at, at)
        cib = before.text
        with suppress(BadAnswer):
            cib = cib_at(before, after, at, fenced)
        return Moment(at, before, cib)

    async def _fenced(self, since: float, until: float) -> set[str]:
        """The nodes that were fenced between two moments, by the fencer's whole seconds."""
        if self._remembered is None:
            self._remembered = await self.fencings()
        return {
            entry.node
            for entry in self._remembered
            if entry.kind == FENCED and entry.node and since - 1 < entry.at <= until
        }

    @property
    def telling(self) -> list[Recorded]:
        """The files that tell of the cluster, in the order of time."""
        return [f for f in self.files if f not in self.damaged and f not in self.cut_off]

    async def _around(self, at: float) -> tuple[Input, Input | None]:
        """The input on which the moment stands, and the one that followed: both are fetched at
        once, and one that does not tell of the cluster gives way to its neighbour."""
        while True:
            telling = self.telling
            older = [file for file in telling if file.at <= at][-1:]
            newer = [file for file in telling if file.at > at][:1]
            if not older:
                raise self._nothing(at)
            asked = [*older, *newer]
            inputs = {each.file: each for each in await self.read(asked)}
            for file in asked:
                if file in inputs and await self._was_cut_off(file, inputs[file]):
                    self.cut_off.add(file)
            if set(asked) <= inputs.keys() - self.cut_off:
                break
        if newer:
            return inputs[older[0]], inputs[newer[0]]
        try:
            return inputs[older[0]], await self.present()
        except VmferryError:
            return inputs[older[0]], None

    async def _was_cut_off(self, file: Recorded, decided: Input) -> bool:
        """Asked of the others only where it had no quorum."""
        if decided.quorum is not False:
            return False
        return partitions.is_cut_off(decided, await self.read(recorded.beside(self.files, file)))

    def _nothing(self, at: float) -> Unknown:
        dark = "".join(f"; {node}: {why}" for node, why in sorted(self.dark.items()))
        first = f"the oldest begins {self.files[0].at - at:.0f} s later" if self.files else ""
        return Unknown(
            f"nothing that Pacemaker recorded by then is left: {first or 'there is none'}{dark}",
            cure="name a later moment",
        )


@runtime_checkable
class Remembering(Protocol):
    """A backend whose cluster has recorded itself."""

    @property
    def record(self) -> Record: ...
