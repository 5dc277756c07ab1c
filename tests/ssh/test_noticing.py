"""What changes is on the picture, whatever becomes of the events that tell of it."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator

import pytest

from backends.clusters.live import watch
from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.picture import NodeState
from ssh.conftest import Serve
from ssh.site import Site
from ssh.sshd import Server
from waiting import until

CIB = """<cib admin_epoch="0" epoch="1" num_updates="$updates">
<configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>"""
VERSION = '<cib admin_epoch="0" epoch="1" num_updates="%s"/>'
STATUS = """<pacemaker-result><nodes>
<node name="alpha" id="1" online="true" standby="$standby"/></nodes></pacemaker-result>"""

NEVER = 1 << 30
"""So many looks are never missed."""


def cluster(site: Site, events: str) -> None:
    """Tools of a node whose state lies in a file; `events` is what crm_mon does to tell them."""
    site.program("crm_node", "echo alpha")
    site.program("cibadmin", f". {site.home}/state; cat <<E\n{CIB}\nE")
    site.program(
        "crm_mon",
        f'case "$1" in -i) {events} ;; esac\n. {site.home}/state; cat <<E\n{STATUS}\nE',
    )


def happens(site: Site, updates: int, *, standby: bool) -> None:
    new = site.home / "state.new"
    new.write_text(f"updates={updates} standby={str(standby).lower()}\n")
    new.rename(site.home / "state")


async def shown(backend: LiveBackend, state: NodeState) -> None:
    await until(lambda: backend.picture.nodes[0].state is state, f"alpha is {state}")


@pytest.mark.parametrize(
    "events",
    [
        pytest.param("exit 1", id="dead"),
        pytest.param("exec sleep 1000", id="hanging"),
        pytest.param("cat", id="empty"),
    ],
)
async def test_a_change_is_noticed_without_events(site: Site, alpha: Server, events: str) -> None:
    happens(site, 1, standby=False)
    cluster(site, events)
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        assert [node.state for node in backend.picture.nodes] == [NodeState.ONLINE]
        for updates, state in enumerate((NodeState.STANDBY, NodeState.ONLINE) * 2, start=2):
            happens(site, updates, standby=state is NodeState.STANDBY)
            await shown(backend, state)


async def test_a_change_is_noticed_by_a_stream_that_hangs(
    site: Site, alpha: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Long before it is given up, which in this test is never."""
    monkeypatch.setattr("backends.clusters.live.voice.MOST_MISSED", NEVER)
    happens(site, 1, standby=False)
    cluster(site, "exit 1")
    site.program("sleep", "exec /bin/sleep 1000")
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        for updates, state in enumerate((NodeState.STANDBY, NodeState.ONLINE), start=2):
            happens(site, updates, standby=state is NodeState.STANDBY)
            await shown(backend, state)
            assert backend.picture.stale_pacemaker() is None


@pytest.fixture
def silent_daemon(site: Site) -> Iterator[None]:
    """One by whose counters nothing ever happens."""
    daemon = site.bin / "pacemaker-based"
    shutil.copy("/bin/sleep", daemon)
    with subprocess.Popen([daemon, "1000"]) as process:
        yield
        process.kill()


async def test_words_that_come_slowly_and_are_looked_for_late_are_no_silence(
    site: Site, alpha: Server
) -> None:
    """Each time somebody looks, the last is older than it may be, and yet it is another one."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    site.program("bash", 'exec /bin/sh "$@"')
    site.program("sleep", "exec /bin/sleep 0.48")  # three of them are a beat
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        await until(lambda: listeners(backend) == 1, "somebody listens")
        for _ in range(60):
            time.sleep(0.15)  # noqa: ASYNC251 — the fault itself
            await asyncio.sleep(0.05)
        assert listeners(backend) == 1 and backend.picture.stale_pacemaker() is None


@pytest.fixture
def busy_daemon(site: Site) -> Iterator[None]:
    """One whose counters tell at each look that somebody did something."""
    daemon = site.bin / "pacemaker-based"
    shutil.copy("/bin/sh", daemon)
    works = 'while :; do read -r _ </proc/self/stat; sleep "$0"; done'
    with subprocess.Popen([daemon, "-c", works, "0.1"], start_new_session=True) as process:
        yield
        os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.usefixtures("busy_daemon")
async def test_who_takes_long_for_each_answer_is_not_silent(site: Site, alpha: Server) -> None:
    """At each of the looks between two beats the version is asked for."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    answers = f". {site.home}/state; cat <<E\n{CIB}\nE"
    asked = site.home / "asked"
    site.program(
        "cibadmin",
        f'case "$*" in *--no-children*) echo asked >>{asked}; /bin/sleep 1.5 ;; esac\n{answers}',
    )
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        await until(lambda: asked.exists() and len(asked.read_text().split()) > 14, "it asked")
        assert listeners(backend) == 1


