"""A cluster whose Pacemaker is too old to foresee: looked at like any other, and not changed."""

from __future__ import annotations

import json

import pytest

from backends.clusters.simulated import SimulatedBackend
from cli.conftest import Vmferry
from cli.scene import copying, wrote

REASON = "Pacemaker 2.0.5 is there, and what a change would do can be foreseen only from 2.1.0 on"


def old(release: str = "2.0.5-ba59be7122") -> SimulatedBackend:
    """`web1` on its way from alpha to bravo, told by somebody else."""
    backend = copying()
    backend.world.state.release = release
    return backend


@pytest.mark.parametrize(
    "words",
    [
        ("preview", "build-7", "bravo"),
        ("migrate", "build-7", "bravo", "--yes"),
        ("abort", "web1", "--yes"),
        ("evacuate", "charlie", "--yes"),
    ],
    ids=lambda words: words[0],
)
def test_what_would_change_it_says_which_release_it_takes(
    vmferry: Vmferry, words: tuple[str, ...]
) -> None:
    backend = old()
    ended = vmferry(*words, on=backend)
    assert ended.code == 4
    assert REASON in " ".join((ended.out + ended.err).split())
    assert not wrote(backend)


def test_it_is_looked_at_like_any_other_and_so_are_its_migrations(vmferry: Vmferry) -> None:
    ended = vmferry("status", "--json", on=old())
    assert ended.code == 0
    (migration,) = json.loads(ended.out)["migrations"]
    assert (migration["vm"], migration["target"]) == ("web1", "bravo")
    assert migration["percent"] is not None and migration["total_bytes"]


def test_it_is_examined_like_any_other(vmferry: Vmferry) -> None:
    ended = vmferry("doctor", on=old())
    assert ended.code == 0
    assert "legacy-erp: allow-migrate is not set" in ended.out


@pytest.mark.parametrize("release", ["2.1.0-7c3f660707", "2.1.5", "3.0.0", "10.0", "", "unknown"])
def test_a_newer_one_and_one_that_does_not_tell_are_asked(vmferry: Vmferry, release: str) -> None:
    assert REASON not in vmferry("preview", "build-7", "bravo", on=old(release)).out
