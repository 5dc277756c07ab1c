"""What changes is on the picture, whatever becomes of the events that tell of it."""

from __future__ import annotations

import pytest

from backends.clusters.live.backend import LiveBackend
from backends.clusters.ssh import Login
from backends.data.picture import NodeState
from ssh.site import Site
from ssh.sshd import Server
from waiting import until

CIB = """<cib admin_epoch="0" epoch="1" num_updates="$updates">
<configuration><crm_config/><nodes/><resources/><constraints/></configuration><status/></cib>"""
STATUS = """<pacemaker-result><nodes>
<node name="alpha" id="1" online="true" standby="$standby"/></nodes></pacemaker-result>"""


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
