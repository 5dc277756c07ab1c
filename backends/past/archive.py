"""The record that the nodes of a real cluster keep, asked of their own tools."""

from __future__ import annotations

import gzip
import hashlib
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from contextlib import suppress

from backends.clusters.base import Answer
from backends.data.errors import BadAnswer, Unknown, Unreachable, VmferryError
from backends.data.picture import Cluster
from backends.data.plan import Action, Command, Prediction
from backends.data.timeline import Entry
from backends.pacemaker import scores, simulate
from backends.pacemaker.agents import KNOWN, Agents
from backends.pacemaker.cib import parse_cib
from backends.pacemaker.moments import Clock
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import Status, parse_status
from backends.pacemaker.xml import errors_of, parse
from backends.past import fencings, otherwise, recorded, schemas
from backends.past.record import Moment, Record
from backends.past.recorded import Recorded

FETCH_S = 30.0
SIMULATION_TIMEOUT_S = 60.0
_AT_ONCE = 200
"""Files in one question: a command line has an end."""

_SHOW = "gzip -dc | CIB_file=/dev/stdin crm_mon -1 --output-as=xml"
"""crm_mon over the CIB on stdin, through a pipe because it opens that anew (sshd's is a socket). No
file is left anywhere, and what it ended with is in its answer."""
_MOST_SHOWN = 16
"""Who steps to and fro is shown again what a node has said before."""


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


class Archive(Record):
    """What all nodes together have recorded."""

    def __init__(self, site: Site, agents: Agents = KNOWN) -> None:
        super().__init__(agents)
        self.site = site
        self._shown: OrderedDict[bytes, Status] = OrderedDict()
        self._freed: dict[bytes, bool] = {}
        self._turn = 0

    @property
    def nodes(self) -> tuple[str, ...]:
        return self.site.nodes

    async def open(self) -> None:
        await self.site.open()

    async def close(self) -> None:
        await self.site.close()

    async def listed(self, node: str) -> tuple[Recorded, ...]:
        answer = await self.site.ask(node, recorded.LIST)
        if answer.exit_status != 0:
            raise Unknown(_said(answer) or f"find ended with {answer.exit_status}", where=node)
        return recorded.parse_list(node, answer.stdout)

    async def texts(
        self, node: str, files: Sequence[Recorded]
    ) -> Mapping[Recorded, bytes | VmferryError]:
        found: dict[Recorded, bytes | VmferryError] = {}
        for start in range(0, len(files), _AT_ONCE):
            some = files[start : start + _AT_ONCE]
            try:
                answer = await self.site.ask(node, recorded.fetch(some), timeout_s=FETCH_S)
            except VmferryError as error:
                found |= {f: Unknown(f"{f.name} of {node}: {error.what}") for f in some}
                continue
            texts = recorded.parse_fetch(answer.stdout)
            found |= {file: _expanded(file, texts.get(file.name)) for file in some}
        return found

    async def current(self) -> tuple[bytes, float]:
        answer = await self.site.ask(None, ("cibadmin", "--query"))
        return answer.stdout, time.time()

    async def fencings(self) -> tuple[Entry, ...]:
        try:
            answer = await self.site.ask(None, fencings.HISTORY)
        except VmferryError:
            return ()
        return fencings.parse_history(answer.stdout)

    async def picture(self, moment: Moment) -> Cluster:
        status = await self._status(moment)
        cib = parse_cib(moment.cib, agents=self.agents, clock=Clock(moment.at))
        return pacemaker_picture(status, cib)

    async def _status(self, moment: Moment) -> Status:
        """What crm_mon makes of a moment; of the same CIB it is asked once."""
        key = hashlib.blake2b(moment.cib).digest()
        if key not in self._shown:
            self._shown[key] = await self._ask_status(moment)
        self._shown.move_to_end(key)
        if len(self._shown) > _MOST_SHOWN:
            self._shown.popitem(last=False)
        return self._shown[key]

    async def _ask_status(self, moment: Moment) -> Status:
        shape, said = schemas.shape(moment.cib), ""
        for form in schemas.forms(moment.cib, self._freed.get(shape)):
            packed = gzip.compress(form.text, compresslevel=6)
            answer = await self._ask_in_turn(("sh", "-c", _SHOW, "vmferry"), packed)
            text = answer.stdout
            said = (errors_of(text) or "") if text else (_said(answer) or "it says nothing")
            if not said:
                self._freed[shape] = form.frees
                return parse_status(text)
        raise _unreadable(moment, said)

    async def _ask_in_turn(self, argv: Sequence[str], stdin: bytes) -> Answer:
        """Of another node each time, so that none bears it all; of any where that one is gone."""
        nodes = [node for node in self.nodes if node not in self.dark]
        self._turn += 1
        if nodes:
            with suppress(Unreachable):
                return await self.site.ask(nodes[self._turn % len(nodes)], argv, stdin)
        return await self.site.ask(None, argv, stdin)

    async def predict(
        self, moment: Moment, vms: Sequence[str], nodes: Sequence[str]
    ) -> Mapping[str, Prediction]:
        argv, stdin, version = simulate.batch(moment.cib, vms, nodes)
        answer = await self.site.ask(None, argv, stdin, timeout_s=SIMULATION_TIMEOUT_S)
        return simulate.parse_batch(answer.stdout, answer.stderr, nodes, version)

    async def foresee(
        self, moment: Moment, commands: Sequence[Command], in_time: str | None = None
    ) -> tuple[Action, ...]:
        cib = moment.cib if in_time is None else otherwise.in_time(moment.cib, in_time)
        argv, stdin = simulate.single(cib, commands)
        answer = await self.site.ask(None, argv, stdin, timeout_s=SIMULATION_TIMEOUT_S)
        return simulate.parse_single(answer.stdout, answer.stderr, answer.exit_status)

    async def scores(self, moment: Moment) -> Mapping[str, Mapping[str, int]]:
        answer = await self.site.ask(None, scores.ASK, moment.cib, timeout_s=SIMULATION_TIMEOUT_S)
        return scores.parse_scores(answer.stdout, answer.exit_status)


def _expanded(file: Recorded, compressed: bytes | None) -> bytes | VmferryError:
    what = f"{file.name} of {file.node}"
    if compressed is None:
        return BadAnswer(f"{what} is gone")
    try:
        return recorded.expand(compressed, what)
    except BadAnswer as error:
        return error


def _unreadable(moment: Moment, said: str) -> Unknown:
    """A node reads what its own release wrote; with a newer schema crm_mon ends well, and says that
    it does not conform (2.1.5)."""
    schema = parse(moment.cib, "a recorded input").get("validate-with", "no schema")
    return Unknown(
        f"crm_mon there cannot read {moment.decision.name}, which says {schema}: {said}",
        cure="another release may have written it; look at a moment before or after it",
    )


def _said(answer: Answer) -> str:
    return " ".join(answer.stderr.decode(errors="replace").split())
