"""The cluster as it was: a backend without a writing half, over what its scheduler recorded."""

from __future__ import annotations

import bz2
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

from backends.clusters.base import Backend
from backends.data.errors import BadAnswer, Refused, Unknown, VmferryError
from backends.data.examination import Facts, Probe
from backends.data.picture import Stale
from backends.data.plan import Action, Command, Prediction
from backends.pacemaker import simulate
from backends.pacemaker.cib import Cib, parse_cib
from backends.pacemaker.moments import Clock
from backends.pacemaker.picture import pacemaker_picture
from backends.pacemaker.status import parse_status
from backends.past import recorded
from backends.past.archive import Archive, Site
from backends.past.between import cib_at
from backends.past.inputs import Input

SIMULATION_TIMEOUT_S = 60.0

_NEWER = 76
"""`CRM_EX_CONFIG_UNSUPPORTED`-like: the tool is older than what wrote the file (2.1.5, seen)."""

_SHOW = r"""
dir=$(mktemp -d -p /dev/shm vmferry.XXXXXX 2>/dev/null || mktemp -d) || exit
trap 'rm -rf "$dir"' EXIT
trap 'exit 1' HUP INT PIPE TERM
bzip2 -dc >"$dir/cib.xml" || exit
CIB_file="$dir/cib.xml" crm_mon -1 --output-as=xml >"$dir/mon.xml" || exit
bzip2 -c "$dir/mon.xml"
"""
"""A POSIX shell's: crm_mon over the CIB on stdin, both compressed on their way."""


class PastBackend(Backend):
    """Stands at one moment (`at`, epoch seconds) until it is told to `go` to another."""

    def __init__(self, archive: Archive, at: float) -> None:
        super().__init__(writer=None)
        self.archive = archive
        self.at = at
        self._cib = b""

    async def open(self) -> None:
        """Index what was recorded, and take the picture of the moment.

        Raises also `Unknown` where nothing that old is left.
        """
        await self.archive.__aenter__()
        try:
            await self.go(self.at)
        except BaseException:
            await self.archive.site.close()
            raise

    async def close(self) -> None:
        self._pictures.close()
        await self.archive.site.close()

    async def refresh(self) -> None:
        """The past does not change."""

    async def go(self, at: float) -> None:
        """Stand at another moment. Raises `Unknown`, and what `predict` raises."""
        before, after = await self._around(at)
        cib = before.text
        with suppress(BadAnswer):
            cib = cib_at(before.text, after.text if after else None, at)
        argv = ("sh", "-c", _SHOW, "vmferry")
        answer = await self.archive.site.ask(None, argv, bz2.compress(cib))
        if answer.exit_status != 0:
            said = " ".join(answer.stderr.decode(errors="replace").split())
            newer = " (a newer Pacemaker wrote it)" if answer.exit_status == _NEWER else ""
            raise Unknown(
                f"crm_mon cannot read {before.name}{newer}: {said or answer.exit_status}",
                cure="look at a moment before or after it",
            )
        status = parse_status(recorded.expand(answer.stdout, "crm_mon's answer"))
        picture = pacemaker_picture(status, self._parsed(cib, at))
        self.at, self._cib = at, cib
        stale = tuple(Stale("the record", node, at, why) for node, why in self._dark())
        name = f"THE PAST of {picture.name or 'the cluster'}"
        self._pictures.publish(replace(picture, name=name, stale=stale, taken_at=at))

    def _parsed(self, cib: bytes, at: float) -> Cib:
        return parse_cib(cib, agents=self.archive.agents, clock=Clock(at))

    async def step(self, towards: int) -> float:
        """Go to the next recorded decision (1), or to the one before (−1), and say which moment.

        Raises `Refused` at an end, and what `go` raises.
        """
        files = self.archive.files
        if towards > 0:
            file = recorded.after(files, self.at)
        else:
            file = next((each for each in reversed(files) if each.at < self.at), None)
        if file is None:
            raise Refused("nothing is recorded beyond" if towards > 0 else "nothing older is left")
        await self.go(file.at)
        return self.at

    def _dark(self) -> Sequence[tuple[str, str]]:
        return sorted(self.archive.dark.items())

    async def _around(self, at: float) -> tuple[Input, Input | None]:
        """The input on which the moment stands, and the one that followed: both are fetched at
        once, and a damaged one gives way to its neighbour."""
        files = self.archive.files
        while True:
            older = [f for f in files if f.at <= at and f not in self.archive.damaged][-1:]
            newer = [f for f in files if f.at > at and f not in self.archive.damaged][:1]
            if not older:
                raise self._nothing(at)
            inputs = {each.file: each for each in await self.archive.read([*older, *newer])}
            if all(file in inputs for file in (*older, *newer)):
                break
        if newer:
            return inputs[older[0]], inputs[newer[0]]
        try:
            return inputs[older[0]], await self.archive.present()
        except VmferryError:
            return inputs[older[0]], None

    def _nothing(self, at: float) -> Unknown:
        dark = "".join(f"; {node}: {why}" for node, why in self._dark())
        files = self.archive.files
        first = f"the oldest begins {files[0].at - at:.0f} s later" if files else "there is none"
        return Unknown(
            f"nothing that Pacemaker recorded by then is left: {first}{dark}",
            cure="name a later moment",
        )

    async def predict(self, vms: Sequence[str], nodes: Sequence[str]) -> Mapping[str, Prediction]:
        argv, stdin, version = simulate.batch(self._cib, vms, nodes)
        answer = await self.archive.site.ask(None, argv, stdin, timeout_s=SIMULATION_TIMEOUT_S)
        return simulate.parse_batch(answer.stdout, answer.stderr, nodes, version)

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        return await foresee_on(self.archive.site, self._cib, commands)

    async def configuration(self) -> bytes:
        return self._cib

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        """What only the node itself could have said then, nobody knows now."""
        return Facts(node, error="of the past only what Pacemaker recorded is known")


async def foresee_on(site: Site, cib: bytes, commands: Sequence[Command]) -> tuple[Action, ...]:
    """What the cluster's own scheduler would do with this CIB once these commands were carried
    out. Raises `CommandFailed`, `BadAnswer`, `Unreachable`, `TimedOut`."""
    argv, stdin = simulate.single(cib, commands)
    answer = await site.ask(None, argv, stdin, timeout_s=SIMULATION_TIMEOUT_S)
    return simulate.parse_single(answer.stdout, answer.stderr, answer.exit_status)
