"""vmferry is killed at any point of an act; the next start finishes what was begun."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from backends.acts.journal import Journal
from backends.acts.resume import left_open, resume
from backends.data.errors import ActFailed
from engine.acting import all_of, foreign_move, found
from engine.aftermath import Aftermath
from engine.conftest import Connect
from lab import Lab
from lab.pace import slowed

ROOT = Path(__file__).parents[2]


async def killed(lab: Lab, directory: Path, act: str, point: str) -> None:
    """Run a vmferry until it dies at that point."""
    words = (lab.ssh_config, directory, act, "web2", "bravo", point)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "engine.doomed",
        *map(str, words),
        env={**os.environ, "PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"},
        stderr=asyncio.subprocess.PIPE,
    )
    _, said = await process.communicate()
    assert process.returncode == -signal.SIGKILL, said.decode()


@pytest.mark.parametrize(
    ("point", "node"),
    [
        ("before --move", "alpha"),
        ("copying", "bravo"),
        ("before --clear", "bravo"),
    ],
    ids=["before it was sent", "while it copies", "after it arrived"],
)
async def test_a_move_is_finished_by_the_next_start(
    connect: Connect, aftermath: Aftermath, lab: Lab, tmp_path: Path, point: str, node: str
) -> None:
    with slowed(lab, "web2"):
        await killed(lab, tmp_path, "move", point)
    await finish(connect, tmp_path, node)
    aftermath.check()


async def test_an_abort_is_finished_by_the_next_start(
    connect: Connect, aftermath: Aftermath, lab: Lab, tmp_path: Path
) -> None:
    """Killed when Pacemaker had just forgotten the VM: the most delicate moment."""
    with slowed(lab, "web2"):
        foreign_move(lab, "web2", "bravo")
        await killed(lab, tmp_path, "abort", "after --refresh")
    await finish(connect, tmp_path, "alpha")
    aftermath.check()


async def test_a_move_and_its_abort_are_both_finished_by_the_next_start(
    connect: Connect, aftermath: Aftermath, lab: Lab, tmp_path: Path
) -> None:
    """Killed as soon as the move was sent; then in mid-abort, the VM in maintenance."""
    with slowed(lab, "web2"):
        await killed(lab, tmp_path, "move", "after --move")
        await killed(lab, tmp_path, "abort", "before domjobabort")
    with pytest.raises(ActFailed, match="called off"):
        await finish(connect, tmp_path, "alpha")
    aftermath.check()


async def finish(connect: Connect, directory: Path, node: str) -> None:
    """What the next start does with what it finds."""
    journal = Journal(directory)
    async with connect() as backend:
        for act in left_open(backend, journal):
            await all_of(resume(backend, act))
        assert found(backend, "web2").node == node
        assert not list(left_open(backend, journal))
