"""How long the verdicts for all nodes take, beside a single simulation."""

from __future__ import annotations

import asyncio
import statistics
import time
from pathlib import Path

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.pacemaker import simulate
from bench.telling import Row, timed_s
from lab import Lab
from pacemaker.cibs import cib, history, op, vm

ROUNDS = 10
NODES = tuple(f"node{number}" for number in range(1, 9))
VMS = 60


def on_the_lab(lab: Lab) -> Row:
    live = "crm_simulate --live-check --run >/dev/null"
    beside = statistics.median(
        timed_s(lambda: lab.run("alpha", "sh", "-c", live)) for _ in range(9)
    )
    return Row("verdicts on the lab", preview_s(lab.ssh_config), "s", "one crm_simulate", beside)


def preview_s(ssh_config: Path) -> float:
    """What the board waits for when a VM is picked up, on the connection that it has."""

    async def measure() -> list[float]:
        async with LiveBackend(["alpha"], Login(ssh_config=ssh_config)) as backend:
            await backend.settled()
            took = []
            for _ in range(ROUNDS):
                started = time.monotonic()
                await backend.preview(["web1"])
                took.append(time.monotonic() - started)
            return took

    return statistics.median(asyncio.run(measure()))


def of_sixty(lab: Lab) -> Row:
    """The same batch for a made-up cluster of 8 nodes and 60 VMs, run on a node."""
    names = [f"vm{number:02}" for number in range(VMS)]
    places = {name: index % len(NODES) for index, name in enumerate(names)}
    text = cib(
        "".join(vm(name, {"allow-migrate": "true"}) for name in names),
        nodes=NODES,
        status="".join(
            history(
                index + 1,
                node,
                **{
                    name: [
                        op(
                            name,
                            "start" if places[name] == index else "monitor",
                            1,
                            rc=0 if places[name] == index else 7,
                        )
                    ]
                    for name in names
                },
            )
            for index, node in enumerate(NODES)
        ),
        rsc_defaults='<meta_attributes id="d"><nvpair id="d-s" name="resource-stickiness" '
        'value="100"/></meta_attributes>',
    )
    argv, stdin, version = simulate.batch(text, ["vm00"], NODES[1:])
    answers: list[str] = []

    def batch() -> None:
        answers.append(lab.run("alpha", *argv, stdin=stdin.decode()))

    ours = statistics.median(timed_s(batch) for _ in range(5))
    predictions = simulate.parse_batch(answers[-1].encode(), b"", NODES[1:], version)
    assert all(len(prediction.moved) == 1 for prediction in predictions.values()), predictions
    single = ("sh", "-c", "crm_simulate --xml-pipe --run >/dev/null")
    beside = statistics.median(
        timed_s(lambda: lab.run("alpha", *single, stdin=text.decode())) for _ in range(5)
    )
    return Row("verdicts, 60 VMs on 8 nodes", ours, "s", "one crm_simulate", beside)
