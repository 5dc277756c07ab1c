"""What is asked of the cluster now and then: its scheduler through the voice, the doctor's probes
of each node."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence

from backends.aio.heavy import heavy
from backends.clusters.live.voice import Voice
from backends.clusters.ssh import Fleet
from backends.data.errors import VmferryError
from backends.data.examination import Facts, Probe
from backends.data.plan import Action, Command, Prediction
from backends.doctor import round as doctor_round
from backends.pacemaker import scores, simulate

SIMULATION_TIMEOUT_S = 60.0
DOCTOR_GRACE_S = 5.0


class Questions:
    """Each of the CIB that was read last, sent along: an answer is of one known version."""

    def __init__(self, fleet: Fleet, voice: Voice) -> None:
        self._fleet = fleet
        self._voice = voice

    async def predict(
        self, vms: Sequence[str], nodes: Sequence[str], kept: Collection[str]
    ) -> Mapping[str, Prediction]:
        host = await self._voice.speaking()
        cib = self._voice.reading.cib_text
        argv, stdin, version = await heavy(simulate.batch, cib, vms, nodes, kept)
        answer = await host.run(argv, stdin=stdin, timeout_s=SIMULATION_TIMEOUT_S)
        return await heavy(simulate.parse_batch, answer.stdout, answer.stderr, nodes, version)

    async def foresee(self, commands: Sequence[Command]) -> tuple[Action, ...]:
        host = await self._voice.speaking()
        cib = self._voice.reading.cib_text
        argv, stdin = await heavy(simulate.single, cib, commands)
        answer = await host.run(argv, stdin=stdin, timeout_s=SIMULATION_TIMEOUT_S)
        return await heavy(simulate.parse_single, answer.stdout, answer.stderr, answer.exit_status)

    async def scores(self) -> Mapping[str, Mapping[str, int]]:
        host = await self._voice.speaking()
        cib = self._voice.reading.cib_text
        answer = await host.run(scores.ASK, stdin=cib, timeout_s=SIMULATION_TIMEOUT_S)
        return scores.parse_scores(answer.stdout, answer.exit_status)

    async def collect(self, node: str, probes: Sequence[Probe]) -> Facts:
        asked_at = time.time()
        try:
            answer = await self._fleet.host(node).run(
                doctor_round.COMMAND,
                stdin=doctor_round.script(probes),
                timeout_s=doctor_round.longest_s(probes) + DOCTOR_GRACE_S,
            )
        except VmferryError as error:
            return Facts(node, error=error.what, asked_at=asked_at, answered_at=time.time())
        outputs = await heavy(doctor_round.parse, answer.stdout, probes)
        return Facts(node, outputs, None, asked_at, time.time())
