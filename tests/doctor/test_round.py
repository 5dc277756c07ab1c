"""One round: every probe answers for itself, whatever the others do."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backends.clusters.command_log import CommandLog
from backends.clusters.ssh.local import LocalHost
from backends.data.examination import Output, Probe
from backends.doctor import round as one_round
from waiting import until


@pytest.fixture
async def host() -> AsyncIterator[LocalHost]:
    host = LocalHost("here", CommandLog())
    yield host
    await host.close()


async def ask(
    host: LocalHost, *probes: Probe, shell: tuple[str, ...] = one_round.COMMAND
) -> dict[str, Output]:
    answer = await host.run(shell, stdin=one_round.script(probes), timeout_s=30)
    return one_round.parse(answer.stdout, probes)


@pytest.mark.parametrize("shell", [("sh", "-s"), ("bash", "-s")], ids=" ".join)
async def test_each_probe_has_its_own_output_and_exit_status(
    host: LocalHost, shell: tuple[str, ...]
) -> None:
    outputs = await ask(
        host,
        Probe("both", "echo out; echo err >&2; exit 3"),
        Probe("like a section", "printf '#vmferry 0 3 0\\nabc'"),
        Probe("bytes", "printf '\\377\\000x'"),
        Probe.of("quoted", "printf", "%s", "it's $HOME; `id`"),
        Probe("no such", "no-such-command"),
        Probe("silent", "true"),
        shell=shell,
    )
    assert outputs["both"] == Output(3, "out\n", "err\n")
    assert outputs["like a section"].stdout == "#vmferry 0 3 0\nabc"
    assert outputs["bytes"].stdout == "\ufffd\0x"
    assert outputs["quoted"].stdout == "it's $HOME; `id`"
    assert outputs["no such"].missing
    assert outputs["silent"] == Output(0)


async def test_a_probe_that_hangs_is_alone_without_an_answer(host: LocalHost) -> None:
    stopped = "p=$PPID; (sleep 45; kill -s CONT $p) & kill -s STOP $p"
    outputs = await ask(
        host,
        Probe("before", "echo 1"),
        Probe("hangs", "sleep 600", limit_s=1),
        Probe("hears no signal", "trap '' TERM; sleep 600 & wait; sleep 600", limit_s=1),
        # As a process that waits for a dead disk: nothing ends it, nor who waits for it.
        Probe("beyond reach", f"{stopped}; sleep 60", limit_s=1),
        Probe("after", "echo 2"),
    )
    assert outputs["before"].stdout == "1\n" and outputs["after"].stdout == "2\n"
    for name in ("hangs", "hears no signal", "beyond reach"):
        assert not outputs[name].answered, name


async def test_endless_output_is_cut_off(host: LocalHost) -> None:
    outputs = await ask(host, Probe("yes", "yes", limit_s=2), Probe("other", "echo there"))
    assert 0 < len(outputs["yes"].stdout) <= 2 * one_round.MOST_BYTES
    assert not outputs["yes"].ok
    assert outputs["other"].stdout == "there\n"


async def test_a_probe_reads_nothing_and_the_language_is_plain(host: LocalHost) -> None:
    outputs = await ask(host, Probe("stdin", "cat"), Probe("language", 'echo "$LC_ALL"'))
    assert outputs["stdin"] == Output(0)
    assert outputs["language"].stdout == "C\n"


async def test_no_file_is_left_behind(host: LocalHost) -> None:
    before = own_directories()
    await ask(host, Probe("one", "echo 1"), Probe("hangs", "sleep 600", limit_s=1))
    since = own_directories() - before
    # Those of others, who ask this machine at the same time, go when they are answered.
    await until(lambda: not since & own_directories(), "nothing of it is left")


def own_directories() -> set[Path]:
    return set(Path("/dev/shm").glob("vmferry.*"))


async def test_hundreds_of_probes_fit(host: LocalHost) -> None:
    probes = [Probe(f"n{n}", f"echo {n} {'x' * 500}", limit_s=20) for n in range(300)]
    outputs = await ask(host, *probes)
    assert [outputs[f"n{n}"].stdout.split()[0] for n in range(300)] == [str(n) for n in range(300)]


@given(st.binary(max_size=200), st.integers(0, 300))
def test_an_answer_that_is_cut_off_or_damaged_yields_what_is_whole(
    damage: bytes, length: int
) -> None:
    probes = [Probe("a", ""), Probe("b", "")]
    whole = b"#vmferry 0 2 1\nokx#vmferry 7 0 3\nerr"
    outputs = one_round.parse(whole[:length] + damage, probes)
    if length >= 18:
        assert outputs["a"] == Output(0, "ok", "x")
    assert set(outputs) <= {"a", "b"}
