"""What every kind of cluster must answer: the live one, the simulated one, a recording.

A backend is looked at through `pictures`; what a move would do is asked with `preview` and `plan`.
What changes the cluster goes through its `writer`, which a read-only backend does not have.
"""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Self

from backends.aio.latest import Latest
from backends.clusters.command_log import CommandLog
from backends.data.errors import Refused, Unknown
from backends.data.picture import Cluster, HypervisorState, Node
from backends.data.plan import Action, Command, Plan, Prediction, Verdict
from backends.judgement.judge import judge, make_plan, refusal
from backends.pacemaker.agents import KNOWN, Agents

if TYPE_CHECKING:
    from backends.data.examination import Facts, Probe


@dataclass(frozen=True, slots=True)
class Answer:
    """How a command ended. `exit_status` is `None` when the connection was lost: a failure."""

    exit_status: int | None
    stdout: bytes = b""
    stderr: bytes = b""


class Writer(ABC):
    """The writing half of a backend."""

    @abstractmethod
    async def send(self, command: Command) -> Answer:
        """Carry out one confirmed command.

        Raises `CommandFailed`, `NotPermitted`, `Unreachable` or `TimedOut`.
        """


class Backend(ABC):
    """One cluster: enter to connect, leave to let go. Leaving disturbs nothing on the cluster."""

    def __init__(self, *, writer: Writer | None, agents: Agents = KNOWN) -> None:
        self.writer = writer
        self.agents = agents
        self.commands = CommandLog()
        self._pictures: Latest[Cluster] = Latest()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    @abstractmethod
    async def open(self) -> None:
        """Connect and take the first picture.

        Raises `Unreachable`, `NotACluster`, `ClusterStopped`, `NotPermitted`, `BadAnswer` or
        `TimedOut`.
        """

    @abstractmethod
    async def close(self) -> None:
        """Let go of every connection, thread and task."""

    @abstractmethod
    async def refresh(self) -> None:
        """Look again now, without waiting for a change."""

    @abstractmethod
    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        """Ask the scheduler what moving these VMs to each of these nodes would do, in one batch.

        Raises `CommandFailed`, `Unreachable`, `TimedOut`, `BadAnswer`.
        """

    @abstractmethod
    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        """Ask the scheduler what it would do once these commands had been carried out.

        Raises what `predict` raises.
        """

    @abstractmethod
    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        """The scheduler's scores, by resource and node. Raises what `predict` raises."""

    @abstractmethod
    async def configuration(self) -> bytes:
        """The CIB, as `cibadmin --query` tells it. Raises what `predict` raises."""

    @abstractmethod
    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        """Ask one node all of these in one go; a node that does not answer is a fact, no error."""

    async def examine(self, probes: Mapping[str, Sequence[Probe]]) -> Mapping[str, Facts]:
        """Ask every node its probes, all nodes side by side."""
        facts = await asyncio.gather(*(self.collect(*each) for each in probes.items()))
        return {each.node: each for each in facts}

    @property
    def picture(self) -> Cluster:
        """The newest picture; there is one from `open` on."""
        picture = self._pictures.value
        if picture is None:
            raise RuntimeError("the backend is not open")
        return picture

    def pictures(self) -> AsyncIterator[Cluster]:
        """The newest picture, then each that differs; slow readers miss those between."""
        return self._pictures.read()

    async def settled(self, *, within_s: float = 2.0) -> Cluster:
        """The picture once every node's libvirt has answered or failed, or the newest by then."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                async for picture in self.pictures():
                    if not any(map(_expected, picture.nodes)):
                        break
        return self.picture

    async def fresh(self, *, within_s: float = 10.0) -> Cluster:
        """The picture once a node speaks for the cluster, or the newest if none has for so long.

        Where one falls silent, another takes over within seconds.
        """
        silence = self.picture.stale_pacemaker()
        silent_s = max(0.0, self.picture.taken_at - silence.since) if silence is not None else 0.0
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s - silent_s):
                async for picture in self.pictures():
                    if picture.stale_pacemaker() is None:
                        break
        return self.picture

    async def preview(
        self, vms: Sequence[str], nodes: Sequence[str] | None = None, *, keep: bool = False
    ) -> dict[str, Verdict]:
        """A verdict for each node (all of them unless named) on moving these VMs there.

        What the cluster would do without the move just as well is no part of it. Where a node has
        just fallen silent, its successor is waited for, as `fresh` does. `keep`: the
        constraint stays for now, and what its removal would do is not judged.
        Raises `Unknown` for a VM or a node that is not in the picture, and what `predict` raises.
        """
        picture = await self.fresh()
        for vm in vms:
            if picture.vm(vm) is None:
                known = ", ".join(sorted(vm.id for vm in picture.vms)[:20]) or "none"
                raise Unknown(f"no VM {vm!r} in this cluster", cure=f"the VMs are: {known}")
        names = [node.name for node in picture.nodes] if nodes is None else list(nodes)
        for name in names:
            if picture.node(name) is None:
                known = ", ".join(node.name for node in picture.nodes)
                raise Unknown(f"no node {name!r} in this cluster", cure=f"the nodes are: {known}")
        verdicts: dict[str, Verdict] = {}
        for name in names:
            refused = refusal(picture, tuple(vms), name)
            if refused is not None:
                verdicts[name] = refused
        asked = [name for name in names if name not in verdicts]
        predictions = await self.predict(vms, asked) if asked else {}
        if keep:
            predictions = {name: replace(p, cleared=None) for name, p in predictions.items()}
        if any(map(partial(_concerns_others, vms), predictions.values())):
            anyway = await self.foresee(())
            predictions = {name: p.beside(anyway, vms) for name, p in predictions.items()}
        for name, prediction in predictions.items():
            verdicts[name] = judge(picture, tuple(vms), name, prediction)
        return {name: verdicts[name] for name in names if name in verdicts}

    async def plan(self, vms: Sequence[str], node: str, *, keep: bool = False) -> Plan:
        """The plan of one move. Raises what `preview` raises, and `Refused` with the reason."""
        verdict = (await self.preview(vms, [node], keep=keep)).get(node)
        if verdict is None:
            raise Refused(f"the scheduler said nothing about {node}", cure="try again")
        return make_plan(self.picture, verdict, keep=keep)


def _concerns_others(vms: Sequence[str], prediction: Prediction) -> bool:
    actions = (*prediction.moved, *(prediction.cleared or ()))
    return any(action.resource not in vms for action in actions)


def _expected(node: Node) -> bool:
    """Whether libvirt there has yet to say something; percentages need its second answer."""
    libvirt = node.hypervisor
    if libvirt.state is HypervisorState.UP:
        return node.cpu_percent is None
    return node.can_host and libvirt.state is HypervisorState.UNKNOWN and libvirt.reason is None