async def test_what_came_while_the_loop_was_held_is_heard_before_silence_is_judged(
    site: Site, alpha: Server
) -> None:
    """So it is after a process was stopped, too."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        await until(lambda: listeners(backend) == 1, "somebody listens")
        time.sleep(6)  # noqa: ASYNC251 — the fault itself
        happens(site, 2, standby=True)
        await shown(backend, NodeState.STANDBY)
        assert backend.picture.stale_pacemaker() is None and listeners(backend) == 1


async def test_an_answer_that_fills_a_thin_line_is_no_silence(site: Site, alpha: Server) -> None:
    """The words of who listens wait behind it; it takes longer than an answer may that is whole."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    site.program("bash", 'exec /bin/sh "$@"')
    site.program("sleep", "exec /bin/sleep 60")  # nobody says a word after the first
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        drops = "for each in $(seq 20); do printf ' '; /bin/sleep 0.6; done"
        answers = f". {site.home}/state; cat <<E\n{STATUS}\nE"
        site.program("crm_mon", f'[ "$1" != -i ] || exec sleep 1000\n{drops}\n{answers}')
        happens(site, 2, standby=True)
        await until(lambda: backend.picture.stale_pacemaker(), "told as old")
        await shown(backend, NodeState.STANDBY)
        assert listeners(backend) == 1 and backend.picture.stale_pacemaker() is None


def listeners(backend: LiveBackend) -> int:
    """How often a node was asked to tell what happens."""
    return sum("vmferry-watch" in sent.command for sent in backend.commands.sent)


@pytest.mark.usefixtures("silent_daemon")
def test_a_change_that_no_counter_tells_is_told_within_four_seconds(site: Site) -> None:
    """Counted in beats of a second, of which there is one whenever three looks were taken."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    with subprocess.Popen(
        watch.COMMAND,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=site.environment,
    ) as stream:
        assert stream.stdin and stream.stdout
        told = next(line for line in stream.stdout if line.startswith("<cib"))
        for updates in range(2, 6):
            happens(site, updates, standby=False)
            beats = 0
            while f'"{updates}"' not in told:
                told = stream.stdout.readline()
                beats += told == "#beat\n"
            assert beats <= 4
        stream.stdin.close()


async def test_what_changes_between_two_looks_of_one_reading_is_not_lost(
    site: Site, alpha: Server
) -> None:
    """The status is told, then all changes, then the CIB answers; nothing tells of it again."""
    happens(site, 1, standby=False)
    cluster(site, "exec sleep 1000")
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        site.program(
            "crm_mon",
            f". {site.home}/state\n"
            f"[ $updates = 3 ] || echo updates=3 standby=true >{site.home}/state\n"
            f"cat <<E\n{STATUS}\nE",
        )
        happens(site, 2, standby=False)
        await shown(backend, NodeState.STANDBY)


async def test_what_is_told_again_while_it_is_read_is_read_once(site: Site, alpha: Server) -> None:
    """As on a slow line, or of many VMs: of five looks at the version at least one tells it."""
    happens(site, 1, standby=False)
    cluster(site, "exec /bin/sleep 1000")
    looks, readings = site.home / "looks", site.home / "readings"
    site.program("sleep", "exec /bin/sleep 0.02")
    site.program(
        "cibadmin",
        f". {site.home}/state\n"
        f"[ $# = 1 ] || {{ echo >>{looks}; printf '{VERSION}' $updates; exit; }}\n"
        f"cat <<E\n{CIB}\nE",
    )
    site.program(
        "crm_mon",
        f"[ $1 = -1 ] || exec /bin/sleep 1000\necho >>{readings}\n. {site.home}/state\n"
        f"until=$(($(wc -l <{looks}) + 5 * (updates - 1)))\n"
        f"while [ $(wc -l <{looks}) -lt $until ]; do sleep; done\ncat <<E\n{STATUS}\nE",
    )
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        happens(site, 2, standby=True)
        await shown(backend, NodeState.STANDBY)
        end = len(looks.read_text()) + 25  # a reading is followed by a rest
        await until(lambda: len(looks.read_text()) >= end, "it had time for another")
        assert len(readings.read_text()) == 2


async def test_the_other_nodes_are_connected_to_before_anything_is_known_of_them(
    site: Site, alpha: Server, serve: Serve
) -> None:
    bravo, charlie = await serve("bravo"), await serve("charlie")
    happens(site, 1, standby=False)
    cluster(site, "cat")
    listed = "printf '1 alpha member\\n2 bravo member\\n3 charlie lost\\n'"
    site.program("crm_node", f'case "$1" in --list) {listed} ;; *) echo alpha ;; esac')
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        await bravo.until(lambda: bravo.logins == 1)
        assert [node.name for node in backend.picture.nodes] == ["alpha"]
        assert backend.picture.voice == "alpha"
    assert (alpha.logins, charlie.attempts) == (1, 0)


async def test_who_only_wants_a_look_has_no_node_listen(site: Site, alpha: Server) -> None:
    """It would cost the node a process that watches, and a version, for nobody."""
    happens(site, 1, standby=False)
    cluster(site, "cat")
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        await backend.settled()
    assert "crm_mon" in sent(backend)
    assert "vmferry-watch" not in sent(backend)


async def test_what_changes_before_anybody_listens_is_not_lost(site: Site, alpha: Server) -> None:
    happens(site, 1, standby=False)
    cluster(site, "cat")
    async with LiveBackend(["alpha"], Login(ssh_config=site.config)) as backend:
        happens(site, 2, standby=True)
        assert "vmferry-watch" not in sent(backend)
        await shown(backend, NodeState.STANDBY)


def sent(backend: LiveBackend) -> str:
    return " ".join(each.command for each in backend.commands.sent)
